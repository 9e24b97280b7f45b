// SPDX-License-Identifier: Apache-2.0
#include "core/config/broker_config.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mq::core {
namespace {

using enum ConfigType;

// What becomes of a config that is neither a setting nor the default of a topic config.
enum class Standing {
  kept,      // it is as it is shown
  idle,      // it has no effect
  harmless,  // nor has this, and as in Kafka it can be altered while the broker runs
  dynamic,   // it can be altered while the broker runs, and that has an effect
};
struct Fixed {
  std::string_view name;
  ConfigType type;
  std::string_view value;
  Standing standing;
  std::string_view documentation;
};

using enum Standing;

// clang-format off
constexpr auto fixed = std::to_array<Fixed>({
    {"auto.leader.rebalance.enable", boolean, "true", kept, "Whether leadership goes back to preferred replicas by itself."},
    {"broker.heartbeat.interval.ms", int32, "2000", idle, "Time between two signs of life to the controller."},
    {intent_config, string, "serve", Standing::dynamic, "What is wanted of this broker: serve; drain, it leads only what nobody else can lead; decommission, that, and it gets no new replicas."},
    {"connection.failed.authentication.delay.ms", int32, "100", idle, "Delay before the connection of a client that failed to authenticate is closed."},
    {"connections.max.reauth.ms", int64, "0", idle, "Time after which a client must authenticate again; 0 is never."},
    {"controller.quorum.voters", list, "", kept, "Empty: there is no separate controller quorum."},
    {"default.replication.factor", int32, "1", kept, "Replicas of a topic that is created without a number."},
    {"fetch.max.bytes", int32, "57671680", idle, "Largest answer to a fetch."},
    {"group.consumer.assignors", list, "uniform,range", kept, "Assignors of the consumer group protocol; the first is the default."},
    {"group.coordinator.rebalance.protocols", list, "classic,consumer", kept, "Group protocols that are spoken."},
    {"follower.replication.throttled.rate", int64, "9223372036854775807", harmless, "Bytes a second that a broker takes of replicas that are added to it. Leaders limit what they send instead."},
    {replication_rate_config, int64, "9223372036854775807", Standing::dynamic, "Bytes a second that a broker sends to replicas that are being added to partitions it leads; 0 is none. Others are never slowed down."},
    {"log.cleaner.backoff.ms", int64, "15000", harmless, "Pause of the cleaner when nothing is to be compacted."},
    {"log.cleaner.threads", int32, "1", harmless, "Threads for compaction."},
    {"log.flush.offset.checkpoint.interval.ms", int32, "60000", idle, "Time between two recovery checkpoints."},
    {"max.incremental.fetch.session.cache.slots", int32, "1000", kept, "Fetch sessions that are remembered."},
    {"max.request.partition.size.limit", int32, "2000", kept, "Partitions in one answer to DescribeTopicPartitions."},
    {"num.io.threads", int32, "8", harmless, "Threads for requests."},
    {"num.network.threads", int32, "3", harmless, "Threads for connections."},
    {"num.recovery.threads.per.data.dir", int32, "2", harmless, "Threads for recovery."},
    {"num.replica.fetchers", int32, "1", harmless, "Connections to each leader that is followed."},
    {"offsets.commit.timeout.ms", int32, "5000", idle, "Time for a commit of offsets to become durable."},
    {"offsets.retention.check.interval.ms", int64, "600000", kept, "Time between two looks for offsets that expired."},
    {"offsets.topic.replication.factor", int16, "1", kept, "Replicas of the topic for group offsets."},
    {"process.roles", list, "broker,controller", kept, "What this process does for the cluster."},
    {"queued.max.requests", int32, "500", idle, "Requests that wait. Memory is bounded instead."},
    {"quota.window.num", int32, "11", idle, "Samples in which client quotas are counted."},
    {"quota.window.size.seconds", int32, "1", idle, "Length of such a sample."},
    {"replica.fetch.backoff.ms", int32, "100", kept, "Pause of a follower after a failed fetch."},
    {"replica.fetch.max.bytes", int32, "1048576", kept, "Bytes of one partition in a follower's fetch."},
    {"replica.fetch.min.bytes", int32, "1", kept, "Bytes for which a follower's fetch waits."},
    {"replica.fetch.response.max.bytes", int32, "8388608", kept, "Bytes of all partitions in a follower's fetch."},
    {"replica.fetch.wait.max.ms", int32, "500", kept, "Time for which a follower's fetch waits."},
    {"replica.high.watermark.checkpoint.interval.ms", int64, "5000", idle, "Time between two checkpoints of high watermarks."},
    {"request.timeout.ms", int32, "30000", idle, "Time for a request between brokers."},
    {"sasl.enabled.mechanisms", list, "", kept, "SASL mechanisms that clients may use; empty is none."},
    {"sasl.server.max.receive.size", int32, "524288", idle, "Longest message of an authentication."},
    {"socket.receive.buffer.bytes", int32, "102400", idle, "Receive buffer of a socket. The kernel decides."},
    {"socket.send.buffer.bytes", int32, "102400", idle, "Send buffer of a socket. The kernel decides."},
    {"transaction.abort.timed.out.transaction.cleanup.interval.ms", int32, "10000", idle, "Time between two looks for transactions that ran out of time."},
    {"transaction.partition.verification.enable", boolean, "true", kept, "Whether a write is refused that belongs to no open transaction."},
    {"transaction.state.log.min.isr", int32, "1", idle, "Replicas of the topic for transactions that must be in sync."},
    {"transaction.state.log.replication.factor", int16, "1", kept, "Replicas of the topic for transactions."},
});

// Of configs that are not known, those whose names promise what nobody would keep: they are refused.
struct Promise {
  std::string_view prefix;
  std::string_view why;
};
constexpr auto promises = std::to_array<Promise>({
    {"authorizer.", "there is no authorization"},
    {"client.quota.", "clients have no quotas"},
    {"listener.name.", "listeners are set in mq.yaml"},
    {"max.connection.creation.rate", "connections are limited by their number"},
    {"max.connections.per.ip.overrides", "one limit holds for all addresses"},
    {"principal.builder.", "there is no authentication"},
    {"remote.log.", "there is no tiered storage"},
    {"sasl.", "there is no authentication"},
    {"security.", "there is no authentication"},
    {"ssl.", "there is no TLS"},
    {"super.users", "there is no authorization"},
});

// A config that says something about the settings, as Kafka writes it. `key`: the setting whose origin it has.
struct Derived {
  std::string_view name;
  ConfigType type;
  std::string_view key;
  std::string (*value)(const Config&, std::int32_t node_id);
  std::string_view documentation;
};
// clang-format on

// Kafka's clients expect listener names in capitals.
std::string capitals(std::string_view name) {
  std::string result(name);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

std::string join(const Config& config, std::string (*one)(const Listener&)) {
  std::string text;
  for (const Listener& listener : config.listeners) text += (text.empty() ? "" : ",") + one(listener);
  return text;
}

std::string listen_url(const Listener& l) {
  return capitals(l.name) + "://" + format_address(l.listen);
}
std::string advertised_url(const Listener& l) {
  return capitals(l.name) + "://" + format_address(l.advertise.value_or(l.listen));
}
std::string protocol(const Listener& l) {
  return capitals(l.name) + ":PLAINTEXT";
}

std::string node_id_text(const Config&, std::int32_t node_id) {
  return std::to_string(node_id);
}
std::string data_text(const Config& config, std::int32_t) {
  return config.data.string();
}
std::string rack_text(const Config& config, std::int32_t) {
  return config.rack;
}
std::string yes_no(bool value) {
  return value ? "true" : "false";
}
std::string per_ip_text(const Config& config, std::int32_t) {
  return config.connections_per_ip_max == 0 ? "2147483647" : std::to_string(config.connections_per_ip_max);
}

std::string idle_text(const Config& config, std::int32_t) {
  return config.connection_idle_max.count() == 0 ? "-1" : std::to_string(config.connection_idle_max.count());
}

// clang-format off
const auto derived = std::to_array<Derived>({
    {"advertised.listeners", string, "advertise", [](const Config& c, std::int32_t) { return join(c, advertised_url); },
     "Addresses that clients are told. Where nothing is fixed a client hears the address it connected to."},
    {"auto.create.topics.enable", boolean, "topics.auto_create", [](const Config& c, std::int32_t) { return yes_no(c.auto_create_topics); },
     "Whether a client that names a topic which does not exist creates it."},
    {"broker.id", int32, "node.id", node_id_text, "Number of this broker."},
    {"broker.rack", string, "node.rack", rack_text, "Where this broker stands."},
    {"connections.max.idle.ms", int64, "limits.max_idle", idle_text,
     "Time after which a connection that asks for nothing is closed."},
    {"delete.topic.enable", boolean, "topics.allow_delete", [](const Config& c, std::int32_t) { return yes_no(c.allow_delete_topics); },
     "Whether topics can be deleted."},
    {"group.consumer.heartbeat.interval.ms", int32, "groups.consumer_heartbeat_interval", [](const Config& c, std::int32_t) { return std::to_string(c.consumer_heartbeat_interval.count()); },
     "Time between two heartbeats in the consumer group protocol."},
    {"group.consumer.max.size", int32, "groups.consumer_max_size", [](const Config& c, std::int32_t) { return std::to_string(c.consumer_group_members_max); },
     "Members of one group in the consumer group protocol."},
    {"group.consumer.migration.policy", string, "groups.consumer_migration_policy", [](const Config& c, std::int32_t) { return value_of(c, "groups.consumer_migration_policy"); },
     "Whether groups with members may go over to the other protocol."},
    {"broker.session.timeout.ms", int32, "cluster.session_timeout", [](const Config& c, std::int32_t) { return std::to_string(c.session_timeout.count()); },
     "Time without a sign of life after which a broker of a cluster counts as gone."},
    {"replica.lag.time.max.ms", int64, "cluster.replica_lag_max", [](const Config& c, std::int32_t) { return std::to_string(c.replica_lag_max.count()); },
     "Time after which a replica that does not catch up is no longer in sync."},
    {"group.consumer.session.timeout.ms", int32, "groups.consumer_session_timeout", [](const Config& c, std::int32_t) { return std::to_string(c.consumer_session_timeout.count()); },
     "Time without a heartbeat after which a member of the consumer group protocol is removed."},
    {"group.initial.rebalance.delay.ms", int32, "groups.initial_rebalance_delay", [](const Config& c, std::int32_t) { return std::to_string(c.group_initial_rebalance_delay.count()); },
     "Time for which an empty group waits for more members before its first rebalance."},
    {"group.max.session.timeout.ms", int32, "groups.max_session_timeout", [](const Config& c, std::int32_t) { return std::to_string(c.group_session_timeout_max.count()); },
     "Longest session timeout that a member may ask for."},
    {"group.max.size", int32, "groups.max_size", [](const Config& c, std::int32_t) { return std::to_string(c.group_members_max); },
     "Members of one group in the classic protocol."},
    {"group.min.session.timeout.ms", int32, "groups.min_session_timeout", [](const Config& c, std::int32_t) { return std::to_string(c.group_session_timeout_min.count()); },
     "Shortest session timeout that a member may ask for."},
    {"inter.broker.listener.name", string, "listeners", [](const Config& c, std::int32_t) { return capitals(c.listeners.front().name); },
     "Listener that other brokers use."},
    {"listener.security.protocol.map", string, "listeners", [](const Config& c, std::int32_t) { return join(c, protocol); },
     "How each listener is protected."},
    {"listeners", list, "listeners", [](const Config& c, std::int32_t) { return join(c, listen_url); },
     "Addresses on which the broker listens."},
    {"log.cleaner.dedupe.buffer.size", int64, "storage.compaction_memory",
     [](const Config& c, std::int32_t) { return std::to_string(c.compaction_memory_bytes); },
     "Memory for the keys of what is compacted."},
    {"log.cleaner.enable", boolean, "storage.compaction", [](const Config& c, std::int32_t) { return yes_no(c.compaction); },
     "Whether topics with cleanup.policy=compact are compacted."},
    {"log.dir", string, "storage.data", data_text, "Directory of the data."},
    {"log.dirs", string, "storage.data", data_text, "Directories of the data; mq has one."},
    {"log.retention.check.interval.ms", int64, "storage.retention_check_interval",
     [](const Config& c, std::int32_t) { return std::to_string(c.retention_check_interval.count()); },
     "How long records may stay that are older than retention.ms says."},
    {"max.connections", int32, "limits.max_connections", [](const Config& c, std::int32_t) { return std::to_string(c.connections_max); },
     "Open connections of clients."},
    {"max.connections.per.ip", int32, "limits.max_connections_per_ip", per_ip_text, "Open connections of one client address."},
    {"node.id", int32, "node.id", node_id_text, "Number of this broker."},
    {"num.partitions", int32, "topics.default_partitions", [](const Config& c, std::int32_t) { return std::to_string(c.default_partitions); },
     "Partitions of a topic that is created without a number."},
    {"offset.metadata.max.bytes", int32, "groups.max_offset_metadata", [](const Config& c, std::int32_t) { return std::to_string(c.offset_metadata_bytes_max); },
     "Longest text beside a committed offset."},
    {"offsets.retention.minutes", int32, "groups.offsets_retention", [](const Config& c, std::int32_t) { return std::to_string(c.offsets_retention.count() / 60'000); },
     "Time for which offsets of an empty group are kept."},
    {"offsets.topic.num.partitions", int32, "groups.offsets_partitions", [](const Config& c, std::int32_t) { return std::to_string(c.offsets_partitions); },
     "Partitions of the topic for group offsets."},
    {"producer.id.expiration.ms", int32, "transactions.producer_expiration", [](const Config& c, std::int32_t) { return std::to_string(c.producer_id_expiration.count()); },
     "Time after which a silent idempotent producer is forgotten."},
    {"socket.request.max.bytes", int32, "limits.max_request", [](const Config& c, std::int32_t) { return std::to_string(c.request_bytes_max); },
     "Largest request; a larger one closes the connection."},
    {"transaction.max.timeout.ms", int32, "transactions.max_timeout", [](const Config& c, std::int32_t) { return std::to_string(c.transaction_timeout_max.count()); },
     "Longest timeout that a transactional producer may ask for."},
    {"transaction.state.log.num.partitions", int32, "transactions.partitions", [](const Config& c, std::int32_t) { return std::to_string(c.transactions_partitions); },
     "Partitions of the topic for transactions."},
    {"transactional.id.expiration.ms", int32, "transactions.id_expiration", [](const Config& c, std::int32_t) { return std::to_string(c.transactional_id_expiration.count()); },
     "Time after which an unused transactional id is forgotten."},
});
// clang-format on

// The name among a topic config's synonyms that can be altered while running.
std::string_view dynamic_synonym(const TopicConfigKey& key) {
  return key.synonyms.substr(0, key.synonyms.find(','));
}

// The milliseconds of the topic config in the unit that a synonym has in its name; none when it does not
// divide.
std::optional<std::string> in_unit_of(std::string_view synonym, std::string_view milliseconds) {
  const std::int64_t unit = synonym.ends_with(".hours")     ? 3'600'000
                            : synonym.ends_with(".minutes") ? 60'000
                                                            : 1;
  const auto value = parse_integer(milliseconds);
  if (unit == 1 || !value || *value < 0) return std::string(milliseconds);
  if (*value % unit != 0) return std::nullopt;
  return std::to_string(*value / unit);
}

ConfigEntry entry_of(std::string_view name, ConfigType type, std::string value, ConfigSource source,
                     std::string documentation) {
  ConfigEntry entry;
  entry.name = name;
  entry.value = std::move(value);
  entry.read_only = true;
  entry.source = source;
  entry.type = type;
  entry.documentation = std::move(documentation);
  entry.synonyms.push_back({entry.name, *entry.value, source});
  return entry;
}

bool can_be_altered(const Fixed& row) {
  return row.standing == harmless || row.standing == Standing::dynamic;
}

const Fixed* find_alterable(std::string_view name) {
  const auto found = std::find_if(fixed.begin(), fixed.end(),
                                  [&](const Fixed& row) { return row.name == name && can_be_altered(row); });
  return found == fixed.end() ? nullptr : &*found;
}

ConfigEntry entry_of(const Fixed& row, const DynamicConfigs& dynamic) {
  const std::string documentation =
      std::string(row.standing == idle || row.standing == harmless ? no_effect : "") +
      std::string(row.documentation);
  ConfigEntry entry =
      entry_of(row.name, row.type, std::string(row.value), ConfigSource::default_value, documentation);
  if (!can_be_altered(row)) return entry;
  entry.read_only = false;
  const auto put_first = [&](const ConfigMap& altered, ConfigSource source) {
    const auto found = altered.find(row.name);
    if (found == altered.end()) return;
    entry.synonyms.insert(entry.synonyms.begin(), {entry.name, found->second, source});
    entry.value = found->second;
    entry.source = source;
  };
  put_first(dynamic.cluster, ConfigSource::dynamic_default);
  put_first(dynamic.broker, ConfigSource::dynamic_broker);
  return entry;
}

// What somebody altered and nobody knows is kept, and shown as Kafka does: it might be a secret.
ConfigEntry entry_of_unknown(std::string_view name, ConfigSource source) {
  ConfigEntry entry = entry_of(name, unknown, "", source, std::string(no_effect) + "Nobody here knows it.");
  entry.value.reset();
  entry.synonyms.clear();
  entry.read_only = false;
  entry.sensitive = true;
  return entry;
}

// The rows of one topic config: its dynamic synonym, and those that say the same in other units.
void add_defaults_of(const TopicConfigKey& key, const TopicDefaults& defaults,
                     std::vector<ConfigEntry>& entries) {
  const ConfigEntry described = describe_topic_config(key, {}, defaults);
  for (const std::string_view synonym : split(key.synonyms, ',')) {
    ConfigEntry entry = described;
    entry.name = synonym;
    entry.read_only = synonym != dynamic_synonym(key);
    if (entry.read_only) entry.value = in_unit_of(synonym, *described.value);
    entries.push_back(std::move(entry));
  }
}

// Broker names to topic names, of those that are known.
ConfigMap by_topic_key(const ConfigMap& by_broker_name) {
  ConfigMap result;
  for (const auto& [name, value] : by_broker_name)
    if (is_dynamic(name)) result[std::string(topic_key_for(name))] = value;
  return result;
}

std::string where_it_is_set(std::string_view name) {
  for (const Setting& setting : settings())
    if (setting.kafka == name) return "; mq.yaml has it as " + setting.key;
  return {};
}

const std::vector<ConfigEntry>& all_with_defaults() {
  static const std::vector<ConfigEntry> entries = describe_broker(Config{}, 0, {});
  return entries;
}

bool is_unknown(std::string_view name) {
  return !is_broker_config(name);
}

std::optional<BrokerIntent> parse_intent(std::string_view text) {
  if (text == "serve") return BrokerIntent::serve;
  if (text == "drain") return BrokerIntent::drain;
  if (text == "decommission") return BrokerIntent::decommission;
  return std::nullopt;
}

std::optional<std::string> why_not_intent(std::string_view value) {
  if (parse_intent(value)) return std::nullopt;
  return std::string(intent_config) + ": " + quote(std::string(value)) +
         " is not serve, drain or decommission";
}

std::optional<std::string> why_not_number(const Fixed& row, std::string_view value) {
  const auto number = parse_integer(value, 0);
  return number ? std::nullopt : std::optional(std::string(row.name) + ": " + number.error().why);
}

}  // namespace

std::vector<ConfigEntry> describe_broker(const Config& config, std::int32_t node_id,
                                         const DynamicConfigs& dynamic) {
  std::vector<ConfigEntry> entries;
  for (const Fixed& row : fixed) entries.push_back(entry_of(row, dynamic));
  for (const auto& [name, value] : dynamic.cluster)
    if (is_unknown(name) && !dynamic.broker.contains(name))
      entries.push_back(entry_of_unknown(name, ConfigSource::dynamic_default));
  for (const auto& [name, value] : dynamic.broker)
    if (is_unknown(name)) entries.push_back(entry_of_unknown(name, ConfigSource::dynamic_broker));
  for (const Derived& row : derived) {
    const auto source = config.is_set(row.key) ? ConfigSource::static_broker : ConfigSource::default_value;
    entries.push_back(
        entry_of(row.name, row.type, row.value(config, node_id), source, std::string(row.documentation)));
  }
  const TopicDefaults defaults = topic_defaults(config, dynamic);
  for (const TopicConfigKey& key : topic_config_keys()) add_defaults_of(key, defaults, entries);
  std::sort(entries.begin(), entries.end(),
            [](const ConfigEntry& one, const ConfigEntry& other) { return one.name < other.name; });
  return entries;
}

namespace {

std::vector<ConfigEntry> describe_altered(const ConfigMap& altered, ConfigSource source) {
  std::vector<ConfigEntry> entries;
  for (const auto& [name, value] : altered) {
    if (is_unknown(name)) {
      entries.push_back(entry_of_unknown(name, source));
      continue;
    }
    const auto entry = std::ranges::find(all_with_defaults(), name, &ConfigEntry::name);
    entries.push_back(entry_of(name, entry->type, value, source, entry->documentation));
    entries.back().read_only = false;
  }
  return entries;
}

}  // namespace

std::vector<ConfigEntry> describe_cluster_default(const DynamicConfigs& dynamic) {
  return describe_altered(dynamic.cluster, ConfigSource::dynamic_default);
}

std::vector<ConfigEntry> describe_other_broker(const ConfigMap& altered) {
  return describe_altered(altered, ConfigSource::dynamic_broker);
}

bool is_broker_config(std::string_view name) {
  const auto& entries = all_with_defaults();
  return std::any_of(entries.begin(), entries.end(),
                     [&](const ConfigEntry& entry) { return entry.name == name; });
}

bool is_dynamic(std::string_view name) {
  const auto keys = topic_config_keys();
  return !name.empty() && std::any_of(keys.begin(), keys.end(), [&](const TopicConfigKey& key) {
    return dynamic_synonym(key) == name;
  });
}

std::string_view topic_key_for(std::string_view broker_name) {
  for (const TopicConfigKey& key : topic_config_keys())
    for (const std::string_view synonym : split(key.synonyms, ','))
      if (synonym == broker_name) return key.name;
  return {};
}

std::string_view suggest_broker_config(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ConfigEntry& entry : all_with_defaults()) names.push_back(entry.name);
  return closest(name, names);
}

std::optional<std::string> validate_dynamic(std::string_view name, std::string_view value) {
  constexpr std::size_t name_bytes_max = 249, value_bytes_max = 32'767;
  const std::string shown(name.substr(0, 200));
  if (name.empty() || name.size() > name_bytes_max)
    return "No broker config has such a name: " + quote(shown);
  if (value.size() > value_bytes_max) return shown + ": its value has more than 32767 bytes";
  if (is_dynamic(name)) {
    const auto wrong = validate(*find_topic_config(topic_key_for(name)), value);
    return wrong ? std::optional(shown + ": " + *wrong) : std::nullopt;
  }
  if (name == intent_config) return why_not_intent(value);
  if (const Fixed* row = find_alterable(name)) return why_not_number(*row, value);
  if (!is_unknown(name)) return "Cannot alter " + shown + " while the broker runs" + where_it_is_set(name);
  for (const Promise& promise : promises)
    if (name.starts_with(promise.prefix)) return "Cannot alter " + shown + ": " + std::string(promise.why);
  const std::string_view better = suggest_broker_config(name);
  if (better.empty()) return std::nullopt;
  return "Unknown broker config " + shown + "; did you mean " + std::string(better) + "?";
}

std::uint64_t replication_rate(const DynamicConfigs& dynamic) {
  for (const ConfigMap* altered : {&dynamic.broker, &dynamic.cluster}) {
    const auto found = altered->find(std::string(replication_rate_config));
    if (found == altered->end()) continue;
    if (const auto rate = parse_integer(found->second, 0)) return static_cast<std::uint64_t>(*rate);
  }
  return std::numeric_limits<std::int64_t>::max();
}

BrokerIntent intent_of(const ConfigMap& altered) {
  const auto found = altered.find(std::string(intent_config));
  return found == altered.end() ? BrokerIntent::serve
                                : parse_intent(found->second).value_or(BrokerIntent::serve);
}

TopicDefaults topic_defaults(const Config& config, const DynamicConfigs& dynamic) {
  return {by_topic_key(dynamic.broker), by_topic_key(dynamic.cluster), config.topic_defaults};
}

}  // namespace mq::core
