// SPDX-License-Identifier: Apache-2.0
// Any bytes as any message in any version: what decodes encodes to something that decodes to the same, and
// the size that was counted is the size that was written. Input: key of the message (its high bit: the
// response), version, body; so a seed keeps its meaning when messages are added.
#include <cstdlib>

#include "net/kafka/messages/every.h"
#include "net/kafka/print.h"

namespace {

using namespace mq::kafka;

template <Message M>
void round_trip(mq::net::Bytes body, std::uint8_t pick) {
  constexpr Versions valid = Describe<M>::valid;
  const auto v = static_cast<Version>(valid.first + pick % (valid.last - valid.first + 1));
  const auto message = decode<M>(body, v);
  if (!message) return;
  const Bytes bytes = encode(*message, v);
  if (bytes.size() != size(*message, v)) std::abort();
  const auto again = decode<M>(bytes, v);
  if (!again || encode(*again, v) != bytes) std::abort();
}

template <Message M>
constexpr std::uint8_t which_of = Describe<M>::key | (Describe<M>::name.ends_with("Response") ? 0x80 : 0);

template <Message... M>
void dispatch(Messages<M...>, std::uint8_t which, mq::net::Bytes body, std::uint8_t pick) {
  ((which_of<M> == which ? round_trip<M>(body, pick) : void()), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto body = std::as_bytes(std::span(data, size)).subspan(2);
  dispatch(EveryMessage{}, data[0], body, data[1]);
  return 0;
}
