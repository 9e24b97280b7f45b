// SPDX-License-Identifier: Apache-2.0
// The configs a topic can have, under Kafka's names: one table with type, default, valid values, broker
// synonyms and documentation, and what the broker needs of them, parsed. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/scalars.h"

namespace mq::core {

using ConfigMap = std::map<std::string, std::string, std::less<>>;  // names and values as on the wire

// Numbers of DescribeConfigs.
enum class ConfigType : std::int8_t {
  unknown = 0,
  boolean = 1,
  string = 2,
  int32 = 3,
  int16 = 4,
  int64 = 5,
  real = 6,
  list = 7,
  class_name = 8,
  password = 9
};
enum class ConfigSource : std::int8_t {
  unknown = 0,
  topic = 1,
  dynamic_broker = 2,
  dynamic_default = 3,
  static_broker = 4,
  default_value = 5,
  broker_logger = 6,
  client_metrics = 7,
  group = 8
};

struct TopicConfigKey {
  std::string_view name;
  ConfigType type;
  std::string_view default_value;
  std::string_view choices;   // not of numbers: the values allowed, separated by commas; empty: any
  std::int64_t min, max;      // numbers
  std::string_view synonyms;  // broker configs with this meaning, first = the one to show and the dynamic one
  bool effective;             // false: stored and answered, without effect in mq
  std::string_view documentation;
};

std::span<const TopicConfigKey> topic_config_keys();             // by name
const TopicConfigKey* find_topic_config(std::string_view name);  // null: unknown
std::string_view suggest_topic_config(std::string_view name);    // the name probably meant; empty: none

// What stands before the documentation of everything that is taken and shown, and changes nothing.
inline constexpr std::string_view no_effect = "(no effect in mq) ";
std::string documentation_of(const TopicConfigKey& key);

// What is wrong with `value` (a wire value; blanks around it do not matter), naming key and value; nothing
// when valid.
std::optional<std::string> validate(const TopicConfigKey& key, std::string_view value);

// People's writing → wire value, validated: retention.ms=7d → 604800000, max.message.bytes=2M → 2097152, inf
// → -1 where that means no limit. Plain numbers pass as they are.
Parsed<std::string> to_wire(const TopicConfigKey& key, std::string_view human);
std::string to_human(const TopicConfigKey& key, std::string_view wire);  // 604800000 → 7d; else as it is

// IncrementalAlterConfigs, lists only: `current` with `values` appended (those not there yet) or taken away.
std::string list_append(std::string_view current, std::string_view values);
std::string list_subtract(std::string_view current, std::string_view values);

// What a topic gets where it says nothing itself, by topic config name, strongest first.
struct TopicDefaults {
  ConfigMap broker;   // altered for this broker
  ConfigMap cluster;  // altered for all brokers
  ConfigMap file;     // topic_defaults: of mq.yaml
};

// One value that was found for a config; the first in a list of these is the effective one.
struct ConfigSynonym {
  std::string name;
  std::string value;
  ConfigSource source;
};

// One row of a DescribeConfigs answer.
struct ConfigEntry {
  std::string name;
  std::optional<std::string> value;
  bool read_only = false;
  bool sensitive = false;
  ConfigSource source = ConfigSource::default_value;
  ConfigType type = ConfigType::string;
  std::vector<ConfigSynonym> synonyms;
  std::string documentation;
};

ConfigEntry describe_topic_config(const TopicConfigKey& key, const ConfigMap& overrides,
                                  const TopicDefaults& defaults);

// The codec a topic wants on disk; numbers as in a batch's attributes.
enum class CompressionType : std::int8_t {
  producer = -1,
  uncompressed = 0,
  gzip = 1,
  snappy = 2,
  lz4 = 3,
  zstd = 4
};
enum class TimestampType : std::int8_t { create_time = 0, log_append_time = 1 };

// A topic's effective configs, parsed once: what the hot path and the cleaners look at. A value that does not
// parse (written by another version) counts as the default.
struct TopicConfig {
  std::int64_t retention_ms = 604'800'000;  // -1: for ever
  std::int64_t retention_bytes = -1;        // of a partition; -1: no limit
  bool compacts = false;                    // cleanup.policy; neither: everything is kept
  bool deletes = true;
  std::int32_t message_bytes_max = 1'048'588;  // a batch with its head
  std::int32_t insync_replicas_min = 0;        // 0: nobody has said it
  CompressionType compression = CompressionType::producer;
  std::int32_t compression_level = 0;  // of `compression`; meaningless for the codecs without levels
  TimestampType timestamp_type = TimestampType::create_time;
  std::int64_t timestamp_before_ms_max = std::numeric_limits<std::int64_t>::max();
  std::int64_t timestamp_after_ms_max = 3'600'000;
  std::int64_t delete_retention_ms = 86'400'000;  // how long compaction leaves a tombstone
  std::int64_t segment_ms = 604'800'000;  // for how long records may wait for compaction in an open segment
  std::int64_t compaction_lag_ms_min = 0;
  std::int64_t compaction_lag_ms_max = std::numeric_limits<std::int64_t>::max();
  double cleanable_dirty_ratio_min = 0.5;
  bool unclean_leader_election = false;

  static TopicConfig from(const ConfigMap& overrides, const TopicDefaults& defaults);
  bool operator==(const TopicConfig&) const = default;
};

// How many of a partition's replicas must be in sync for acks=all: what was said, or else the larger half of
// them.
std::int32_t insync_replicas_min(const TopicConfig& config, std::int32_t replicas);

}  // namespace mq::core
