// SPDX-License-Identifier: Apache-2.0
// The coordinator's writes: what steps of groups bring about, who waits until it is durable, and how a group
// is forgotten.
#include <algorithm>

#include "core/group/consumer_records.h"
#include "core/group/coordinator.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

Error GroupCoordinator::for_clients(Error error) {
  switch (error) {
    case Error::none:
    case Error::coordinator_not_available:
    case Error::invalid_producer_epoch:
      return error;
    case Error::message_too_large:
    case Error::record_list_too_large:
      return Error::invalid_commit_offset_size;
    case Error::kafka_storage_error:
    case Error::not_leader_or_follower:
    case Error::not_coordinator:
      return Error::not_coordinator;
    default:
      return Error::coordinator_not_available;
  }
}

void GroupCoordinator::answer(Step& step) {
  for (auto& [ticket, answer] : step.joined)
    if (auto waiting = joins_.extract(ticket)) waiting.mapped()->set(std::move(answer));
  for (auto& [ticket, answer] : step.synced)
    if (auto waiting = syncs_.extract(ticket)) waiting.mapped()->set(std::move(answer));
}

void GroupCoordinator::act(const GroupPtr& group, Step& step) {
  answer(step);
  if (stopped_) return;
  if (step.write) write(group, *step.write);
  if (group->is_empty() && group->offsets.empty()) group->look_later(clock_.wall_ms(), now());
  deadlines_.arm(group);
  drop_if_nothing(group);
}

// ---------------------------------------------------------------------------------------------- writing

Durable GroupCoordinator::put(const GroupPtr& group, const std::vector<KeyedRecord>& records, Done done,
                              kafka::BatchProducer producer) {
  auto durable = std::make_shared<Promise<Error>>();
  if (!is_current(*group)) {
    durable->set(Error::not_coordinator);
    done(Error::not_coordinator);
    return durable;
  }
  group->in_flight++;
  auto told = [group, durable, done = std::move(done)](Error error) {
    group->in_flight--;
    if (group->newest == durable) group->newest.reset();
    durable->set(for_clients(error));
    done(error);
  };
  log_.append(group->partition, records, std::move(told), producer);
  if (!durable->is_set()) newest_ = group->newest = durable;  // what is refused at once changes nothing
  return durable;
}

void GroupCoordinator::write(const GroupPtr& group, std::uint64_t number) {
  const std::vector<KeyedRecord> records{group_record(group->id, group->classic)};
  put(group, records, [weak = weak_from_this(), group, number](Error error) {
    const auto self = weak.lock();
    if (!self || !self->is_current(*group)) return;
    Step step;
    const bool too_large = error == Error::message_too_large;
    group->classic.written(number, too_large ? Error::unknown_server_error : for_clients(error), self->now(),
                           step);
    self->act(group, step);
  });
}

Durable GroupCoordinator::append(const GroupPtr& group, const std::vector<KeyedRecord>& records,
                                 std::function<void()> applied, kafka::BatchProducer producer) {
  auto done = [weak = weak_from_this(), group, applied = std::move(applied)](Error error) {
    const auto self = weak.lock();
    if (!self || self->stopped_ || !self->is_current(*group)) return;
    if (error == Error::none) applied();
    self->deadlines_.arm(group);
    self->drop_if_nothing(group);
  };
  return put(group, records, std::move(done), producer);
}

// ---------------------------------------------------------------------------------------------- waiting

Task<Error> GroupCoordinator::flushed(GroupPtr group) {
  if (group->is_flushed()) co_return Error::none;
  Durable newest = group->newest;
  co_return co_await Promise<Error>::get(std::move(newest));
}

Task<Error> GroupCoordinator::flushed(std::string id) const {
  if (GroupPtr group = find(id)) co_return co_await flushed(std::move(group));
  const auto removed = removed_.find(id);
  if (removed == removed_.end()) co_return Error::none;
  Durable newest = removed->second;
  co_return co_await Promise<Error>::get(std::move(newest));
}

// The groups' partitions share a journal: what was handed to it last is durable last.
Task<Error> GroupCoordinator::flushed() const {
  if (!newest_) co_return Error::none;
  Durable newest = newest_;
  co_return co_await Promise<Error>::get(std::move(newest));
}

// ---------------------------------------------------------------------------------------------- forgetting

// Gone at once: who joins from now on joins a new group, whose records come after these.
Durable GroupCoordinator::remove(const GroupPtr& group) {
  std::vector<KeyedRecord> records;
  for (const TopicPartition& one : group->partitions()) records.push_back(offset_tombstone(group->id, one));
  records.push_back(group_tombstone(group->id));
  if (group->consumer)
    for (KeyedRecord& row : records_of(group->id, nullptr, group->consumer->all_rows()))
      records.push_back(std::move(row));
  drop(group);
  auto done = [weak = weak_from_this(), group](Error error) {
    const auto self = weak.lock();
    if (self && !self->stopped_) self->removed(group, error);
  };
  Durable durable = put(group, records, std::move(done));
  if (!durable->is_set()) removed_[group->id] = durable;
  return durable;
}

// The log still has a group whose tombstones failed: it is there again, unless there is another of its name.
void GroupCoordinator::removed(const GroupPtr& group, Error error) {
  const auto waiting = removed_.find(group->id);
  if (waiting != removed_.end() && waiting->second->is_set()) removed_.erase(waiting);
  if (error == Error::none || find(group->id) || !is_current(*group)) return;
  group->dropped = false;
  groups_[group->id] = group;
  group->look_later(clock_.wall_ms(), now());
  deadlines_.arm(group);
}

Task<Error> GroupCoordinator::remove(std::string id) {
  const Error unserved = serves(id);
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
