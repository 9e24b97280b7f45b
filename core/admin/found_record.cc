// SPDX-License-Identifier: Apache-2.0
#include "core/admin/found_record.h"

#include "core/admin/text.h"

namespace mq::admin {

void fill(Record& to, const FoundRecord& found) {
  to.topic = found.partition.topic;
  to.partition = found.partition.partition;
  to.offset = found.record.offset;
  to.timestamp = found.record.timestamp;
  to.log_append = found.head.log_append_time();
  to.key = text_of(found.record.key);
  to.value = text_of(found.record.value);
  to.headers.clear();
  for (const kafka::Header& header : found.record.headers)
    to.headers.push_back({header.key, text_of(header.value)});
  to.leader_epoch = found.head.partition_leader_epoch;
  to.producer_id = found.head.producer_id;
  to.producer_epoch = found.head.producer_epoch;
  const auto delta = static_cast<std::int32_t>(found.record.offset - found.head.base_offset);
  to.sequence = found.head.base_sequence < 0 ? -1 : (found.head.base_sequence + delta) & 0x7fffffff;
  to.attributes = found.head.attributes;
  to.batch_offset = found.head.base_offset;
  to.number = found.number;
  to.log_start = found.fetched.log_start;
  to.high_watermark = found.fetched.high_watermark;
  to.left = found.left;
}

}  // namespace mq::admin
