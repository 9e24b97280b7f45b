// SPDX-License-Identifier: Apache-2.0
#include "core/config/topic_config.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mq::core {
namespace {

constexpr std::int64_t int_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t long_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t long_min = std::numeric_limits<std::int64_t>::min();

using enum ConfigType;

// clang-format off
constexpr auto keys = std::to_array<TopicConfigKey>({
    {"cleanup.policy", list, "delete", "compact,delete", 0, 0, "log.cleanup.policy", true,
     "What happens to old records: delete by age and size, compact to the newest record of each key, both, or, when empty, neither."},
    {"compression.gzip.level", int32, "-1", "", -1, 9, "compression.gzip.level", true,
     "Level when the broker compresses with gzip: 1 to 9, or -1 for the codec's own default."},
    {"compression.lz4.level", int32, "9", "", 1, 17, "compression.lz4.level", true,
     "Level when the broker compresses with lz4."},
    {"compression.type", string, "producer", "uncompressed,zstd,lz4,snappy,gzip,producer", 0, 0, "compression.type", true,
     "How batches are stored: producer keeps them as they came, anything else makes the broker recompress those that differ."},
    {"compression.zstd.level", int32, "3", "", -131072, 22, "compression.zstd.level", true,
     "Level when the broker compresses with zstd."},
    {"delete.retention.ms", int64, "86400000", "", 0, long_max, "log.cleaner.delete.retention.ms", true,
     "How long compaction leaves the tombstone of a deleted key for consumers that start from the beginning."},
    {"file.delete.delay.ms", int64, "60000", "", 0, long_max, "log.segment.delete.delay.ms", false,
     "How long removed files stay. Segments are shared between topics here."},
    {"flush.messages", int64, "9223372036854775807", "", 1, long_max, "log.flush.interval.messages", false,
     "Records between two flushes of a log. The broker's storage.flush decides for all topics."},
    {"flush.ms", int64, "9223372036854775807", "", 0, long_max, "log.flush.interval.ms,log.flush.scheduler.interval.ms", false,
     "Time between two flushes of a log. The broker's storage.flush decides for all topics."},
    {"follower.replication.throttled.replicas", list, "", "", 0, 0, "", false,
     "Replicas whose catching up is throttled, as partition:broker pairs, or * for all."},
    {"index.interval.bytes", int32, "4096", "", 0, int_max, "log.index.interval.bytes", false,
     "Distance between two entries of an offset index."},
    {"leader.replication.throttled.replicas", list, "", "", 0, 0, "", false,
     "Replicas whose reading from the leader is throttled, as partition:broker pairs, or * for all."},
    {"local.retention.bytes", int64, "-2", "", -2, long_max, "log.local.retention.bytes", false,
     "Size kept on local disks when a topic is tiered; -2 means retention.bytes."},
    {"local.retention.ms", int64, "-2", "", -2, long_max, "log.local.retention.ms", false,
     "Time kept on local disks when a topic is tiered; -2 means retention.ms."},
    {"max.compaction.lag.ms", int64, "9223372036854775807", "", 1, long_max, "log.cleaner.max.compaction.lag.ms", true,
     "How long a record may stay without having been looked at by compaction."},
    {"max.message.bytes", int32, "1048588", "", 0, int_max, "message.max.bytes", true,
     "Largest batch of records that is accepted, as compressed and with its head."},
    {"message.timestamp.after.max.ms", int64, "3600000", "", 0, long_max, "log.message.timestamp.after.max.ms", true,
     "How far a record's timestamp may be ahead of the broker's clock; applies to CreateTime."},
    {"message.timestamp.before.max.ms", int64, "9223372036854775807", "", 0, long_max, "log.message.timestamp.before.max.ms", true,
     "How far a record's timestamp may be behind the broker's clock; applies to CreateTime."},
    {"message.timestamp.type", string, "CreateTime", "CreateTime,LogAppendTime", 0, 0, "log.message.timestamp.type", true,
     "Whether the timestamp of a record is the producer's or the time at which the broker appended it."},
    {"min.cleanable.dirty.ratio", real, "0.5", "", 0, 1, "log.cleaner.min.cleanable.ratio", true,
     "Share of a log that must be new before compaction looks at it again."},
    {"min.compaction.lag.ms", int64, "0", "", 0, long_max, "log.cleaner.min.compaction.lag.ms", true,
     "How long a record stays before compaction may remove it."},
    {"min.insync.replicas", int32, "1", "", 1, int_max, "min.insync.replicas", true,
     "Replicas that must be in sync for a write with acks=all to be accepted; never more than a partition has."},
    {"preallocate", boolean, "false", "", 0, 0, "log.preallocate", false,
     "Whether a segment's file gets its full size when it is made. Journal segments always do."},
    {"remote.log.copy.disable", boolean, "false", "", 0, 0, "", false,
     "Whether a tiered topic stops copying to remote storage."},
    {"remote.log.delete.on.disable", boolean, "false", "", 0, 0, "", false,
     "Whether remote data is deleted when tiering is switched off."},
    {"remote.storage.enable", boolean, "false", "false", 0, 0, "", false,
     "Whether the topic is tiered to remote storage, of which there is none."},
    {"retention.bytes", int64, "-1", "", long_min, long_max, "log.retention.bytes", true,
     "Size up to which each partition is kept when cleanup.policy has delete; -1 is no limit."},
    {"retention.ms", int64, "604800000", "", -1, long_max, "log.retention.ms,log.retention.minutes,log.retention.hours", true,
     "Time for which records are kept when cleanup.policy has delete; -1 is for ever."},
    {"segment.bytes", int32, "1073741824", "", 14, int_max, "log.segment.bytes", false,
     "Size of a segment file. Segments are shared between topics here."},
    {"segment.index.bytes", int32, "10485760", "", 4, int_max, "log.index.size.max.bytes", false,
     "Size of the file that maps offsets to positions."},
    {"segment.jitter.ms", int64, "0", "", 0, long_max, "log.roll.jitter.ms,log.roll.jitter.hours", false,
     "Random time taken off segment.ms, so that segments are not all rolled at once."},
    {"segment.ms", int64, "604800000", "", 1, long_max, "log.roll.ms,log.roll.hours", true,
     "How long records of a compacted topic may wait in a segment that is not full. Segments are shared between topics here."},
    {"unclean.leader.election.enable", boolean, "false", "", 0, 0, "unclean.leader.election.enable", true,
     "Whether a replica that is not in sync becomes leader when no other is left: what it lacks is lost."},
});
// clang-format on

constexpr bool is_number(ConfigType type) {
  return type == int32 || type == int64 || type == int16 || type == real;
}

bool is_choice(const TopicConfigKey& key, std::string_view word) {
  const auto choices = split(key.choices, ',');
  return std::find(choices.begin(), choices.end(), word) != choices.end();
}

bool is_throttled_replica(std::string_view text) {
  const auto parts = split(text, ':');
  return parts.size() == 2 && parse_integer(parts[0], 0) && parse_integer(parts[1], 0);
}

std::int64_t number_of(std::string_view valid) {
  return *parse_integer(valid);
}

bool no_limit_is_minus_one(const TopicConfigKey& key) {
  return key.min <= -1;
}

std::optional<std::string> why_not_list(const TopicConfigKey& key, std::string_view value) {
  for (const std::string_view item : split(value, ',')) {
    if (!key.choices.empty() && !is_choice(key, item))
      return quote(item) + " is none of " + std::string(key.choices);
    if (key.choices.empty() && trim(value) != "*" && !is_throttled_replica(item))
      return quote(item) + " is neither * nor a pair such as 0:1 (partition:broker)";
  }
  return std::nullopt;
}

std::optional<std::string> why_not(const TopicConfigKey& key, std::string_view value) {
  if (key.type == real) {
    const auto parsed = parse_real(value, static_cast<double>(key.min), static_cast<double>(key.max));
    return parsed ? std::nullopt : std::optional(parsed.error().why);
  }
  if (is_number(key.type)) {
    const auto parsed = parse_integer(value, key.min, key.max);
    if (!parsed) return parsed.error().why;
    if (key.name == "compression.gzip.level" && *parsed == 0)
      return quote(value) + " is neither -1 nor 1 to 9";
    return std::nullopt;
  }
  if (key.type == boolean) {
    std::string word(trim(value));
    for (char& c : word) c = static_cast<char>(c | 0x20);
    if (word != "true" && word != "false") return quote(value) + " is neither true nor false";
    if (key.choices.empty() || is_choice(key, word)) return std::nullopt;
    return quote(value) + " is not possible here: " + std::string(key.documentation);
  }
  if (key.type == list) return why_not_list(key, value);
  if (is_choice(key, trim(value))) return std::nullopt;
  return quote(value) + " is none of " + std::string(key.choices);
}

}  // namespace

std::span<const TopicConfigKey> topic_config_keys() {
  return keys;
}

const TopicConfigKey* find_topic_config(std::string_view name) {
  const auto all = topic_config_keys();
  const auto at =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const TopicConfigKey& key, std::string_view n) { return key.name < n; });
  return at != all.end() && at->name == name ? &*at : nullptr;
}

std::string_view suggest_topic_config(std::string_view name) {
  std::vector<std::string_view> names;
  for (const TopicConfigKey& key : topic_config_keys()) {
    const auto synonyms = split(key.synonyms, ',');
    if (std::find(synonyms.begin(), synonyms.end(), name) != synonyms.end()) return key.name;
    names.push_back(key.name);
  }
  return closest(name, names);
}

std::string documentation_of(const TopicConfigKey& key) {
  return std::string(key.effective ? "" : no_effect) + std::string(key.documentation);
}

std::optional<std::string> validate(const TopicConfigKey& key, std::string_view value) {
  const auto why = why_not(key, value);
  if (!why) return std::nullopt;
  return "Invalid value for " + std::string(key.name) + ": " + *why;
}

Parsed<std::string> to_wire(const TopicConfigKey& key, std::string_view human) {
  std::string wire(trim(human));
  const bool plain = parse_integer(wire).has_value();
  if (key.type == boolean) {
    const auto yes = parse_bool(wire);
    if (!yes) return yes.error();
    wire = *yes ? "true" : "false";
  } else if (!plain && wire == "inf" && (key.name.ends_with(".ms") || key.name.ends_with(".bytes"))) {
    wire = std::to_string(no_limit_is_minus_one(key) ? -1 : key.max);
  } else if (!plain && key.name.ends_with(".ms")) {
    const auto duration = parse_duration(wire);
    if (!duration) return duration.error();
    wire = std::to_string(duration->count());
  } else if (!plain && key.name.ends_with(".bytes")) {
    const auto size = parse_size(wire);
    if (!size) return size.error();
    wire = std::to_string(*size);
  }
  if (const auto why = why_not(key, wire)) return Wrong{*why};
  return {boost::system::in_place_value, std::move(wire)};
}

std::string to_human(const TopicConfigKey& key, std::string_view wire) {
  const bool time = key.name.ends_with(".ms");
  const auto number = parse_integer(wire);
  if (!number || (!time && !key.name.ends_with(".bytes"))) return std::string(wire);
  if (*number == -1 && no_limit_is_minus_one(key)) return "inf";
  if (*number == long_max && !no_limit_is_minus_one(key)) return "inf";
  if (*number < 0) return std::string(wire);
  return time ? format_duration(Milliseconds(*number)) : format_size(static_cast<std::uint64_t>(*number));
}

namespace {

std::string join(const std::vector<std::string_view>& items) {
  std::string text;
  for (const std::string_view item : items) text += (text.empty() ? "" : ",") + std::string(item);
  return text;
}

}  // namespace

std::string list_append(std::string_view current, std::string_view values) {
  auto items = split(current, ',');
  for (const std::string_view value : split(values, ','))
    if (std::find(items.begin(), items.end(), value) == items.end()) items.push_back(value);
  return join(items);
}

std::string list_subtract(std::string_view current, std::string_view values) {
  auto items = split(current, ',');
  for (const std::string_view value : split(values, ',')) std::erase(items, value);
  return join(items);
}

ConfigEntry describe_topic_config(const TopicConfigKey& key, const ConfigMap& overrides,
                                  const TopicDefaults& defaults) {
  ConfigEntry entry;
  entry.name = key.name;
  entry.type = key.type;
  entry.documentation = documentation_of(key);

  const auto synonyms = split(key.synonyms, ',');
  const auto look = [&](const ConfigMap& values, std::string_view name, ConfigSource source) {
    if (const auto found = values.find(key.name); found != values.end())
      entry.synonyms.push_back({std::string(name), found->second, source});
  };
  const std::string_view broker_name = synonyms.empty() ? key.name : synonyms.front();
  look(overrides, key.name, ConfigSource::topic);
  look(defaults.broker, broker_name, ConfigSource::dynamic_broker);
  look(defaults.cluster, broker_name, ConfigSource::dynamic_default);
  look(defaults.file, broker_name, ConfigSource::static_broker);

  entry.source = entry.synonyms.empty() ? ConfigSource::default_value : entry.synonyms.front().source;
  entry.value = entry.synonyms.empty() ? std::string(key.default_value) : entry.synonyms.front().value;
  if (synonyms.empty()) return entry;

  // Kafka's defaults of times that can be given in hours stand under the name that ends in hours.
  ConfigSynonym fallback{std::string(broker_name), std::string(key.default_value),
                         ConfigSource::default_value};
  if (synonyms.back().ends_with(".hours")) {
    fallback.name = synonyms.back();
    fallback.value = std::to_string(number_of(key.default_value) / 3'600'000);
  }
  entry.synonyms.push_back(std::move(fallback));
  return entry;
}

namespace {

bool is_said(std::string_view name, const ConfigMap& overrides, const TopicDefaults& defaults) {
  const std::array all{&overrides, &defaults.broker, &defaults.cluster, &defaults.file};
  return std::ranges::any_of(all, [&](const ConfigMap* values) {
    const auto found = values->find(name);
    return found != values->end() && !why_not(*find_topic_config(name), found->second);
  });
}

// The effective value of a key, always one that is valid.
std::string_view effective(std::string_view name, const ConfigMap& overrides, const TopicDefaults& defaults) {
  const TopicConfigKey& key = *find_topic_config(name);
  for (const ConfigMap* values : {&overrides, &defaults.broker, &defaults.cluster, &defaults.file}) {
    const auto found = values->find(name);
    if (found != values->end() && !why_not(key, found->second)) return trim(found->second);
  }
  return key.default_value;
}

CompressionType compression_named(std::string_view name) {
  using enum CompressionType;
  if (name == "gzip") return gzip;
  if (name == "snappy") return snappy;
  if (name == "lz4") return lz4;
  if (name == "zstd") return zstd;
  return name == "uncompressed" ? uncompressed : producer;
}

}  // namespace

std::int32_t insync_replicas_min(const TopicConfig& config, std::int32_t replicas) {
  return config.insync_replicas_min > 0 ? config.insync_replicas_min : (replicas + 1) / 2;
}

TopicConfig TopicConfig::from(const ConfigMap& overrides, const TopicDefaults& defaults) {
  const auto text = [&](std::string_view name) { return effective(name, overrides, defaults); };
  const auto number = [&](std::string_view name) { return number_of(text(name)); };
  const auto number32 = [&](std::string_view name) { return static_cast<std::int32_t>(number(name)); };
  const auto policies = split(text("cleanup.policy"), ',');
  const auto has = [&](std::string_view p) {
    return std::find(policies.begin(), policies.end(), p) != policies.end();
  };

  TopicConfig config;
  config.retention_ms = number("retention.ms");
  config.retention_bytes = std::max<std::int64_t>(number("retention.bytes"), -1);
  config.compacts = has("compact");
  config.deletes = has("delete");
  config.message_bytes_max = number32("max.message.bytes");
  if (is_said("min.insync.replicas", overrides, defaults))
    config.insync_replicas_min = number32("min.insync.replicas");
  config.compression = compression_named(text("compression.type"));
  if (config.compression == CompressionType::gzip)
    config.compression_level = number32("compression.gzip.level");
  if (config.compression == CompressionType::lz4)
    config.compression_level = number32("compression.lz4.level");
  if (config.compression == CompressionType::zstd)
    config.compression_level = number32("compression.zstd.level");
  config.timestamp_type = text("message.timestamp.type") == "LogAppendTime" ? TimestampType::log_append_time
                                                                            : TimestampType::create_time;
  config.timestamp_before_ms_max = number("message.timestamp.before.max.ms");
  config.timestamp_after_ms_max = number("message.timestamp.after.max.ms");
  config.delete_retention_ms = number("delete.retention.ms");
  config.segment_ms = number("segment.ms");
  config.compaction_lag_ms_min = number("min.compaction.lag.ms");
  config.compaction_lag_ms_max = number("max.compaction.lag.ms");
  config.cleanable_dirty_ratio_min = *parse_real(text("min.cleanable.dirty.ratio"), 0, 1);
  config.unclean_leader_election = *parse_bool(text("unclean.leader.election.enable"));
  return config;
}

}  // namespace mq::core
