// SPDX-License-Identifier: Apache-2.0
#include "core/admin/partition_names.h"

namespace mq::admin {

std::string name_of(const core::TopicPartition& partition) {
  return partition.topic + "[" + std::to_string(partition.partition) + "]";
}

std::string spans(const std::vector<core::TopicPartition>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < partitions.size();) {
    const std::string& topic = partitions[i].topic;
    text += (text.empty() ? "" : " ") + topic + "[";
    for (bool first = true; i < partitions.size() && partitions[i].topic == topic; first = false) {
      const std::int32_t from = partitions[i].partition;
      std::int32_t to = from;
      for (i++; i < partitions.size() && partitions[i].topic == topic && partitions[i].partition == to + 1;
           i++)
        to++;
      text += (first ? "" : ",") + std::to_string(from) + (to > from ? "-" + std::to_string(to) : "");
    }
    text += "]";
  }
  return text;
}

}  // namespace mq::admin
