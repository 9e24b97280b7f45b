// SPDX-License-Identifier: Apache-2.0
// The coordinator of groups, as far as the consumer protocol goes (KIP-848), and those groups' members that
// speak the classic one.
#include <spdlog/spdlog.h>

#include "core/group/consumer_records.h"
#include "core/group/coordinator.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

Task<ConsumerGroup::Answer> GroupCoordinator::consumer_heartbeat(std::string id,
                                                                 ConsumerGroup::Heartbeat request) {
  using Answer = ConsumerGroup::Answer;
  const Error unserved = co_await ready(id);
  if (unserved != Error::none) co_return Answer::refusal(unserved);
  const bool joins = request.epoch == 0;
  GroupPtr group = find(id);
  if (!group && joins && !(group = find_or_make(id)))
    co_return Answer::refusal(Error::coordinator_not_available);
  if (!group || (!group->consumer && !joins)) {
    co_await flushed(id);
    co_return Answer::refusal(Error::group_id_not_found, "there is no consumer group \"" + id + "\"");
  }

  Upgrade fresh;
  if (!group->consumer) fresh = upgrade(*group);
  if (fresh.error != Error::none) co_return Answer::refusal(fresh.error, std::move(fresh.message));
  ConsumerGroup& state = fresh.group ? *fresh.group : *group->consumer;
  ConsumerGroupRows rows;
  Answer answer = state.heartbeat(request, clock_.now(), rows);
  if (answer.error != Error::none) {
    drop_if_nothing(group);
    co_await flushed(std::move(group));
    co_return answer;
  }
  if (fresh.group) become_consumer(group, std::move(fresh.group), rows);
  Durable durable = store(group, std::move(rows));
  if (!durable) co_return answer;
  const Error failed = co_await Promise<Error>::get(std::move(durable));
  if (failed != Error::none) co_return Answer::refusal(failed, "the group could not be written");
  co_return answer;
}

// The group has changed already: what fails to be written is written with what changes next, as it is then.
// With nothing to write: what was written last; null: that is durable.
Durable GroupCoordinator::store(const GroupPtr& group, ConsumerGroupRows rows) {
  rows.merge(group->unwritten);
  group->unwritten.clear();
  std::vector<KeyedRecord> records;
  if (!rows.empty() && goes_back(*group))
    records = become_classic(*group, rows);
  else
    records = records_of(group->id, group->consumer.get(), rows);
  if (group->is_empty()) group->look_later(clock_.wall_ms(), now());
  deadlines_.arm(group);
  if (records.empty()) return group->is_flushed() ? nullptr : group->newest;
  return put(group, records, [group, rows = std::move(rows)](Error error) mutable {
    if (error != Error::none) group->unwritten.merge(std::move(rows));
  });
}

void GroupCoordinator::expire_consumers(const GroupPtr& group) {
  if (!group->consumer || !group->consumer->wake_at() || *group->consumer->wake_at() > clock_.now()) return;
  ConsumerGroupRows rows;
  group->consumer->expire(clock_.now(), rows);
  if (!rows.empty()) store(group, std::move(rows));
}

// ---------------------------------------------------------------------------------------------- classic
// members

Task<ClassicGroup::JoinAnswer> GroupCoordinator::join_consumers(GroupPtr group, ClassicGroup::Join request) {
  ClassicGroup::JoinAnswer answer;
  const bool mixes = config_.group_migration != MigrationPolicy::disabled;
  if (!mixes && !group->consumer->find(request.member_id)) {
    answer.error = Error::inconsistent_group_protocol;
    answer.member_id = std::move(request.member_id);
    co_return answer;
  }
  ConsumerGroupRows rows;
  answer = group->consumer->join(request, clock_.now(), rows);
  Durable durable = store(group, std::move(rows));
  if (!durable) co_return answer;
  const Error failed = co_await Promise<Error>::get(std::move(durable));
  if (failed == Error::none) co_return answer;
  ClassicGroup::JoinAnswer unwritten;
  unwritten.error = failed;
  unwritten.member_id = std::move(answer.member_id);
  co_return unwritten;
}

Error GroupCoordinator::heartbeat_consumers(const GroupPtr& group, std::string_view member_id,
                                            const std::optional<std::string>& instance_id,
                                            Generation generation) {
  ConsumerGroupRows rows;
  const Error answer = group->consumer->heartbeat(member_id, instance_id, generation, clock_.now(), rows);
  store(group, std::move(rows));
  return answer;
}

Task<GroupCoordinator::Left> GroupCoordinator::leave_consumers(GroupPtr group,
                                                               std::vector<ClassicGroup::Leaving> leaving) {
  ConsumerGroupRows rows;
  auto answers = group->consumer->leave(leaving, rows);
  Durable durable = store(group, std::move(rows));
  if (!durable) co_return answers;
  const Error failed = co_await Promise<Error>::get(std::move(durable));
  if (failed != Error::none) co_return error_code(failed);
  co_return answers;
}

// ---------------------------------------------------------------------------------------------- migration

Upgrade GroupCoordinator::upgrade(const Group& group) const {
  const bool may = config_.group_migration == MigrationPolicy::bidirectional ||
                   config_.group_migration == MigrationPolicy::upgrade;
  if (may || group.is_empty())
    return upgraded(group.classic, consumer_limits(group.id), known_topics_, clock_.now());
  return {nullptr, Error::group_id_not_found, "the group is one of the classic protocol, and is to stay so"};
}

// Who waits for a rebalance is sent away, and finds another kind of group when it comes again.
void GroupCoordinator::become_consumer(const GroupPtr& group, std::unique_ptr<ConsumerGroup> next,
                                       ConsumerGroupRows& rows) {
  if (!group->is_empty()) spdlog::info("group {}: goes over to the consumer protocol", group->id);
  if (group->classic.generation() > 0) rows.insert({ConsumerGroupRow::Kind::classic, ""});
  rows.merge(next->all_rows());
  group->consumer = std::move(next);
  Step step;
  group->classic.abandon(Error::rebalance_in_progress, step);
  group->classic.restore({}, {}, 0, "", 0, {}, now());
  act(group, step);
}

bool GroupCoordinator::goes_back(const Group& group) const {
  const bool may = config_.group_migration == MigrationPolicy::bidirectional ||
                   config_.group_migration == MigrationPolicy::downgrade;
  return may && group.consumer && group.consumer->is_all_classic() &&
         group.consumer->members().size() <= config_.group_members_max;
}

// Its epochs become generations, so that nothing old is taken for new. What the log has to hear of it, in one
// piece; `rows`: what it has not heard of yet, and then all that it has to forget.
std::vector<KeyedRecord> GroupCoordinator::become_classic(Group& group, ConsumerGroupRows& rows) {
  rows.merge(group.consumer->all_rows());
  rows.merge(group.unwritten);
  rows.erase({ConsumerGroupRow::Kind::classic, ""});
  auto records = records_of(group.id, nullptr, rows);
  const Epoch epoch = group.consumer->epoch();
  auto members = classic_members(*group.consumer, known_topics_);
  const bool goes_on = !members.empty();
  group.consumer.reset();
  group.unwritten.clear();
  group.classic.go_on(goes_on ? epoch + 1 : epoch, std::move(members), now());
  if (!goes_on) return records;
  spdlog::info("group {}: goes back to the classic protocol", group.id);
  records.push_back(group_record(group.id, group.classic));
  return records;
}

// ---------------------------------------------------------------------------------------------- loading

void GroupCoordinator::replayed_consumer(const std::string& id, net::Bytes key,
                                         std::optional<net::Bytes> value) {
  const GroupPtr group = find_or_make(id);
  if (!group) return;
  if (is_group_row(key) && !value) return group->consumer.reset();
  if (!group->consumer && !value) return;
  if (!group->consumer) group->consumer = std::make_unique<ConsumerGroup>(consumer_limits(id), known_topics_);
  if (!restore(*group->consumer, key, value))
    spdlog::error("group {}: a record of it in {} cannot be read", id, log_.name());
}

void GroupCoordinator::restored(Group& group) {
  if (!group.consumer) return;
  group.consumer->restored(clock_.now());
  judge_protocol(group);
}

// When it went over and that could not be written, the log remembers the group in both protocols. Epochs and
// generations go on from each other: the higher one is what it was last.
void GroupCoordinator::judge_protocol(Group& group) {
  const Epoch epoch = group.consumer->epoch();
  if (epoch == 0 || epoch < group.classic.generation())  // 0: its own row is gone, so is the group
    group.consumer.reset();
  else
    group.classic.restore({}, {}, 0, "", 0, {}, now());
}

}  // namespace mq::core
