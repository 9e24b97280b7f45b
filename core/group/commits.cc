// SPDX-License-Identifier: Apache-2.0
// The coordinator's work for offsets: who may commit, what is written, when it counts.
#include <algorithm>

#include "core/group/coordinator.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

Task<std::vector<Error>> GroupCoordinator::commit(Committer who, std::vector<PartitionCommit> commits,
                                                  kafka::BatchProducer producer) {
  std::vector<Error> answers(commits.size(), co_await ready(who.group));
  if (commits.empty() || answers.front() != Error::none) co_return answers;
  GroupPtr group = find(who.group);
  if (!group && who.generation >= 0) {
    co_await flushed(std::move(who.group));
    co_return std::vector(commits.size(), Error::group_id_not_found);
  }
  if (!group) group = find_or_make(who.group);
  if (!group) co_return std::vector(commits.size(), Error::coordinator_not_available);
  std::vector<PartitionCommit> taken;
  for (std::size_t i = 0; i < commits.size(); i++) {
    answers[i] = may_commit(*group, who, commits[i], producer.transactional);
    if (answers[i] == Error::none) taken.push_back(std::move(commits[i]));
  }
  deadlines_.arm(group);
  if (taken.empty()) {
    drop_if_nothing(group);
    co_await flushed(std::move(group));
    co_return answers;
  }
  const Error failed = co_await write_commits(std::move(group), std::move(taken), producer);
  std::ranges::replace(answers, Error::none, failed);
  co_return answers;
}

Task<Error> GroupCoordinator::write_commits(GroupPtr group, std::vector<PartitionCommit> commits,
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
    if (!gone.empty()) forget_offsets(group, std::move(gone));
  };
  Durable durable = append(group, records, std::move(applied), producer);
  const Error failed = co_await Promise<Error>::get(std::move(durable));
  group->committing.erase(on_its_way);
  co_return failed;
}

Error GroupCoordinator::may_commit(Group& group, const Committer& who, const PartitionCommit& what,
                                   bool transactional) {
  if (!group.consumer)
    return group.classic.may_commit(who.member_id, who.instance_id, who.generation, transactional, now());
  const bool anonymous = who.generation < 0 && who.member_id.empty() && !who.instance_id;
  if (transactional && anonymous) return Error::none;
  const ConsumerMember* member = group.consumer->find(who.member_id);
  if (member && !member->classic && !who.knows_member_epochs) return Error::unsupported_version;
  return group.consumer->may_commit(who.member_id, who.generation, who.instance_id, what.topic_id,
                                    what.partition);
}

void GroupCoordinator::apply(const GroupPtr& group, PartitionCommit&& one, ProducerId producer) {
  if (producer >= 0) {
    in_transactions_[{group->partition, producer}].insert(group);
    return group->offsets.commit_pending(producer, one.topic, one.partition, std::move(one.commit));
  }
  const Commit& commit = one.commit;
  const Timestamp by_age = commit.committed_ms + config_.offsets_retention.count();
  group->look_later(commit.expires_ms >= 0 ? commit.expires_ms : by_age, now());
  group->offsets.commit(one.topic, one.partition, std::move(one.commit));
}

void GroupCoordinator::transaction_ended(std::int32_t partition, ProducerId producer, bool committed) {
  if (shards_.is_loading(partition)) {  // what it ends may not have been read yet
    ended_meanwhile_[partition].emplace_back(producer, committed);
    return;
  }
  release_pending(partition, producer, committed);
}

void GroupCoordinator::release_pending(std::int32_t partition, ProducerId producer, bool committed) {
  const auto node = in_transactions_.extract({partition, producer});
  if (!node) return;
  for (const GroupPtr& group : node.mapped()) {
    group->offsets.end_transaction(producer, committed);
    group->look_later(clock_.wall_ms(), now());
    deadlines_.arm(group);
    drop_if_nothing(group);
  }
}

Durable GroupCoordinator::forget_offsets(const GroupPtr& group, std::vector<TopicPartition> partitions) {
  std::vector<KeyedRecord> records;
  for (const TopicPartition& one : partitions) records.push_back(offset_tombstone(group->id, one));
  return append(group, records, [group, partitions = std::move(partitions)] {
    for (const TopicPartition& one : partitions) group->offsets.forget(one.topic, one.partition);
  });
}

Task<Error> GroupCoordinator::forget(GroupPtr group, std::vector<TopicPartition> partitions) {
  if (partitions.empty()) co_return Error::none;
  Durable durable = forget_offsets(group, std::move(partitions));
  co_return co_await Promise<Error>::get(std::move(durable));
}

}  // namespace mq::core
