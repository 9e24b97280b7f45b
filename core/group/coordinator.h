// SPDX-License-Identifier: Apache-2.0
// Looks after the groups of this broker: the parts that do so, which of them knows which, and when they begin
// and end. A part knows those above it here, and none below. Lives on the loop.
#pragma once

#include "core/group/classic_runner.h"
#include "core/group/commits.h"
#include "core/group/configs.h"
#include "core/group/consumer_runner.h"
#include "core/group/known_topics.h"
#include "core/group/loader.h"

namespace mq::core {

class GroupCoordinator : public std::enable_shared_from_this<GroupCoordinator> {
 public:
  GroupCoordinator(asio::io_context& loop, const Clock& clock, const Config& config, const Catalog& topics,
                   InternalTopic& topic);

  // This broker leads that partition of the log: what it remembers is read, while others are served already.
  void lead(std::int32_t partition, Epoch epoch);
  // Or does no more: its groups are forgotten at once, and who waits is sent to the next coordinator.
  void resign(std::int32_t partition);
  // Sends away whoever waits. What comes back from the disk afterwards changes nothing.
  void stop();

  GroupLog& log() { return log_; }                    // what is served, who waits for the disk
  GroupDeadlines& deadlines() { return deadlines_; }  // when a group is looked at next
  GroupRegistry& registry() { return *registry_; }    // the groups by name
  GroupConfigs& configs() { return configs_; }        // of single groups
  Commits& commits() { return commits_; }             // how far they have read
  ConsumerRunner& consumers() { return consumers_; }  // the consumer protocol
  ClassicRunner& classic() { return classic_; }       // the classic protocol

 private:
  static Task<error_code> load(std::shared_ptr<GroupCoordinator> self, std::int32_t partition, Epoch epoch);
  void look(const GroupPtr& group, Now now);

  InternalTopic& topic_;
  const KnownTopics known_topics_;
  CoordinatorShards shards_;
  GroupLog log_;
  GroupDeadlines deadlines_;
  // Shared: with what the log calls when it is durable, if they are still there.
  const std::shared_ptr<GroupRegistry> registry_;
  const std::shared_ptr<ClassicSteps> steps_;
  GroupConfigs configs_;
  Commits commits_;
  ConsumerRunner consumers_;
  ClassicRunner classic_;
  GroupLoader loader_;
};

}  // namespace mq::core
