// SPDX-License-Identifier: Apache-2.0
// The groups that are coordinated here, by name: found, made, removed. Lives on the loop.
#pragma once

#include <functional>
#include <unordered_map>

#include "core/group/deadlines.h"
#include "core/group/group_log.h"

namespace mq::core {

class GroupRegistry : public std::enable_shared_from_this<GroupRegistry> {
 public:
  static constexpr std::size_t groups_max = 1'000'000;

  GroupRegistry(const Clock& clock, const Config& config, const CoordinatorShards& shards,
                const InternalTopic& topic, GroupLog& log, GroupDeadlines& deadlines);

  using Groups = std::unordered_map<std::string, GroupPtr, TextHash, std::equal_to<>>;
  const Groups& all() const { return groups_; }
  GroupPtr find(std::string_view group) const;      // null: nobody ever used that name, or it is forgotten
  GroupPtr find_or_make(const std::string& group);  // null: there are too many

  // What became of the newest write in a group, there or not: of one that was removed its tombstones. At once
  // when nothing is on its way.
  Task<kafka::Error> flushed(std::string group) const;
  // Writes to the group; `applied` is called only for what is durable, and while the group is looked after
  // here. Then it may have another deadline, or be nothing any more.
  Durable append(const GroupPtr& group, const std::vector<KeyedRecord>& records,
                 std::function<void()> applied, kafka::BatchProducer producer = {});

  // With its offsets, also those that are on their way or pending. group_id_not_found; non_empty_group: it
  // has members. Any other error: it could not be written, and the group is there again.
  Task<kafka::Error> remove(std::string group);
  Durable remove(const GroupPtr& group);  // one without members
  // Out of memory; the log keeps it.
  void drop(const GroupPtr& group);
  // A name that somebody mentioned is not a group yet.
  void drop_if_nothing(const GroupPtr& group);

 private:
  void removed(const GroupPtr& group, kafka::Error error);

  const Clock& clock_;
  const Config& config_;
  const CoordinatorShards& shards_;
  const InternalTopic& topic_;
  GroupLog& log_;
  GroupDeadlines& deadlines_;
  Groups groups_;
  std::uint64_t groups_made_ = 0;
  std::map<std::string, Durable, std::less<>> removed_;  // groups whose tombstones are not durable yet
};

}  // namespace mq::core
