// SPDX-License-Identifier: Apache-2.0
// The broker's settings: one table of them, and how they are put together from `--set`, flags, environment
// and YAML files. Loading reads files and blocks: at start, not on the loop. What is loaded is plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/listener.h"
#include "core/config/scalars.h"
#include "core/config/topic_config.h"
#include "storage/journal.h"

namespace mq::core {

enum class LogFormat { automatic, text, json, journal };
// Whether a group that has members may go over to the other protocol, and in which direction.
enum class MigrationPolicy { bidirectional, upgrade, downgrade, disabled };
// Who may use the page and its API: everybody who reaches a loopback address, or everybody who reaches it.
enum class HttpAuth { automatic, none };
enum class HttpReadOnly { automatic, yes, no };  // automatic: yes, unless it is on a loopback address
enum class LogLevel { error, warn, info, debug, trace };

struct LogLevels {
  LogLevel all = LogLevel::info;
  std::map<std::string, LogLevel, std::less<>> modules;  // net, storage, core

  bool operator==(const LogLevels&) const = default;
};

struct Config {
  std::optional<std::int32_t> node_id;  // none: given once and remembered in the data directory
  std::string rack;
  std::vector<Listener> listeners{Listener{}};  // never empty; names and addresses are unique
  // Of the cluster that the broker is one of: its metadata store is etcd or Consul, never both. Neither: the
  // broker is alone, and none of this matters.
  std::vector<std::string> etcd, consul;  // http://host:port or https://host:port
  std::string cluster_name = "mq";
  std::optional<Address> internal_listen;  // none: the host of the first listener, port 7092
  HttpListener http;
  HttpAuth http_auth = HttpAuth::automatic;
  HttpReadOnly http_read_only = HttpReadOnly::automatic;
  std::string http_hosts;  // names by which browsers may ask, separated by commas
  Milliseconds session_timeout{9'000};
  Milliseconds join_timeout{60'000};
  Milliseconds replica_lag_max{10'000};
  std::optional<std::int32_t> default_replication;  // none: 3, or as many as there are brokers
  std::string etcd_user;
  std::filesystem::path etcd_password_file, etcd_ca, etcd_certificate, etcd_key;       // empty: none
  std::filesystem::path consul_token_file, consul_ca, consul_certificate, consul_key;  // empty: none
  std::filesystem::path data =
      "/var/lib/mq";  // load(): in the home directory for whoever is neither root nor mq
  storage::Flush flush = storage::Flush::sync;
  std::uint64_t min_free_bytes = 256u << 20;
  std::uint64_t tail_bytes = 32u << 20;
  Milliseconds retention_check_interval{300'000};
  bool compaction = true;
  std::uint64_t compaction_memory_bytes = 32u << 20;
  std::uint32_t connections_max = 10'000;
  std::uint32_t connections_per_ip_max = 0;   // 0: no limit
  Milliseconds connection_idle_max{600'000};  // 0: for ever
  std::uint64_t request_bytes_max = 100u << 20;
  bool auto_create_topics = true;
  std::uint32_t default_partitions = 1;
  bool allow_delete_topics = true;
  Milliseconds group_session_timeout_min{6'000}, group_session_timeout_max{1'800'000};
  Milliseconds group_initial_rebalance_delay{0};
  std::uint32_t group_members_max = 10'000;
  Milliseconds consumer_session_timeout{45'000}, consumer_heartbeat_interval{5'000};
  std::uint32_t consumer_group_members_max = 10'000;
  MigrationPolicy group_migration = MigrationPolicy::bidirectional;
  Milliseconds offsets_retention{7 * 86'400'000};
  std::uint32_t offset_metadata_bytes_max = 4096;
  std::uint32_t offsets_partitions = 50;       // of __consumer_offsets, when it is made
  std::uint32_t transactions_partitions = 50;  // of __transaction_state, likewise
  Milliseconds transaction_timeout_max{900'000};
  Milliseconds transactional_id_expiration{604'800'000};
  Milliseconds producer_id_expiration{86'400'000};
  ConfigMap topic_defaults;  // valid wire values by topic config name; only those that were set
  LogLevels log_levels;
  LogFormat log_format = LogFormat::automatic;
  Milliseconds shutdown_timeout{30'000};

  std::map<std::string, std::string, std::less<>>
      origins;  // key → "/etc/mq/mq.yaml:14", "env MQ_DATA", "--set node.id"

  bool is_http_read_only() const {
    return http_read_only == HttpReadOnly::yes ||
           (http_read_only == HttpReadOnly::automatic && !http.is_local());
  }
  bool is_alone() const { return etcd.empty() && consul.empty(); }
  std::string_view store() const { return consul.empty() ? "etcd" : "Consul"; }  // of one of a cluster
  bool is_set(std::string_view key) const { return origins.contains(key); }
};

// One row of the table.
struct Setting {
  std::string key;            // where it stands in the YAML file: "storage.data"
  bool list;                  // several values: a YAML list, or separated by commas
  std::string accepts;        // "SIZE, 1MiB to 1GiB"
  std::string default_value;  // as one would write it
  std::string_view kafka;     // Kafka's name for it; empty: none
  std::string_view variable;  // short environment variable beside MQ_STORAGE__DATA; empty: none
  std::string_view documentation;
};

inline constexpr std::string_view topic_defaults_prefix = "topic_defaults.";

// In the order of mq.yaml(5). `topic_defaults.NAME` is not in it: see topic_config_keys().
const std::vector<Setting>& settings();
std::string variable_of(std::string_view key);  // storage.data → MQ_STORAGE__DATA

// One setting, or one of topic_defaults, from and to text as one would write it; `key` must be known.
std::optional<Wrong> set_value(Config& config, std::string_view key, std::string_view text);
std::string value_of(const Config& config, std::string_view key);

// A value given on the command line by a flag of its own.
struct Given {
  std::string key, value;
  std::string origin;  // "--listen"
};

using Environment = std::map<std::string, std::string, std::less<>>;
Environment current_environment();

// Strongest first. Within files: those of `include:` win over the one that includes them.
struct Sources {
  std::vector<std::string> sets;  // "a.b.c=value"
  std::vector<Given> flags;
  Environment environment;
  std::optional<std::filesystem::path> file;
  std::optional<std::string> text;  // instead of the file's content: tests
};

struct Problem {
  std::string place;  // "mq.yaml:14:3", "env MQ_DATA", "--set node.id"
  std::string what;   // a sentence that names the key

  std::string message() const { return place + ": " + what; }
};

struct Loaded {
  Config config;                  // usable only without problems
  std::vector<Problem> problems;  // all of them, in the order of the sources
};

Loaded load(const Sources& sources);

// Lines "key = value    origin", aligned; only what was set, or all.
std::string print(const Config& config, bool all);

}  // namespace mq::core
