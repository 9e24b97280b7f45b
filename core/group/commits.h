// SPDX-License-Identifier: Apache-2.0
// How far groups have read: who may commit, what is written, when it counts, what transactions have pending,
// and what expires. Lives on the loop.
#pragma once

#include "core/group/registry.h"

namespace mq::core {

class Commits {
 public:
  Commits(const Clock& clock, const Config& config, const Catalog& topics, const CoordinatorShards& shards,
          GroupLog& log, GroupRegistry& registry, GroupDeadlines& deadlines);

  struct Committer {
    std::string group, member_id;
    std::optional<std::string> instance_id;
    Generation generation = -1;       // or the member's epoch
    bool knows_member_epochs = true;  // the request is of a version that has them
  };
  // An answer for each of `commits`, in their order; what may be committed is written in one piece or not at
  // all. `producer`: within its transaction; nobody sees these offsets before it is committed.
  // group_id_not_found: a member of no group; coordinator_not_available: there are too many groups, or it
  // could not be written; else an error of GroupLog::ready, or what the group says to this member.
  Task<std::vector<kafka::Error>> commit(Committer who, std::vector<PartitionCommit> commits,
                                         kafka::BatchProducer producer = {});
  // Of at least one partition. They are there until that is durable.
  Durable forget(const GroupPtr& group, std::vector<TopicPartition> partitions);
  // What was committed for it is forgotten, by every group; returns when that is durable, or has failed.
  Task<void> topic_removed(std::string topic);
  // The marker of a transaction is durable in the log of this partition (InternalTopic::partition_of a
  // group).
  void transaction_ended(std::int32_t partition, ProducerId producer, bool committed);
  // Forgets what has expired by now: the group itself when that is all there was, and it has no members.
  void expire(const GroupPtr& group);

  // ---- as the log is read (GroupLoader)

  // A commit that is durable; `producer`: whose transaction has it pending; -1: it counts.
  void apply(const GroupPtr& group, PartitionCommit one, ProducerId producer);
  // A marker; also what comes of one that is written while nothing is read.
  void release_pending(std::int32_t partition, ProducerId producer, bool committed);
  // All was read: transactions that ended in between end now.
  void loaded(std::int32_t partition);
  // It is not coordinated here any more: nothing of it is pending.
  void drop(std::int32_t partition);

 private:
  kafka::Error may_commit(Group& group, const Committer& who, const PartitionCommit& what,
                          bool transactional);
  Task<kafka::Error> write(GroupPtr group, std::vector<PartitionCommit> commits,
                           kafka::BatchProducer producer);

  const Clock& clock_;
  const Config& config_;
  const Catalog& topics_;
  const CoordinatorShards& shards_;
  GroupLog& log_;
  GroupRegistry& registry_;
  GroupDeadlines& deadlines_;
  // Who has offsets pending.
  std::map<std::pair<std::int32_t, ProducerId>, std::set<GroupPtr, ByNumber>> in_transactions_;
  // Transactions, by partition, that ended while it was read: whether they were committed.
  std::map<std::int32_t, std::vector<std::pair<ProducerId, bool>>> ended_meanwhile_;
};

}  // namespace mq::core
