// SPDX-License-Identifier: Apache-2.0
// Encodes, sizes and decodes any described message. Pure functions, any thread.
//
// Decoding promises: memory bounded by the size of the frame (wire::Reader), no view into the frame but
// Records, an error instead of a value when a byte is missing or a count lies. Bytes after the message are
// tolerated, as Kafka tolerates them.
//
// Compiled once for each message, in the .cc beside its header; codec_definitions.h has what is compiled.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

// How long a message takes, in elements of its arrays (or 512 bytes of text each): who may not take long
// names the most, and hears of more before it has cost more.
inline constexpr std::size_t any_effort = SIZE_MAX;

template <Message M>
struct MessageCodec {
  // The size of the message alone, without length and header.
  static std::size_t size(const M& m, Version v);
  // The message alone. Pieces in Records must be memory: this is for tests and for what stays in this
  // process.
  static Bytes encode(const M& m, Version v);
  // A whole response: length, header, message. ApiVersions never has tags in its header: its reader may not
  // know yet which versions we speak. Empty: it takes more than `effort_max`.
  static net::Pieces encode_frame(std::int32_t correlation_id, const M& m, Version v, std::size_t effort_max);
  // A whole request: length, header, message.
  static net::Pieces encode_request(std::int32_t correlation_id, const std::optional<std::string>& client_id,
                                    const M& m, Version v);
  // `body`: a frame behind its header. Records in the message are views into it. bad_message, or
  // value_too_large: it takes more than `effort_max`.
  static net::Result<M> decode(net::Bytes body, Version v, std::size_t effort_max);
};

template <Message M>
std::size_t size(const M& m, Version v) {
  return MessageCodec<M>::size(m, v);
}
template <Message M>
Bytes encode(const M& m, Version v) {
  return MessageCodec<M>::encode(m, v);
}
template <Message M>
net::Pieces encode_frame(std::int32_t correlation_id, const M& m, Version v,
                         std::size_t effort_max = any_effort) {
  return MessageCodec<M>::encode_frame(correlation_id, m, v, effort_max);
}
template <Message M>
net::Pieces encode_request(std::int32_t correlation_id, const std::optional<std::string>& client_id,
                           const M& m, Version v) {
  return MessageCodec<M>::encode_request(correlation_id, client_id, m, v);
}
template <Message M>
net::Result<M> decode(net::Bytes body, Version v, std::size_t effort_max = any_effort) {
  return MessageCodec<M>::decode(body, v, effort_max);
}

}  // namespace mq::kafka
