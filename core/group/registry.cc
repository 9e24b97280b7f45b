// SPDX-License-Identifier: Apache-2.0
#include "core/group/registry.h"

#include "core/group/consumer_records.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

GroupRegistry::GroupRegistry(const Clock& clock, const Config& config, const CoordinatorShards& shards,
                             const InternalTopic& topic, GroupLog& log, GroupDeadlines& deadlines)
    : clock_(clock), config_(config), shards_(shards), topic_(topic), log_(log), deadlines_(deadlines) {}

GroupPtr GroupRegistry::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second;
}

GroupPtr GroupRegistry::find_or_make(const std::string& id) {
  if (GroupPtr known = find(id)) return known;
  if (groups_.size() >= groups_max) return nullptr;
  ClassicLimits limits;
  limits.members_max = config_.group_members_max;
  limits.initial_rebalance_delay = config_.group_initial_rebalance_delay;
  auto group = std::make_shared<Group>(limits);
  group->id = id;
  group->number = ++groups_made_;
  group->partition = topic_.partition_of(id);
  groups_[id] = group;
  if (const auto removed = removed_.find(id); removed != removed_.end()) group->newest = removed->second;
  group->epoch = shards_.epoch(group->partition).value_or(-1);
  return group;
}

// ---------------------------------------------------------------------------------------------- writing

Task<Error> GroupRegistry::flushed(std::string id) const {
  if (GroupPtr group = find(id)) co_return co_await GroupLog::flushed(std::move(group));
  const auto removed = removed_.find(id);
  if (removed == removed_.end()) co_return Error::none;
  Durable newest = removed->second;
  co_return co_await Promise<Error>::get(std::move(newest));
}

Durable GroupRegistry::append(const GroupPtr& group, const std::vector<KeyedRecord>& records,
                              std::function<void()> applied, kafka::BatchProducer producer) {
  auto done = [weak = weak_from_this(), group, applied = std::move(applied)](Error error) {
    const auto self = weak.lock();
    if (!self || self->shards_.is_stopped() || !self->log_.is_current(*group)) return;
    if (error == Error::none) applied();
    self->deadlines_.arm(group);
    self->drop_if_nothing(group);
  };
  return log_.put(group, records, std::move(done), producer);
}

// ---------------------------------------------------------------------------------------------- forgetting

void GroupRegistry::drop(const GroupPtr& group) {
  deadlines_.remove(*group);
  group->dropped = true;
  const auto known = groups_.find(group->id);
  if (known != groups_.end() && known->second == group) groups_.erase(known);
}

void GroupRegistry::drop_if_nothing(const GroupPtr& group) {
  const ClassicGroup& state = group->classic;
  if (group->is_empty() && !group->consumer && state.generation() == 0 && group->offsets.empty() &&
      group->in_flight == 0)
    drop(group);
}

// Gone at once: who joins from now on joins a new group, whose records come after these.
Durable GroupRegistry::remove(const GroupPtr& group) {
  std::vector<KeyedRecord> records;
  for (const TopicPartition& one : group->partitions()) records.push_back(offset_tombstone(group->id, one));
  records.push_back(group_tombstone(group->id));
  if (group->consumer)
    for (KeyedRecord& row : records_of(group->id, nullptr, group->consumer->all_rows()))
      records.push_back(std::move(row));
  drop(group);
  auto done = [weak = weak_from_this(), group](Error error) {
    const auto self = weak.lock();
    if (self && !self->shards_.is_stopped()) self->removed(group, error);
  };
  Durable durable = log_.put(group, records, std::move(done));
  if (!durable->is_set()) removed_[group->id] = durable;
  return durable;
}

// The log still has a group whose tombstones failed: it is there again, unless there is another of its name.
void GroupRegistry::removed(const GroupPtr& group, Error error) {
  const auto waiting = removed_.find(group->id);
  if (waiting != removed_.end() && waiting->second->is_set()) removed_.erase(waiting);
  if (error == Error::none || find(group->id) || !log_.is_current(*group)) return;
  group->dropped = false;
  groups_[group->id] = group;
  group->look_later(clock_.wall_ms(), now_of(clock_));
  deadlines_.arm(group);
}

Task<Error> GroupRegistry::remove(std::string id) {
  const Error unserved = log_.serves(id);
  if (unserved != Error::none) co_return unserved;
  const GroupPtr group = find(id);
  Error wrong = Error::none;
  if (!group)
    wrong = id.empty() ? Error::invalid_group_id : Error::group_id_not_found;
  else if (!group->is_empty())
    wrong = Error::non_empty_group;
  if (wrong != Error::none) {
    co_await flushed(std::move(id));
    co_return wrong;
  }
  Durable durable = remove(group);
  co_return co_await Promise<Error>::get(std::move(durable));
}

}  // namespace mq::core
