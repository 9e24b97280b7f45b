// SPDX-License-Identifier: Apache-2.0
// Any bytes as what consumers tell each other through a group, and as the coordinators' records: what decodes
// encodes to something that decodes to the same. Input: number of the structure, bytes.
#include <cstdlib>

#include "net/kafka/records/consumer_group.h"
#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"
#include "net/kafka/records/group_metadata.h"
#include "net/kafka/records/offset_commit.h"
#include "net/kafka/records/transaction_log.h"

namespace {

using namespace mq::kafka;

template <RecordValue V>
void round_trip(mq::net::Bytes bytes) {
  const auto value = decode_value<V>(bytes);
  if (!value) return;
  const Version v = std::min(*first_number(bytes), Describe<V>::valid.last);
  const Bytes written = encode_value(*value, v);
  const auto again = decode_value<V>(written);
  if (!again || encode_value(*again, v) != written) std::abort();
}

template <RecordValue... V>
void dispatch(std::size_t number, mq::net::Bytes bytes) {
  std::size_t at = 0;
  ((at++ == number % sizeof...(V) ? round_trip<V>(bytes) : void()), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  dispatch<ConsumerProtocolSubscription, ConsumerProtocolAssignment, GroupMetadataValue, OffsetCommitValue,
           TransactionLogValue, ConsumerGroupMemberMetadataValue, ConsumerGroupCurrentMemberAssignmentValue>(
      data[0], std::as_bytes(std::span(data, size)).subspan(1));
  return 0;
}
