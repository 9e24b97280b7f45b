// SPDX-License-Identifier: Apache-2.0
#include "core/config/config.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <variant>

#include "net/http/endpoint.h"

namespace mq::core {
namespace {

using Member = std::variant<std::optional<std::int32_t> Config::*,  // a number, or auto
                            std::string Config::*,                  // text in one line
                            std::filesystem::path Config::*,        //
                            bool Config::*,                         //
                            std::uint32_t Config::*,                // a count
                            std::uint64_t Config::*,                // a SIZE
                            Milliseconds Config::*,                 // a DURATION
                            storage::Flush Config::*,               //
                            LogFormat Config::*,                    //
                            HttpAuth Config::*,                     //
                            HttpReadOnly Config::*,                 //
                            HttpListener Config::*,                 // an address, or none
                            MigrationPolicy Config::*,              //
                            LogLevels Config::*,                    //
                            std::optional<Address> Config::*,       // of this host, or auto
                            std::vector<std::string> Config::*,     // URLs
                            std::vector<Listener> Config::*>;       // `listeners`, and their `advertise`

struct Row {
  std::string_view key;
  Member member;
  std::uint64_t min, max;  // of numbers, sizes and durations (milliseconds); of a path: 1, it is never empty
  std::string_view kafka;
  std::string_view variable;
  std::string_view documentation;
};

constexpr std::uint64_t mebi = 1u << 20;
constexpr std::string_view advertise_key = "advertise";

// Every setting there is. The defaults stand in Config.
// clang-format off
const auto rows = std::to_array<Row>({
    {"node.id", &Config::node_id, 0, 2'147'483'647, "node.id", "MQ_NODE_ID",
     "number of this broker; auto: given once and remembered in the data directory"},
    {"node.rack", &Config::rack, 0, 0, "broker.rack", "MQ_RACK",
     "where this broker stands, as told to clients that prefer a near replica"},
    {"listeners", &Config::listeners, 0, 0, "listeners", "MQ_LISTEN",
     "addresses on which the Kafka protocol is spoken"},
    {advertise_key, &Config::listeners, 0, 0, "advertised.listeners", "",
     "addresses that clients are told; wins over what a listener says itself"},
    {"http.listen", &Config::http, 0, 0, "", "MQ_HTTP_LISTEN",
     "address of the web page, the REST API, metrics and probes; none: there are none"},
    {"http.auth", &Config::http_auth, 0, 0, "", "",
     "who may use them: auto, on a loopback address everybody and elsewhere it does not start; none: everybody"},
    {"http.read_only", &Config::http_read_only, 0, 0, "", "",
     "whether nothing can be changed by them; auto: unless it is a loopback address"},
    {"http.hosts", &Config::http_hosts, 0, 0, "", "",
     "names, separated by commas, by which browsers ask; addresses, localhost and this machine's name always may"},
    {"cluster.etcd", &Config::etcd, 0, 0, "", "MQ_ETCD",
     "members of etcd, http://HOST:PORT or https://HOST:PORT; with any this broker is one of a cluster"},
    {"cluster.consul", &Config::consul, 0, 0, "", "MQ_CONSUL",
     "agents of Consul, http://HOST:PORT or https://HOST:PORT; instead of etcd"},
    {"cluster.name", &Config::cluster_name, 0, 0, "", "MQ_CLUSTER",
     "name of the cluster: several can share one etcd or Consul"},
    {"cluster.rpc_listen", &Config::internal_listen, 0, 0, "", "MQ_RPC_LISTEN",
     "address on which other brokers are answered; auto: the host of the first listener, port 7092"},
    {"cluster.session_timeout", &Config::session_timeout, 2'000, 600'000, "broker.session.timeout.ms", "",
     "time after which a broker that does not tell etcd that it lives is taken to be gone; with Consul 10s at least"},
    {"cluster.join_timeout", &Config::join_timeout, 1'000, 86'400'000, "", "",
     "time for which a broker that is new tries to reach etcd or Consul before it gives up"},
    {"cluster.replica_lag_max", &Config::replica_lag_max, 100, 3'600'000, "replica.lag.time.max.ms", "",
     "time after which a replica that is behind leaves the in-sync replicas"},
    {"cluster.default_replication", &Config::default_replication, 1, 32'767, "default.replication.factor", "",
     "replicas of a topic created without a number; auto: 3, or as many as there are brokers"},
    {"cluster.etcd_user", &Config::etcd_user, 0, 0, "", "",
     "user of etcd; empty: none"},
    {"cluster.etcd_password_file", &Config::etcd_password_file, 0, 0, "", "",
     "file with the password of that user"},
    {"cluster.etcd_ca", &Config::etcd_ca, 0, 0, "", "",
     "PEM file of the authorities that may vouch for etcd; empty: those of the system"},
    {"cluster.etcd_certificate", &Config::etcd_certificate, 0, 0, "", "",
     "PEM file of the certificate that this broker shows etcd; empty: none"},
    {"cluster.etcd_key", &Config::etcd_key, 0, 0, "", "",
     "PEM file of the key of that certificate"},
    {"cluster.consul_token_file", &Config::consul_token_file, 0, 0, "", "",
     "file with the token of Consul's ACLs; empty: none"},
    {"cluster.consul_ca", &Config::consul_ca, 0, 0, "", "",
     "PEM file of the authorities that may vouch for Consul; empty: those of the system"},
    {"cluster.consul_certificate", &Config::consul_certificate, 0, 0, "", "",
     "PEM file of the certificate that this broker shows Consul; empty: none"},
    {"cluster.consul_key", &Config::consul_key, 0, 0, "", "",
     "PEM file of the key of that certificate"},
    {"storage.data", &Config::data, 1, 1, "log.dirs", "MQ_DATA",
     "directory of logs and metadata; created when missing"},
    {"storage.flush", &Config::flush, 0, 0, "", "",
     "what an acknowledgement waits for: the disk, the next flush every second, or the kernel alone"},
    {"storage.min_free", &Config::min_free_bytes, 0, 1'073'741'824 * mebi, "", "",
     "free space below which writes are refused; reads and deletions go on"},
    {"storage.tail", &Config::tail_bytes, mebi, 65'536 * mebi, "", "",
     "memory for the newest batches"},
    {"storage.retention_check_interval", &Config::retention_check_interval, 1, 86'400'000,
     "log.retention.check.interval.ms", "",
     "for how long records may stay that are older than retention.ms says"},
    {"storage.compaction", &Config::compaction, 0, 0, "log.cleaner.enable", "",
     "whether topics with cleanup.policy=compact are compacted"},
    {"storage.compaction_memory", &Config::compaction_memory_bytes, mebi / 16, 65'536 * mebi,
     "log.cleaner.dedupe.buffer.size", "",
     "memory for the keys of what is compacted, 32 bytes a key; what does not fit takes more passes"},
    {"limits.max_connections", &Config::connections_max, 1, 1'000'000, "max.connections", "",
     "open connections of clients"},
    {"limits.max_connections_per_ip", &Config::connections_per_ip_max, 0, 1'000'000, "max.connections.per.ip", "",
     "open connections of one client address; 0: no limit"},
    {"limits.max_idle", &Config::connection_idle_max, 0, 31'536'000'000, "connections.max.idle.ms", "",
     "time after which a connection that asks for nothing is closed; 0: never"},
    {"limits.max_request", &Config::request_bytes_max, mebi / 16, 2'147'483'647, "socket.request.max.bytes", "",
     "larger requests close the connection"},
    {"topics.auto_create", &Config::auto_create_topics, 0, 0, "auto.create.topics.enable", "",
     "whether a client that names a topic which does not exist creates it"},
    {"topics.default_partitions", &Config::default_partitions, 1, 10'000, "num.partitions", "",
     "partitions of a topic created without a number"},
    {"topics.allow_delete", &Config::allow_delete_topics, 0, 0, "delete.topic.enable", "",
     "whether topics can be deleted"},
    {"groups.min_session_timeout", &Config::group_session_timeout_min, 1, 86'400'000, "group.min.session.timeout.ms", "",
     "shortest session timeout that a member of a classic group may ask for"},
    {"groups.max_session_timeout", &Config::group_session_timeout_max, 1, 86'400'000, "group.max.session.timeout.ms", "",
     "longest session timeout that a member of a classic group may ask for"},
    {"groups.initial_rebalance_delay", &Config::group_initial_rebalance_delay, 0, 600'000, "group.initial.rebalance.delay.ms", "",
     "time for which an empty group waits for more members before its first rebalance"},
    {"groups.max_size", &Config::group_members_max, 1, 1'000'000, "group.max.size", "",
     "members of one classic group"},
    {"groups.consumer_session_timeout", &Config::consumer_session_timeout, 1'000, 86'400'000, "group.consumer.session.timeout.ms", "",
     "time without a heartbeat after which a member of the consumer group protocol is removed"},
    {"groups.consumer_heartbeat_interval", &Config::consumer_heartbeat_interval, 100, 3'600'000, "group.consumer.heartbeat.interval.ms", "",
     "time between two heartbeats that members of the consumer group protocol are asked for"},
    {"groups.consumer_max_size", &Config::consumer_group_members_max, 1, 1'000'000, "group.consumer.max.size", "",
     "members of one group of the consumer protocol"},
    {"groups.consumer_migration_policy", &Config::group_migration, 0, 0, "group.consumer.migration.policy", "",
     "whether groups with members may go over to the other protocol: from classic to consumer, back, or both"},
    {"groups.offsets_retention", &Config::offsets_retention, 60'000, 315'360'000'000, "offsets.retention.minutes", "",
     "time for which the offsets of a group that nobody uses are kept"},
    {"groups.max_offset_metadata", &Config::offset_metadata_bytes_max, 0, 32'767, "offset.metadata.max.bytes", "",
     "bytes of text beside a committed offset"},
    {"groups.offsets_partitions", &Config::offsets_partitions, 1, 10'000, "offsets.topic.num.partitions", "",
     "partitions of the topic for groups and their offsets; counts when that topic is made"},
    {"transactions.partitions", &Config::transactions_partitions, 1, 10'000, "transaction.state.log.num.partitions", "",
     "partitions of the topic for transactions; counts when that topic is made"},
    {"transactions.max_timeout", &Config::transaction_timeout_max, 1, 2'147'483'647, "transaction.max.timeout.ms", "",
     "longest timeout that a transactional producer may ask for"},
    {"transactions.id_expiration", &Config::transactional_id_expiration, 1, 2'147'483'647, "transactional.id.expiration.ms", "",
     "time after which an unused transactional id is forgotten"},
    {"transactions.producer_expiration", &Config::producer_id_expiration, 1, 2'147'483'647, "producer.id.expiration.ms", "",
     "time after which a partition forgets a silent idempotent producer"},
    {"log.level", &Config::log_levels, 0, 0, "", "MQ_LOG_LEVEL",
     "least important lines that are written, for all and for single modules"},
    {"log.format", &Config::log_format, 0, 0, "", "MQ_LOG_FORMAT",
     "how lines look; auto: text on a terminal, journal under systemd, else json"},
    {"shutdown_timeout", &Config::shutdown_timeout, 100, 3'600'000, "", "",
     "time for an orderly stop, then the process ends with an error"},
});
// clang-format on

constexpr std::array<std::string_view, 3> names(storage::Flush) {
  return {"sync", "interval", "os"};
}
constexpr std::array<std::string_view, 4> names(LogFormat) {
  return {"auto", "text", "json", "journal"};
}
constexpr std::array<std::string_view, 2> names(HttpAuth) {
  return {"auto", "none"};
}
constexpr std::array<std::string_view, 3> names(HttpReadOnly) {
  return {"auto", "true", "false"};
}
constexpr std::array<std::string_view, 4> names(MigrationPolicy) {
  return {"bidirectional", "upgrade", "downgrade", "disabled"};
}
constexpr std::array<std::string_view, 5> names(LogLevel) {
  return {"error", "warn", "info", "debug", "trace"};
}
constexpr std::array<std::string_view, 3> modules{"core", "net", "storage"};

template <std::size_t n>
std::string one_of(const std::array<std::string_view, n>& words) {
  std::string text;
  for (std::size_t i = 0; i < n; i++)
    text += std::string(i == 0 ? "" : i + 1 < n ? ", " : " or ") + std::string(words[i]);
  return text;
}

// ---- reading: one overload per type of member ----

template <class Word>
requires std::is_enum_v<Word> std::optional<Wrong> read(const Row&, std::string_view text, Word& into) {
  constexpr auto words = names(Word{});
  const auto found = std::find(words.begin(), words.end(), trim(text));
  if (found == words.end()) return Wrong{quote(text) + " is not " + one_of(words)};
  into = static_cast<Word>(found - words.begin());
  return std::nullopt;
}

std::optional<Wrong> read(const Row& row, std::string_view text, std::optional<std::int32_t>& into) {
  if (trim(text) == "auto") {
    into = std::nullopt;
    return std::nullopt;
  }
  const auto number =
      parse_integer(text, static_cast<std::int64_t>(row.min), static_cast<std::int64_t>(row.max));
  if (!number) return number.error();
  into = static_cast<std::int32_t>(*number);
  return std::nullopt;
}

std::optional<Wrong> read(const Row&, std::string_view text, std::string& into) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) return Wrong{"must be plain text in one line"};
  if (text.size() > 255) return Wrong{"must have at most 255 characters"};
  into = text;
  return std::nullopt;
}

std::optional<Wrong> read(const Row& row, std::string_view text, std::filesystem::path& into) {
  if (trim(text).empty() && row.min > 0) return Wrong{"must not be empty"};
  if (text.find('\0') != std::string_view::npos || text.size() > 4000) return Wrong{"is not a path"};
  into = text;
  return std::nullopt;
}

std::optional<Wrong> read(const Row&, std::string_view text, bool& into) {
  const auto yes = parse_bool(text);
  if (!yes) return yes.error();
  into = *yes;
  return std::nullopt;
}

std::optional<Wrong> read(const Row& row, std::string_view text, std::uint32_t& into) {
  const auto number =
      parse_integer(text, static_cast<std::int64_t>(row.min), static_cast<std::int64_t>(row.max));
  if (!number) return number.error();
  into = static_cast<std::uint32_t>(*number);
  return std::nullopt;
}

std::string range(const Row& row, std::string (*format)(std::uint64_t)) {
  return format(row.min) + " to " + format(row.max);
}
std::string show_time(std::uint64_t ms) {
  return format_duration(Milliseconds(static_cast<std::int64_t>(ms)));
}

std::optional<Wrong> read(const Row& row, std::string_view text, std::uint64_t& into) {
  const auto size = parse_size(text);
  if (!size) return size.error();
  if (*size < row.min || *size > row.max)
    return Wrong{quote(text) + " is out of range: " + range(row, format_size)};
  into = *size;
  return std::nullopt;
}

std::optional<Wrong> read(const Row& row, std::string_view text, Milliseconds& into) {
  const auto time = parse_duration(text);
  if (!time) return time.error();
  const auto count = static_cast<std::uint64_t>(time->count());
  if (count < row.min || count > row.max)
    return Wrong{quote(text) + " is out of range: " + range(row, show_time)};
  into = *time;
  return std::nullopt;
}

// info,net=debug
std::optional<Wrong> read(const Row& row, std::string_view text, LogLevels& into) {
  LogLevels levels;
  const auto parts = split(text, ',');
  if (parts.empty()) return Wrong{"must be " + one_of(names(LogLevel{}))};
  for (const std::string_view part : parts) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      if (auto wrong = read(row, part, levels.all)) return wrong;
      continue;
    }
    const std::string_view module = trim(part.substr(0, equals));
    if (std::find(modules.begin(), modules.end(), module) == modules.end())
      return Wrong{quote(module) + " is no module: " + one_of(modules)};
    if (auto wrong = read(row, part.substr(equals + 1), levels.modules[std::string(module)])) return wrong;
  }
  into = std::move(levels);
  return std::nullopt;
}

std::optional<Wrong> read(const Row&, std::string_view text, std::optional<Address>& into) {
  if (trim(text) == "auto") {
    into = std::nullopt;
    return std::nullopt;
  }
  auto address = parse_address(text);
  if (!address) return address.error();
  into = std::move(*address);
  return std::nullopt;
}

std::optional<Wrong> read(const Row&, std::string_view text, HttpListener& into) {
  if (trim(text) == "none") {
    into.at = std::nullopt;
    return std::nullopt;
  }
  auto address = parse_address(text);
  if (!address) return address.error();
  into.at = std::move(*address);
  return std::nullopt;
}

std::optional<Wrong> read(const Row&, std::string_view text, std::vector<std::string>& into) {
  std::vector<std::string> urls;
  for (const std::string_view part : split(text, ',')) {
    if (!net::http::parse_endpoint(part))
      return Wrong{quote(part) + " is not http://HOST:PORT or https://HOST:PORT"};
    urls.emplace_back(part);
  }
  into = std::move(urls);
  return std::nullopt;
}

std::optional<Wrong> read(const Row& row, std::string_view text, std::vector<Listener>& into) {
  return row.key == advertise_key ? read_advertised(text, into) : read_listeners(text, into);
}

// ---- showing, likewise; and what a type accepts ----

template <class Word>
requires std::is_enum_v<Word> std::string show(const Row&, Word value) {
  return std::string(names(value)[static_cast<std::size_t>(value)]);
}
std::string show(const Row&, const std::optional<std::int32_t>& value) {
  return value ? std::to_string(*value) : "auto";
}
std::string show(const Row&, const std::string& value) {
  return value;
}
std::string show(const Row&, const std::filesystem::path& value) {
  return value.string();
}
std::string show(const Row&, bool value) {
  return value ? "true" : "false";
}
std::string show(const Row&, std::uint32_t value) {
  return std::to_string(value);
}
std::string show(const Row&, std::uint64_t value) {
  return format_size(value);
}
std::string show(const Row&, Milliseconds value) {
  return format_duration(value);
}
std::string show(const Row& row, const LogLevels& value) {
  std::string text = show(row, value.all);
  for (const auto& [module, level] : value.modules) text += "," + module + "=" + show(row, level);
  return text;
}

std::string show(const Row&, const std::optional<Address>& value) {
  return value ? format_address(*value) : "auto";
}
std::string show(const Row&, const HttpListener& value) {
  return value.at ? format_address(*value.at) : "none";
}
std::string show(const Row&, const std::vector<std::string>& value) {
  std::string text;
  for (const std::string& one : value) text += (text.empty() ? "" : ",") + one;
  return text;
}

std::string show(const Row& row, const std::vector<Listener>& value) {
  return row.key == advertise_key ? format_advertised(value) : format_listeners(value);
}

std::string numbers(const Row& row) {
  return std::to_string(row.min) + " to " + std::to_string(row.max);
}

template <class Word>
requires std::is_enum_v<Word> std::string accepts(const Row&, Word value) {
  return one_of(names(value));
}
std::string accepts(const Row& row, const std::optional<std::int32_t>&) {
  return "auto, or " + numbers(row);
}
std::string accepts(const Row&, const std::string&) {
  return "text";
}
std::string accepts(const Row&, const std::filesystem::path&) {
  return "path";
}
std::string accepts(const Row&, bool) {
  return "true or false";
}
std::string accepts(const Row& row, std::uint32_t) {
  return numbers(row);
}
std::string accepts(const Row& row, std::uint64_t) {
  return "SIZE, " + range(row, format_size);
}
std::string accepts(const Row& row, Milliseconds) {
  return "DURATION, " + range(row, show_time);
}
std::string accepts(const Row&, const LogLevels&) {
  return "LEVEL[,MODULE=LEVEL...]";
}
std::string accepts(const Row&, const std::optional<Address>&) {
  return "auto or [HOST]:PORT";
}
std::string accepts(const Row&, const HttpListener&) {
  return "none or [HOST]:PORT";
}
std::string accepts(const Row&, const std::vector<std::string>&) {
  return "URL[,URL...]";
}
std::string accepts(const Row& row, const std::vector<Listener>&) {
  return row.key == advertise_key ? "auto or HOST:PORT[,NAME=HOST:PORT...]"
                                  : "[HOST]:PORT[,NAME=[HOST]:PORT...]";
}

const Row* find_row(std::string_view key) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.key == key; });
  return found == rows.end() ? nullptr : &*found;
}

bool is_list(const Member& member) {
  return std::holds_alternative<std::vector<Listener> Config::*>(member) ||
         std::holds_alternative<std::vector<std::string> Config::*>(member) ||
         std::holds_alternative<LogLevels Config::*>(member);
}

std::vector<Setting> make_settings() {
  const Config defaults;
  std::vector<Setting> result;
  for (const Row& row : rows) {
    const auto describe = [&](auto member) {
      result.push_back({std::string(row.key), is_list(row.member), accepts(row, defaults.*member),
                        show(row, defaults.*member), row.kafka, row.variable, row.documentation});
    };
    std::visit(describe, row.member);
  }
  return result;
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

std::string variable_of(std::string_view key) {
  std::string name = "MQ_";
  const bool topic_default = key.starts_with(topic_defaults_prefix);
  for (std::size_t i = 0; i < key.size(); i++) {
    const char c = key[i];
    const bool level = c == '.' && (!topic_default || i < topic_defaults_prefix.size());
    if (level)
      name += "__";
    else if (c >= 'a' && c <= 'z')
      name += static_cast<char>(c - 'a' + 'A');
    else
      name += c == '.' ? '_' : c;
  }
  return name;
}

std::optional<Wrong> set_value(Config& config, std::string_view key, std::string_view text) {
  if (key.starts_with(topic_defaults_prefix)) {
    const TopicConfigKey* topic_key = find_topic_config(key.substr(topic_defaults_prefix.size()));
    if (!topic_key) return Wrong{"unknown key"};
    auto wire = to_wire(*topic_key, text);
    if (!wire) return wire.error();
    config.topic_defaults[std::string(topic_key->name)] = std::move(*wire);
    return std::nullopt;
  }
  const Row* row = find_row(key);
  if (!row) return Wrong{"unknown key"};
  return std::visit([&](auto member) { return read(*row, text, config.*member); }, row->member);
}

std::string value_of(const Config& config, std::string_view key) {
  if (const Row* row = find_row(key))
    return std::visit([&](auto member) { return show(*row, config.*member); }, row->member);
  if (!key.starts_with(topic_defaults_prefix)) return {};
  const TopicConfigKey* topic_key = find_topic_config(key.substr(topic_defaults_prefix.size()));
  if (!topic_key) return {};
  const auto found = config.topic_defaults.find(topic_key->name);
  return to_human(*topic_key,
                  found == config.topic_defaults.end() ? topic_key->default_value : found->second);
}

std::string print(const Config& config, bool all) {
  struct Line {
    std::string text, origin;
  };
  std::vector<Line> lines;
  const auto add = [&](const std::string& key, bool effective) {
    const auto origin = config.origins.find(key);
    const bool is_set = origin != config.origins.end();
    if (!is_set && !all) return;
    lines.push_back({key + " = " + value_of(config, key),
                     (is_set ? origin->second : "default") + (effective ? "" : "  (no effect in mq)")});
  };
  for (const Setting& setting : settings()) add(setting.key, true);
  for (const TopicConfigKey& key : topic_config_keys())
    add(std::string(topic_defaults_prefix) + std::string(key.name), key.effective);

  std::size_t width = 0;
  for (const Line& line : lines) width = std::max(width, line.text.size());
  std::string text;
  for (const Line& line : lines)
    text += line.text + std::string(width - line.text.size() + 2, ' ') + line.origin + "\n";
  return text;
}

}  // namespace mq::core
