// SPDX-License-Identifier: Apache-2.0
#include "core/group/consumer_runner.h"

#include <spdlog/spdlog.h>

#include "core/group/consumer_records.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

ConsumerRunner::ConsumerRunner(const Clock& clock, const Config& config, const TopicCatalog& topics,
                               const GroupConfigs& configs, GroupLog& log, GroupRegistry& registry,
                               GroupDeadlines& deadlines, ClassicSteps& steps)
    : clock_(clock),
      config_(config),
      topics_(topics),
      configs_(configs),
      log_(log),
      registry_(registry),
      deadlines_(deadlines),
      steps_(steps) {}

Task<ConsumerGroup::Answer> ConsumerRunner::heartbeat(std::string id, ConsumerGroup::Heartbeat request) {
  using Answer = ConsumerGroup::Answer;
  const Error unserved = co_await log_.ready(id);
  if (unserved != Error::none) co_return Answer::refusal(unserved);
  const bool joins = request.epoch == 0;
  GroupPtr group = registry_.find(id);
  if (!group && joins && !(group = registry_.find_or_make(id)))
    co_return Answer::refusal(Error::coordinator_not_available);
  if (!group || (!group->consumer && !joins)) {
    co_await registry_.flushed(id);
    co_return Answer::refusal(Error::group_id_not_found, "there is no consumer group \"" + id + "\"");
  }

  Upgrade fresh;
  if (!group->consumer) fresh = upgrade(*group);
  if (fresh.error != Error::none) co_return Answer::refusal(fresh.error, std::move(fresh.message));
  ConsumerGroup& state = fresh.group ? *fresh.group : *group->consumer;
  ConsumerGroupRows rows;
  Answer answer = state.heartbeat(request, clock_.now(), rows);
  if (answer.error != Error::none) {
    registry_.drop_if_nothing(group);
    co_await GroupLog::flushed(std::move(group));
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
Durable ConsumerRunner::store(const GroupPtr& group, ConsumerGroupRows rows) {
  rows.merge(group->unwritten);
  group->unwritten.clear();
  std::vector<KeyedRecord> records;
  if (!rows.empty() && goes_back(*group))
    records = go_back(*group, rows);
  else
    records = records_of(group->id, group->consumer.get(), rows);
  if (group->is_empty()) group->look_later(clock_.wall_ms(), now_of(clock_));
  deadlines_.arm(group);
  if (records.empty()) return group->is_flushed() ? nullptr : group->newest;
  return log_.put(group, records, [group, rows = std::move(rows)](Error error) mutable {
    if (error != Error::none) group->unwritten.merge(std::move(rows));
  });
}

void ConsumerRunner::expire(const GroupPtr& group) {
  if (!group->consumer || !group->consumer->wake_at() || *group->consumer->wake_at() > clock_.now()) return;
  ConsumerGroupRows rows;
  group->consumer->expire(clock_.now(), rows);
  if (!rows.empty()) store(group, std::move(rows));
}

// ---------------------------------------------------------------------------------------------- classic
// members

Task<ClassicGroup::JoinAnswer> ConsumerRunner::join(GroupPtr group, ClassicGroup::Join request) {
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

ClassicGroup::SyncAnswer ConsumerRunner::sync(const GroupPtr& group, const ClassicGroup::Sync& request) {
  auto synced = group->consumer->sync(request, clock_.now());
  deadlines_.arm(group);
  return synced;
}

Error ConsumerRunner::heartbeat(const GroupPtr& group, std::string_view member_id,
                                const std::optional<std::string>& instance_id, Generation generation) {
  ConsumerGroupRows rows;
  const Error answer = group->consumer->heartbeat(member_id, instance_id, generation, clock_.now(), rows);
  store(group, std::move(rows));
  return answer;
}

Task<ConsumerRunner::Left> ConsumerRunner::leave(GroupPtr group, std::vector<ClassicGroup::Leaving> leaving) {
  ConsumerGroupRows rows;
  auto answers = group->consumer->leave(leaving, rows);
  Durable durable = store(group, std::move(rows));
  if (!durable) co_return answers;
  const Error failed = co_await Promise<Error>::get(std::move(durable));
  if (failed != Error::none) co_return error_code(failed);
  co_return answers;
}

// ---------------------------------------------------------------------------------------------- migration

Upgrade ConsumerRunner::upgrade(const Group& group) const {
  const bool may = config_.group_migration == MigrationPolicy::bidirectional ||
                   config_.group_migration == MigrationPolicy::upgrade;
  if (may || group.is_empty())
    return upgraded(group.classic, configs_.limits(group.id), topics_, clock_.now());
  return {nullptr, Error::group_id_not_found, "the group is one of the classic protocol, and is to stay so"};
}

// Who waits for a rebalance is sent away, and finds another kind of group when it comes again.
void ConsumerRunner::become_consumer(const GroupPtr& group, std::unique_ptr<ConsumerGroup> next,
                                     ConsumerGroupRows& rows) {
  if (!group->is_empty()) spdlog::info("group {}: goes over to the consumer protocol", group->id);
  if (group->classic.generation() > 0) rows.insert({ConsumerGroupRow::Kind::classic, ""});
  rows.merge(next->all_rows());
  group->consumer = std::move(next);
  ClassicGroup::Step step;
  group->classic.abandon(Error::rebalance_in_progress, step);
  group->classic.restore({}, {}, 0, "", 0, {}, now_of(clock_));
  steps_.act(group, step);
}

void ConsumerRunner::become_classic(const GroupPtr& group) {
  ConsumerGroupRows rows;
  registry_.append(group, go_back(*group, rows), [] {});
}

bool ConsumerRunner::goes_back(const Group& group) const {
  const bool may = config_.group_migration == MigrationPolicy::bidirectional ||
                   config_.group_migration == MigrationPolicy::downgrade;
  return may && group.consumer && group.consumer->is_all_classic() &&
         group.consumer->members().size() <= config_.group_members_max;
}

// Its epochs become generations, so that nothing old is taken for new. What the log has to hear of it, in one
// piece; `rows`: what it has not heard of yet, and then all that it has to forget.
std::vector<KeyedRecord> ConsumerRunner::go_back(Group& group, ConsumerGroupRows& rows) {
  rows.merge(group.consumer->all_rows());
  rows.merge(group.unwritten);
  rows.erase({ConsumerGroupRow::Kind::classic, ""});
  auto records = records_of(group.id, nullptr, rows);
  const Epoch epoch = group.consumer->epoch();
  auto members = classic_members(*group.consumer, topics_);
  const bool goes_on = !members.empty();
  group.consumer.reset();
  group.unwritten.clear();
  group.classic.go_on(goes_on ? epoch + 1 : epoch, std::move(members), now_of(clock_));
  if (!goes_on) return records;
  spdlog::info("group {}: goes back to the classic protocol", group.id);
  records.push_back(group_record(group.id, group.classic));
  return records;
}

}  // namespace mq::core
