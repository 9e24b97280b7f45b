// SPDX-License-Identifier: Apache-2.0
// What core keeps in meta: keys and JSON values, described once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop/clock.h"

namespace mq::core {

inline constexpr std::string_view topic_key_prefix = "core/topic/";  // + name → TopicRecord
// + kind (broker, cluster, group) + "/" + Kafka's name, of a group + "/" + its id → value, set at run time
inline constexpr std::string_view config_key_prefix = "core/config/";
inline constexpr std::string_view node_key = "core/node";  // a copy of node.json
inline constexpr std::string_view producer_id_key =
    "core/producer_id";  // → the first id not handed to a block yet

struct TopicRecord {
  std::string id;  // as tools write it
  std::vector<PartitionNumber> partitions;
  std::map<std::string, std::string, std::less<>> configs;
};

std::string to_json(const TopicRecord& record);
Result<TopicRecord> parse_topic(std::string_view json);  // `corrupt` when it is not one

Uuid random_uuid(const Clock& clock);  // its text never begins with '-', which tools would take for a flag

}  // namespace mq::core
