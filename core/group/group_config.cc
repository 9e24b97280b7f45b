// SPDX-License-Identifier: Apache-2.0
#include "core/group/group_config.h"

#include <algorithm>
#include <array>

namespace mq::core {

namespace {

struct ConfigRow {
  TopicConfigKey key;  // the same columns
  std::string_view setting;
  Milliseconds Config::*of_broker;
  std::chrono::milliseconds ConsumerLimits::*limit;
};

using enum ConfigType;

// clang-format off
constexpr auto rows = std::to_array<ConfigRow>({
    {{"consumer.heartbeat.interval.ms", int32, "5000", "", 100, 3'600'000, "group.consumer.heartbeat.interval.ms", true,
      "Time between two heartbeats that members of the group are asked for."},
     "groups.consumer_heartbeat_interval", &Config::consumer_heartbeat_interval, &ConsumerLimits::heartbeat_interval},
    {{"consumer.session.timeout.ms", int32, "45000", "", 1'000, 86'400'000, "group.consumer.session.timeout.ms", true,
      "Time without a heartbeat after which a member of the group is removed."},
     "groups.consumer_session_timeout", &Config::consumer_session_timeout, &ConsumerLimits::session_timeout},
});
// clang-format on

const ConfigRow* find(std::string_view name) {
  const auto found = std::ranges::find_if(rows, [&](const ConfigRow& row) { return row.key.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::vector<ConfigEntry> describe_group(const Config& config, const ConfigMap& own) {
  std::vector<ConfigEntry> entries;
  for (const ConfigRow& row : rows) {
    TopicDefaults broker;
    if (config.is_set(row.setting))
      broker.file[std::string(row.key.name)] = std::to_string((config.*row.of_broker).count());
    ConfigEntry& entry = entries.emplace_back(describe_topic_config(row.key, own, broker));
    for (ConfigSynonym& synonym : entry.synonyms)
      if (synonym.source == ConfigSource::topic) synonym.source = ConfigSource::group;
    entry.source = entry.synonyms.front().source;
  }
  return entries;
}

bool is_group_config(std::string_view name) {
  return find(name) != nullptr;
}

std::optional<std::string> validate_group_config(std::string_view name, std::string_view value) {
  const ConfigRow* row = find(name);
  if (!row) return "Unknown group config " + std::string(name.substr(0, 200));
  return validate(row->key, value);
}

ConsumerLimits consumer_limits_of(const Config& config, const ConfigMap& own) {
  ConsumerLimits limits;
  limits.members_max = config.consumer_group_members_max;
  for (const ConfigRow& row : rows) {
    limits.*row.limit = config.*row.of_broker;
    const auto value = own.find(row.key.name);
    if (value == own.end()) continue;
    if (const auto number = parse_integer(value->second)) limits.*row.limit = Milliseconds(*number);
  }
  return limits;
}

}  // namespace mq::core
