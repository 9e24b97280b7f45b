// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request's frame, the way a dispatcher reads it: header, then the message of that key. And as
// an answer's frame, the way a client does.
#include <cstdlib>
#include <sstream>

#include "net/kafka/header.h"
#include "net/kafka/messages/every.h"
#include "net/kafka/print.h"

namespace {

using namespace mq::kafka;

template <Message M>
void read(std::int16_t key, Version version, mq::net::Bytes body) {
  if (Describe<M>::key != key || !Describe<M>::valid.has(version)) return;
  const auto message = decode<M>(body, version);
  if (!message) return;
  std::ostringstream text;
  print(text, *message);
  if (text.str().find('\n') != std::string::npos) std::abort();
}

template <Message... M>
void read_any(Messages<M...>, std::int16_t key, Version version, mq::net::Bytes body) {
  (read<M>(key, version, body), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto frame = std::as_bytes(std::span(data, size));
  const auto header = parse_request_header(frame);
  if (!header) return 0;
  if (header->body_at > frame.size()) std::abort();
  read_any(EveryMessage{}, header->api_key, header->api_version, frame.subspan(header->body_at));

  const auto answer = parse_response_header(frame, header->api_key, header->api_version);
  if (answer && answer->body_at > frame.size()) std::abort();
  return 0;
}
