// SPDX-License-Identifier: Apache-2.0
// How far one group has read: committed offsets, those that a transaction has pending, and when they expire.
// Pure: no I/O, no clock, no threads. Changes are told in the order of the log.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/partition/producers.h"
#include "core/types.h"

namespace mq::core {

struct Commit {
  Offset offset = -1;
  Epoch leader_epoch = -1;
  std::string metadata = {};
  Timestamp committed_ms = 0;
  Timestamp expires_ms = -1;  // as an old client asked; -1: by retention
  Uuid topic_id = {};         // another topic of that name is not meant; none: an older record did not say
  bool operator==(const Commit&) const = default;
};

// A partition and what is committed for it.
struct PartitionCommit {
  std::string topic;
  std::int32_t partition = 0;
  Commit commit;
  Uuid topic_id = {};
};

class GroupOffsets {
 public:
  struct Entry {
    Commit commit;
    std::uint64_t order = 0;  // of the change that brought it
  };
  using Partitions = std::map<std::int32_t, Entry>;
  using Topics = std::map<std::string, Partitions, std::less<>>;

  void commit(std::string_view topic, std::int32_t partition, Commit commit);
  void forget(std::string_view topic, std::int32_t partition);  // with what is pending

  // Committed within a transaction: nobody sees it before the transaction ends. A commit outside that came
  // later stays.
  void commit_pending(ProducerId producer, std::string_view topic, std::int32_t partition, Commit commit);
  void end_transaction(ProducerId producer, bool committed);
  bool is_pending(std::string_view topic, std::int32_t partition) const;
  bool has_pending() const { return !pending_.empty(); }

  const Commit* find(std::string_view topic, std::int32_t partition) const;
  const Topics& all() const { return topics_; }
  // Also those that are pending.
  std::set<std::int32_t> partitions_of(std::string_view topic) const;
  std::set<TopicPartition> partitions() const;
  std::size_t size() const;
  bool empty() const { return topics_.empty() && pending_.empty(); }

  // What lets offsets expire: their age, counted from the commit or from `since_ms` if that is given, for
  // topics that are not read. Those with an end of their own go by that.
  struct Expiry {
    Timestamp retention_ms = 0;
    std::optional<Timestamp> since_ms = {};
    std::function<bool(std::string_view topic)> is_read = {};  // not set: none is
  };
  std::vector<TopicPartition> expired(const Expiry& expiry, Timestamp now_ms) const;
  // Nothing expires before this, whatever is read; none: nothing is there.
  std::optional<Timestamp> earliest_expiry(const Expiry& expiry) const;

 private:
  Entry& entry(Topics& topics, std::string_view topic, std::int32_t partition);

  Topics topics_;
  std::map<ProducerId, Topics> pending_;
  std::uint64_t changes_ = 0;
};

}  // namespace mq::core
