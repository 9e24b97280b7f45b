// SPDX-License-Identifier: Apache-2.0
// Runs groups of the consumer protocol (KIP-848), also for those of their members that speak the classic one:
// lets their states decide, and writes the rows that changed. What it answers is durable. Lives on the loop.
//
// A group with members goes from one protocol to the other as far as the migration policy lets it: to the
// consumer protocol with the first member that speaks it, back when the last one is gone.
#pragma once

#include "core/group/classic_steps.h"
#include "core/group/configs.h"
#include "core/group/migration.h"

namespace mq::core {

class ConsumerRunner {
 public:
  ConsumerRunner(const Clock& clock, const Config& config, const TopicCatalog& topics,
                 const GroupConfigs& configs, GroupLog& log, GroupRegistry& registry,
                 GroupDeadlines& deadlines, ClassicSteps& steps);

  // The consumer protocol's one request. group_id_not_found: there is no such group, and it does not join, or
  // it is a classic one that is to stay so; else an error of GroupLog::ready, or what the group says.
  Task<ConsumerGroup::Answer> heartbeat(std::string group, ConsumerGroup::Heartbeat request);
  // Members that were silent for too long are removed.
  void expire(const GroupPtr& group);
  // Of one without members: it is a classic one from now on.
  void become_classic(const GroupPtr& group);

  // ---- members that speak the classic protocol, in a group that is one of the consumer protocol

  // inconsistent_group_protocol: nor may they come (MigrationPolicy::disabled).
  Task<ClassicGroup::JoinAnswer> join(GroupPtr group, ClassicGroup::Join request);
  // Out of memory, as the heartbeat: whoever answers with it waits until the group is flushed.
  ClassicGroup::SyncAnswer sync(const GroupPtr& group, const ClassicGroup::Sync& request);
  kafka::Error heartbeat(const GroupPtr& group, std::string_view member_id,
                         const std::optional<std::string>& instance_id, Generation generation);
  // An answer for each, or one error for all: it could not be written.
  using Left = Result<std::vector<kafka::Error>>;
  Task<Left> leave(GroupPtr group, std::vector<ClassicGroup::Leaving> leaving);

 private:
  Durable store(const GroupPtr& group, ConsumerGroupRows rows);
  Upgrade upgrade(const Group& group) const;
  void become_consumer(const GroupPtr& group, std::unique_ptr<ConsumerGroup> next, ConsumerGroupRows& rows);
  bool goes_back(const Group& group) const;
  std::vector<KeyedRecord> go_back(Group& group, ConsumerGroupRows& rows);

  const Clock& clock_;
  const Config& config_;
  const TopicCatalog& topics_;
  const GroupConfigs& configs_;
  GroupLog& log_;
  GroupRegistry& registry_;
  GroupDeadlines& deadlines_;
  ClassicSteps& steps_;
};

}  // namespace mq::core
