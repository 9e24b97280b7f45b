// SPDX-License-Identifier: Apache-2.0
#include "core/group/commits.h"

#include <algorithm>

#include "core/group/expiry.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

Commits::Commits(const Clock& clock, const Config& config, const Catalog& topics,
                 const CoordinatorShards& shards, GroupLog& log, GroupRegistry& registry,
                 GroupDeadlines& deadlines)
    : clock_(clock),
      config_(config),
      topics_(topics),
      shards_(shards),
      log_(log),
      registry_(registry),
      deadlines_(deadlines) {}

// ---------------------------------------------------------------------------------------------- committing

Task<std::vector<Error>> Commits::commit(Committer who, std::vector<PartitionCommit> commits,
                                         kafka::BatchProducer producer) {
  std::vector<Error> answers(commits.size(), co_await log_.ready(who.group));
  if (commits.empty() || answers.front() != Error::none) co_return answers;
  GroupPtr group = registry_.find(who.group);
  if (!group && who.generation >= 0) {
    co_await registry_.flushed(std::move(who.group));
    co_return std::vector(commits.size(), Error::group_id_not_found);
  }
  if (!group) group = registry_.find_or_make(who.group);
  if (!group) co_return std::vector(commits.size(), Error::coordinator_not_available);
  std::vector<PartitionCommit> taken;
  for (std::size_t i = 0; i < commits.size(); i++) {
    answers[i] = may_commit(*group, who, commits[i], producer.transactional);
    if (answers[i] == Error::none) taken.push_back(std::move(commits[i]));
  }
  deadlines_.arm(group);
  if (taken.empty()) {
    registry_.drop_if_nothing(group);
    co_await GroupLog::flushed(std::move(group));
    co_return answers;
  }
  const Error failed = co_await write(std::move(group), std::move(taken), producer);
  std::ranges::replace(answers, Error::none, failed);
  co_return answers;
}

Task<Error> Commits::write(GroupPtr group, std::vector<PartitionCommit> commits,
                           kafka::BatchProducer producer) {
  std::vector<KeyedRecord> records;
  for (const PartitionCommit& one : commits) records.push_back(offset_record(group->id, one));
  auto shared = std::make_shared<std::vector<PartitionCommit>>(std::move(commits));
  const auto on_its_way = group->committing.insert(group->committing.end(), shared);
  const ProducerId owner = producer.transactional ? producer.id : -1;
  std::function<void()> applied = [this, group, shared, owner] {  // not called when this is gone
    std::vector<TopicPartition> gone;
    for (PartitionCommit& one : *shared) {
      const TopicPtr topic = topics_.find(one.topic);
      if (topic && topic->id == one.topic_id)
        apply(group, std::move(one), owner);
      else
        gone.push_back({one.topic, one.partition});  // while this was on its way to the disk
    }
    if (!gone.empty()) forget(group, std::move(gone));
  };
  Durable durable = registry_.append(group, records, std::move(applied), producer);
  const Error failed = co_await Promise<Error>::get(std::move(durable));
  group->committing.erase(on_its_way);
  co_return failed;
}

Error Commits::may_commit(Group& group, const Committer& who, const PartitionCommit& what,
                          bool transactional) {
  if (!group.consumer)
    return group.classic.may_commit(who.member_id, who.instance_id, who.generation, transactional,
                                    now_of(clock_));
  const bool anonymous = who.generation < 0 && who.member_id.empty() && !who.instance_id;
  if (transactional && anonymous) return Error::none;
  const ConsumerMember* member = group.consumer->find(who.member_id);
  if (member && !member->classic && !who.knows_member_epochs) return Error::unsupported_version;
  return group.consumer->may_commit(who.member_id, who.generation, who.instance_id, what.topic_id,
                                    what.partition);
}

void Commits::apply(const GroupPtr& group, PartitionCommit one, ProducerId producer) {
  one.commit.topic_id = one.topic_id;
  if (producer >= 0) {
    in_transactions_[{group->partition, producer}].insert(group);
    return group->offsets.commit_pending(producer, one.topic, one.partition, std::move(one.commit));
  }
  const Commit& commit = one.commit;
  const Timestamp by_age = commit.committed_ms + config_.offsets_retention.count();
  group->look_later(commit.expires_ms >= 0 ? commit.expires_ms : by_age, now_of(clock_));
  group->offsets.commit(one.topic, one.partition, std::move(one.commit));
}

// ---------------------------------------------------------------------------------------------- transactions

void Commits::transaction_ended(std::int32_t partition, ProducerId producer, bool committed) {
  if (shards_.is_loading(partition)) {  // what it ends may not have been read yet
    ended_meanwhile_[partition].emplace_back(producer, committed);
    return;
  }
  release_pending(partition, producer, committed);
}

void Commits::release_pending(std::int32_t partition, ProducerId producer, bool committed) {
  const auto node = in_transactions_.extract({partition, producer});
  if (!node) return;
  for (const GroupPtr& group : node.mapped()) {
    group->offsets.end_transaction(producer, committed);
    group->look_later(clock_.wall_ms(), now_of(clock_));
    deadlines_.arm(group);
    registry_.drop_if_nothing(group);
  }
}

void Commits::loaded(std::int32_t partition) {
  if (const auto ended = ended_meanwhile_.extract(partition))
    for (const auto& [producer, committed] : ended.mapped()) release_pending(partition, producer, committed);
}

void Commits::drop(std::int32_t partition) {
  ended_meanwhile_.erase(partition);
  std::erase_if(in_transactions_,
                [partition](const auto& pending) { return pending.first.first == partition; });
}

// ---------------------------------------------------------------------------------------------- forgetting

Durable Commits::forget(const GroupPtr& group, std::vector<TopicPartition> partitions) {
  std::vector<KeyedRecord> records;
  for (const TopicPartition& one : partitions) records.push_back(offset_tombstone(group->id, one));
  return registry_.append(group, records, [group, partitions = std::move(partitions)] {
    for (const TopicPartition& one : partitions) group->offsets.forget(one.topic, one.partition);
  });
}

// Of the next topic of that name something may be committed by now, or is about to be.
Task<void> Commits::topic_removed(std::string topic) {
  const TopicPtr next = topics_.find(topic);
  std::vector<Durable> forgotten;
  for (const auto& [id, group] : registry_.all()) {  // it does not change in here: answers come later
    std::vector<TopicPartition> gone;
    for (const std::int32_t partition : group->offsets.partitions_of(topic)) {
      const Commit* commit = group->offsets.find(topic, partition);
      const bool is_of_next = next && commit && commit->topic_id == next->id;
      if (!is_of_next && !group->is_committing({topic, partition})) gone.push_back({topic, partition});
    }
    if (!gone.empty()) forgotten.push_back(forget(group, std::move(gone)));
  }
  for (Durable& one : forgotten) co_await Promise<Error>::get(std::move(one));
}

void Commits::expire(const GroupPtr& group) {
  group->look_at.reset();
  const GroupOffsets::Expiry expiry = expiry_of(*group, config_);
  auto expired = group->offsets.expired(expiry, clock_.wall_ms());
  std::erase_if(expired, [&](const TopicPartition& one) { return group->is_committing(one); });
  const bool all =
      expired.size() == group->offsets.size() && !group->offsets.has_pending() && group->committing.empty();
  if (all && group->is_empty()) {
    registry_.remove(group);
    return;
  }
  if (!expired.empty()) forget(group, std::move(expired));
  if (const auto earliest = group->offsets.earliest_expiry(expiry))
    group->look_later(*earliest, now_of(clock_));
}

}  // namespace mq::core
