// SPDX-License-Identifier: Apache-2.0
#include "core/group/coordinator.h"

#include <algorithm>

#include "core/group/consumer_records.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

namespace {

// Whether the group could be written down with this member.
bool fits(const ClassicGroup::Join& request) {
  constexpr std::size_t most = GroupCoordinator::name_bytes_max;
  std::size_t metadata = 0;
  for (const Protocol& protocol : request.protocols)
    metadata += protocol.name.size() + protocol.metadata.size();
  return metadata <= GroupCoordinator::metadata_bytes_max &&
         request.instance_id.value_or("").size() <= most && request.member_id.size() <= most &&
         request.protocol_type.size() <= most &&
         std::all_of(request.protocols.begin(), request.protocols.end(),
                     [](const Protocol& protocol) { return protocol.name.size() <= most; });
}

}  // namespace

GroupCoordinator::GroupCoordinator(asio::io_context& loop, const Clock& clock, const Config& config,
                                   const Catalog& topics, InternalTopic& log)
    : clock_(clock),
      config_(config),
      topics_(topics),
      log_(log),
      known_topics_(topics),
      shards_(
          loop,
          [this](std::int32_t partition, Epoch epoch) { return load(shared_from_this(), partition, epoch); },
          [this](std::int32_t partition) { forget_partition(partition); }),
      deadlines_(loop, clock, [this](const GroupPtr& group, Now now) { due(group, now); }) {}

void GroupCoordinator::stop() {
  stopped_ = true;
  shards_.stop();
  deadlines_.stop();
  for (const auto& [id, group] : Groups(groups_)) {
    Step step;
    group->classic.abandon(Error::not_coordinator, step);
    act(group, step);
  }
}

// ---------------------------------------------------------------------------------------------- groups

Error GroupCoordinator::serves(std::string_view group) const {
  if (stopped_) return Error::not_coordinator;
  if (!topics_.find(log_.name())) return Error::none;  // there are no groups, and nobody else has them
  return shards_.serves(log_.partition_of(group));
}

Task<Error> GroupCoordinator::ready(std::string group) {
  if (group.size() > name_bytes_max) co_return Error::invalid_group_id;
  const Error missing = co_await log_.ensure();
  if (missing != Error::none) co_return missing;
  co_return serves(group);
}

GroupPtr GroupCoordinator::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second;
}

// Null: there are too many.
GroupPtr GroupCoordinator::find_or_make(const std::string& id) {
  if (GroupPtr known = find(id)) return known;
  if (groups_.size() >= groups_max) return nullptr;
  ClassicLimits limits;
  limits.members_max = config_.group_members_max;
  limits.initial_rebalance_delay = config_.group_initial_rebalance_delay;
  auto group = std::make_shared<Group>(limits);
  group->id = id;
  group->number = ++groups_made_;
  group->partition = log_.partition_of(id);
  groups_[id] = group;
  if (const auto removed = removed_.find(id); removed != removed_.end()) group->newest = removed->second;
  group->epoch = shards_.epoch(group->partition).value_or(-1);
  if (shards_.is_loading(group->partition))
    found_[group->partition].push_back(group);  // nobody else may ask for it yet
  return group;
}

void GroupCoordinator::drop(const GroupPtr& group) {
  deadlines_.remove(*group);
  group->dropped = true;
  const auto known = groups_.find(group->id);
  if (known != groups_.end() && known->second == group) groups_.erase(known);
}

// A name that somebody mentioned is not a group yet.
void GroupCoordinator::drop_if_nothing(const GroupPtr& group) {
  const ClassicGroup& state = group->classic;
  if (group->is_empty() && !group->consumer && state.generation() == 0 && group->offsets.empty() &&
      group->in_flight == 0)
    drop(group);
}

Task<void> GroupCoordinator::topic_removed(std::string topic) {
  std::vector<Durable> forgotten;
  for (const auto& [id, group] : groups_) {  // it does not change in here: answers come later
    std::vector<TopicPartition> gone;
    for (const std::int32_t partition : group->offsets.partitions_of(topic))
      gone.push_back({topic, partition});
    if (!gone.empty()) forgotten.push_back(forget_offsets(group, std::move(gone)));
  }
  for (Durable& one : forgotten) co_await Promise<Error>::get(std::move(one));
}

// ---------------------------------------------------------------------------------------------- configs

const ConfigMap& GroupCoordinator::configs_of(std::string_view group) const {
  static const ConfigMap none;
  const auto found = configured_.find(group);
  return found == configured_.end() ? none : found->second;
}

ConsumerLimits GroupCoordinator::consumer_limits(std::string_view group) const {
  return consumer_limits_of(config_, configs_of(group));
}

void GroupCoordinator::configure(const std::string& id, ConfigMap own) {
  if (own.empty())
    configured_.erase(id);
  else
    configured_[id] = std::move(own);
  const GroupPtr group = find(id);
  if (group && group->consumer) group->consumer->limit(consumer_limits(id));
}

// ---------------------------------------------------------------------------------------------- members

Task<ClassicGroup::JoinAnswer> GroupCoordinator::join(std::string id, ClassicGroup::Join request) {
  ClassicGroup::JoinAnswer refused;
  refused.member_id = request.member_id;
  if (id.empty())
    refused.error = Error::invalid_group_id;
  else if (request.session_timeout < config_.group_session_timeout_min ||
           request.session_timeout > config_.group_session_timeout_max)
    refused.error = Error::invalid_session_timeout;
  else if (!fits(request))
    refused.error = Error::invalid_request;
  else
    refused.error = co_await ready(id);
  if (refused.error != Error::none) co_return refused;
  GroupPtr group = find(id);
  if (!group && !request.member_id.empty()) {
    co_await flushed(std::move(id));
    refused.error = Error::unknown_member_id;
    co_return refused;
  }
  if (!group) group = find_or_make(id);
  if (!group) refused.error = Error::coordinator_not_available;
  if (!group) co_return refused;
  if (group->consumer && !group->is_empty())
    co_return co_await join_consumers(std::move(group), std::move(request));
  ConsumerGroupRows rows;
  if (group->consumer) append(group, become_classic(*group, rows), [] {});

  const Ticket ticket = ++tickets_;
  auto answer = std::make_shared<Promise<ClassicGroup::JoinAnswer>>();
  joins_[ticket] = answer;
  Step step;
  group->classic.join(std::move(request), ticket, now(), step);
  act(group, step);
  auto joined = co_await Promise<ClassicGroup::JoinAnswer>::get(std::move(answer));
  refused.error = co_await flushed(std::move(group));
  refused.member_id = joined.member_id;
  if (joined.error == Error::none && refused.error != Error::none) co_return refused;
  co_return joined;
}

Task<ClassicGroup::SyncAnswer> GroupCoordinator::sync(std::string id, ClassicGroup::Sync request) {
  ClassicGroup::SyncAnswer refused;
  const GroupPtr group = find(id);
  refused.error = id.empty() ? Error::invalid_group_id : serves(id);
  if (refused.error != Error::none) co_return refused;
  if (!group) {
    co_await flushed(std::move(id));
    refused.error = Error::unknown_member_id;
    co_return refused;
  }
  ClassicGroup::SyncAnswer synced = co_await sync(group, std::move(request));
  refused.error = co_await flushed(group);
  if (synced.error == Error::none && refused.error != Error::none) co_return refused;
  co_return synced;
}

Task<ClassicGroup::SyncAnswer> GroupCoordinator::sync(GroupPtr group, ClassicGroup::Sync request) {
  if (group->consumer) {
    auto synced = group->consumer->sync(request, clock_.now());
    deadlines_.arm(group);
    co_return synced;
  }
  const Ticket ticket = ++tickets_;
  auto answer = std::make_shared<Promise<ClassicGroup::SyncAnswer>>();
  syncs_[ticket] = answer;
  Step step;
  group->classic.sync(std::move(request), ticket, now(), step);
  act(group, step);
  co_return co_await Promise<ClassicGroup::SyncAnswer>::get(std::move(answer));
}

Task<Error> GroupCoordinator::heartbeat(std::string id, std::string member_id,
                                        std::optional<std::string> instance_id, Generation generation) {
  if (id.empty()) co_return Error::invalid_group_id;
  const Error unserved = serves(id);
  if (unserved == Error::coordinator_load_in_progress) co_return Error::none;  // it will still be there
  if (unserved != Error::none) co_return unserved;
  const GroupPtr group = find(id);
  if (!group) {
    co_await flushed(std::move(id));
    co_return Error::unknown_member_id;
  }
  Error answer = Error::none;
  if (group->consumer) {
    answer = heartbeat_consumers(group, member_id, instance_id, generation);
  } else {
    answer = group->classic.heartbeat(member_id, instance_id, generation, now());
    deadlines_.arm(group);
  }
  if (group->is_flushed()) co_return answer;
  const Error failed = co_await flushed(group);
  co_return answer == Error::none ? failed : answer;
}

Task<GroupCoordinator::Left> GroupCoordinator::leave(std::string id,
                                                     std::vector<ClassicGroup::Leaving> leaving) {
  if (id.empty()) co_return error_code(Error::invalid_group_id);
  const Error unserved = serves(id);
  if (unserved != Error::none) co_return error_code(unserved);
  GroupPtr group = find(id);
  if (!group) {
    co_await flushed(std::move(id));
    co_return std::vector<Error>(leaving.size(), Error::unknown_member_id);
  }
  if (group->consumer) co_return co_await leave_consumers(std::move(group), std::move(leaving));
  Step step;
  auto answers = group->classic.leave(leaving, now(), step);
  act(group, step);
  const Error failed = co_await flushed(std::move(group));
  if (failed != Error::none) co_return error_code(failed);
  co_return answers;
}

// ---------------------------------------------------------------------------------------------- time

void GroupCoordinator::due(const GroupPtr& group, Now present) {
  Step step;
  if (group->classic.wake_at() && *group->classic.wake_at() <= present.time)
    group->classic.expire(present, step);
  expire_consumers(group);
  if (group->look_at && *group->look_at <= present.time) look(group);
  act(group, step);
}

}  // namespace mq::core
