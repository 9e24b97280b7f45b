// SPDX-License-Identifier: Apache-2.0
// What the topic commands share: the way to the cluster, topics as they are now, and results per target.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/frame/print.h"
#include "core/admin/selector.h"
#include "core/client/cluster.h"

namespace mq::cli {

client::Options client_options(const Context& context);

// The answer, or its failure as an exception that ends the command.
template <class T>
T must(client::Answer<T> answer, std::string_view what = "topic") {
  if (!answer) throw FailureError(failure_from(answer.error(), what));
  return std::move(*answer);
}

struct PartitionState {
  std::int32_t number = 0;
  std::int32_t leader = -1;  // -1: none
  std::vector<std::int32_t> replicas, in_sync, offline;
  std::optional<std::int64_t> start, stable, end;  // offsets; nothing: not known
  std::optional<std::int64_t> bytes;               // of the leader's replica

  std::optional<std::int64_t> offsets() const;  // how many; records are fewer with transactions or compaction
};

struct TopicState {
  std::string name;
  bool internal = false;
  std::vector<PartitionState> partitions;  // by number; only some, where only some were asked for
  std::int32_t partition_count = 0;        // of all it has
  std::optional<std::int64_t> last_write_ms;

  std::size_t replication() const;
  std::size_t under_replicated() const;
  std::size_t without_leader() const;
  std::string state() const;  // "ok", "2 under-replicated", "1 offline"
  std::optional<std::int64_t> offsets() const;
  std::optional<std::int64_t> bytes() const;
};

// The topics meant, by name; and what is to be said about those meant that are not there.
struct Selection {
  std::vector<TopicState> topics;
  std::vector<Failure> missing;
  bool by_pattern = false;
};
// No selector: every topic. Internal topics are found by patterns only with `internal`.
Selection select(client::Cluster& cluster, const std::vector<admin::Selector>& selectors, bool internal);
std::vector<admin::Selector> selectors(const std::vector<std::string>& words);
Failure missing_partition(const std::string& topic, std::int32_t partition);

// `offsets`, and under the name it had when it was thought to count them, `records`.
void add_count(json::object& row, std::optional<std::int64_t> offsets);

// Fill in what is known; what cannot be asked stays empty.
void add_offsets(client::Cluster& cluster, std::vector<TopicState>& topics);
void add_sizes(client::Cluster& cluster, std::vector<TopicState>& topics);
void add_last_writes(client::Cluster& cluster, std::vector<TopicState>& topics);

// A topic's settings as the cluster sees them.
struct Setting {
  std::string key;
  std::string value;     // as on the wire
  std::string fallback;  // what it would be without the override
  bool overridden = false;
  bool sensitive = false;
};
std::map<std::string, std::vector<Setting>> settings_of(client::Cluster& cluster,
                                                        const std::vector<std::string>& topics);
std::vector<Setting> settings_of(client::Cluster& cluster, const std::string& topic);
// False for what brokers of mq take and show, and nothing more.
bool has_effect(std::string_view key);
void notice_without_effect(const Context& context, const std::string& key);
// A topic's setting may come from a broker's that counts in another unit: log.retention.hours 168 is a
// retention.ms of 604800000.
std::string as_setting(std::string_view key, std::string_view synonym, const std::string& value);
std::string human_setting(std::string_view key, const std::string& wire);

// KEY=VALUE as people write it → key and wire value; throws UsageError with the key that was probably meant.
std::pair<std::string, std::string> parse_setting(const std::string& given);
void check_setting_key(const std::string& key);

// What became of one target of a command that changes something.
struct Outcome {
  json::object row;  // {"topic":…,"action":…,"status":…}
  std::optional<Failure> failure;
};
Outcome outcome(std::string_view topic, std::string_view action, std::string_view status);
Outcome failed(std::string_view topic, std::string_view action, Failure failure);
// Prints the rows, reports the failures; partial when some went well and some did not.
Exit conclude(Context& context, const Arguments& arguments, const Table& table,
              std::vector<Outcome> outcomes);
Exit exit_of(const std::vector<Outcome>& outcomes);

}  // namespace mq::cli
