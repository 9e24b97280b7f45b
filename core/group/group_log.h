// SPDX-License-Identifier: Apache-2.0
// __consumer_offsets as groups see it: whose groups are served here, the order in which they are written, and
// who waits for that. Lives on the loop.
//
// Memory is ahead of the log, and a crash takes back what is not durable: whoever is answered out of memory
// waits for what was written last, and hears what became of it.
#pragma once

#include "core/group/group.h"
#include "core/metadata/coordinator_shards.h"
#include "core/metadata/internal_topic.h"

namespace mq::core {

// What became of a write, in the words that clients of a coordinator understand: they look for it and try
// again (not_coordinator, coordinator_not_available), or learn that it was too large
// (invalid_commit_offset_size).
kafka::Error error_for_clients(kafka::Error error);

class GroupLog {
 public:
  static constexpr std::size_t name_bytes_max = InternalTopic::id_bytes_max;

  GroupLog(const CoordinatorShards& shards, InternalTopic& topic, const Catalog& topics)
      : shards_(shards), topic_(topic), topics_(topics) {}

  // As serves, for what is to be written: makes the topic when it is missing (coordinator_not_available: it
  // cannot be made). invalid_group_id: the name is longer than a key can be.
  Task<kafka::Error> ready(std::string group);
  // Whether this group can be served now; it can while there is no topic, for then nobody has groups.
  // not_coordinator: its partition is led elsewhere, or the broker stops; coordinator_load_in_progress: what
  // is remembered of it is still being read, or cannot be.
  kafka::Error serves(std::string_view group) const;
  // Whether what is in memory of this group is the newest there is: another broker may coordinate it by now,
  // and this one not know. not_coordinator: it may.
  Task<kafka::Error> confirm(std::string group) const;
  // Some partition is being read: not all groups are known.
  bool is_loading() const { return shards_.loading() > 0; }
  // What comes back to a group that is not has come too late: its partition is led by another, or was read
  // anew.
  bool is_current(const Group& group) const { return shards_.is_current(group.partition, group.epoch); }

  // One batch, in one piece or not at all. Never suspends, so the order of the calls is the order of the log.
  // `done` is called in that order too, once: with the log's own error, or at once when nothing was written
  // (not_coordinator: the group is not current).
  using Done = InternalTopic::Done;
  Durable put(const GroupPtr& group, const std::vector<KeyedRecord>& records, Done done,
              kafka::BatchProducer producer = {});

  // What became of the newest write; at once when nothing is on its way.
  static Task<kafka::Error> flushed(GroupPtr group);
  Task<kafka::Error> flushed() const;  // every group

 private:
  const CoordinatorShards& shards_;
  InternalTopic& topic_;
  const Catalog& topics_;
  Durable newest_;  // write of any group
};

}  // namespace mq::core
