// SPDX-License-Identifier: Apache-2.0
// Topics as they are now: their partitions, offsets, sizes and settings. Tasks live on the client's loop;
// each question of one has the client's `timeout` from when it is asked, and what is taken by reference must
// live until the task has ended.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/missing.h"
#include "core/admin/selector.h"
#include "core/client/client.h"

namespace mq::admin {

using client::Answer;
using client::Client;
using client::Task;

struct PartitionState {
  std::int32_t number = 0;
  std::int32_t leader = -1;  // -1: none
  std::vector<std::int32_t> replicas, in_sync, offline;
  std::optional<std::int64_t> start, stable, end;  // offsets; nothing: not known
  std::optional<std::int64_t> bytes;               // of the leader's replica

  std::optional<std::int64_t> offsets() const;  // how many; records are fewer with transactions or compaction
  std::string_view state() const;  // "ok", "offline", "under-replicated", "not preferred" (who leads)
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

// The topics meant, by name; and those meant that are not there.
struct Selection {
  std::vector<TopicState> topics;
  std::vector<Missing> missing;
  bool by_pattern = false;
};
// No selector: every topic. Internal topics are found by patterns only with `internal`.
Task<Answer<Selection>> select(Client& client, std::vector<Selector> selectors, bool internal);
std::vector<Selector> selectors(const std::vector<std::string>& words);  // throws UsageError

// Fill in what is known; what cannot be asked stays empty.
Task<void> add_offsets(Client& client, std::vector<TopicState>& topics);
Task<void> add_sizes(Client& client, std::vector<TopicState>& topics);
Task<void> add_last_writes(Client& client, std::vector<TopicState>& topics);

// The offset of the first record at or after the time, for each partition in order; its end, as far as that
// was filled in, when there is none.
using OffsetsAt = std::vector<std::optional<std::int64_t>>;
Task<Answer<OffsetsAt>> offsets_at(Client& client, const std::vector<TopicState>& topics,
                                   std::int64_t time_ms);

// A topic's settings as the cluster sees them.
struct Setting {
  std::string key;
  std::string value;     // as on the wire
  std::string fallback;  // what it would be without the override
  bool overridden = false;
  bool sensitive = false;
};
using Settings = std::map<std::string, std::vector<Setting>>;  // by topic
Task<Answer<Settings>> settings_of(Client& client, std::vector<std::string> topics);
// False for what brokers of mq take and show, and nothing more.
bool has_effect(std::string_view key);
// A topic's setting may come from a broker's that counts in another unit: log.retention.hours 168 is a
// retention.ms of 604800000.
std::string as_setting(std::string_view key, std::string_view synonym, const std::string& value);

}  // namespace mq::admin
