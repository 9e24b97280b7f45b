// SPDX-License-Identifier: Apache-2.0
// Of rows.h, what is about brokers.
#include "core/admin/rows.h"

namespace mq::admin {

namespace {

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

// Of all directories that tell it.
void add_disk(json::object& row, const BrokerState& broker) {
  if (!broker.dirs) return;
  std::int64_t used = 0;
  std::optional<std::int64_t> total, free;
  for (const LogDir& dir : *broker.dirs) {
    used += dir.used_bytes;
    if (dir.total_bytes) total = total.value_or(0) + *dir.total_bytes;
    if (dir.free_bytes) free = free.value_or(0) + *dir.free_bytes;
  }
  row["used_bytes"] = used;
  if (free) row["free_bytes"] = *free;
  if (total) row["total_bytes"] = *total;
}

}  // namespace

json::object row_of(const BrokerState& broker) {
  json::object row{{"broker", broker.id},
                   {"address", text_or_null(broker.address)},
                   {"rack", text_or_null(broker.rack)},
                   {"state", broker.runs ? "ok" : "down"},
                   {"controller", broker.is_controller},
                   {"leaders", broker.leaders},
                   {"replicas", broker.replicas}};
  add_disk(row, broker);
  return row;
}

json::object details_of(const BrokerState& broker, const std::vector<BrokerSetting>& settings) {
  json::object row = row_of(broker);
  if (broker.dirs) {
    json::array& dirs = row["log_dirs"].emplace_array();
    for (const LogDir& dir : *broker.dirs) dirs.push_back(row_of(dir));
  }
  if (!broker.runs) return row;
  json::array& rows = row["settings"].emplace_array();
  for (const BrokerSetting& setting : settings) rows.push_back(row_of(setting));
  return row;
}

json::object row_of(const LogDir& dir) {
  json::object row{{"directory", dir.path},
                   {"state", dir.writable ? "ok" : "failed"},
                   {"replicas", dir.replicas},
                   {"used_bytes", dir.used_bytes}};
  if (dir.free_bytes) row["free_bytes"] = *dir.free_bytes;
  if (dir.total_bytes) row["total_bytes"] = *dir.total_bytes;
  json::array& topics = row["topics"].emplace_array();
  for (const auto& [topic, bytes] : dir.topics)
    topics.push_back(json::object{{"topic", topic}, {"bytes", bytes}});
  return row;
}

json::object row_of(const BrokerSetting& setting) {
  json::object row{{"key", setting.key}, {"value", nullptr}, {"source", name_of(setting.source)}};
  if (setting.value) row["value"] = *setting.value;
  row["read_only"] = setting.read_only;
  if (!setting.documentation.empty()) row["meaning"] = setting.documentation;
  return row;
}

json::object row_of(const Recovery& recovery) {
  json::object row{{"topic", recovery.partition.topic},
                   {"partition", recovery.partition.partition},
                   {"new_leader", nullptr},
                   {"complete", json::array(recovery.complete.begin(), recovery.complete.end())},
                   {"replicas", json::array(recovery.replicas.begin(), recovery.replicas.end())}};
  if (recovery.next_leader >= 0) row["new_leader"] = recovery.next_leader;
  if (recovery.bytes) row["bytes"] = *recovery.bytes;
  return row;
}

}  // namespace mq::admin
