// SPDX-License-Identifier: Apache-2.0
// What lies in the metadata store, and what core keeps in meta for this directory alone: keys and JSON
// values, described once. Every value says the version of its form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/topic_config.h"
#include "core/loop/clock.h"

namespace mq::core {

// ---- in the metadata store
inline constexpr std::string_view topic_entries = "topics/";           // + name → TopicEntry
inline constexpr std::string_view config_entries = "config/";          // + kind + "/" + name → ConfigMap
inline constexpr std::string_view producer_id_entry = "ids/producer";  // → the first of no block yet

std::string topic_key(std::string_view topic);
// Kinds as in config keys: topic, broker, group. The name of all brokers together is `all_brokers`.
inline constexpr std::string_view topic_kind = "topic", broker_kind = "broker", group_kind = "group";
inline constexpr std::string_view all_brokers = "default";
std::string config_key(std::string_view kind, std::string_view name);

// The commit point of a topic: it exists while this does.
struct TopicEntry {
  Uuid id{};
  std::int32_t partitions = 1;
  std::int32_t replication_factor = 1;
  bool operator==(const TopicEntry&) const = default;
};
std::string to_json(const TopicEntry& entry);
Result<TopicEntry> parse_topic(std::string_view json);  // `corrupt` when it is not one
std::string config_to_json(const ConfigMap& config);
Result<ConfigMap> parse_config(std::string_view json);
std::string producer_id_to_json(std::int64_t next);
Result<std::int64_t> parse_producer_id(std::string_view json);

// ---- in meta, of this directory alone
inline constexpr std::string_view replica_rows = "core/replicas/";  // + topic id → numbers by partition
inline constexpr std::string_view stray_rows = "core/strays/";  // + topic id → since when it is nobody's
inline constexpr std::string_view node_key = "core/node";       // a copy of node.json

// Where the partitions of a topic lie in the journal; 0: not here.
std::string replicas_to_json(const std::vector<PartitionNumber>& numbers);
Result<std::vector<PartitionNumber>> parse_replicas(std::string_view json);

std::string stray_to_json(Timestamp since_ms);
Result<Timestamp> parse_stray(std::string_view json);

Uuid random_uuid(const Clock& clock);  // its text never begins with '-', which tools would take for a flag

}  // namespace mq::core
