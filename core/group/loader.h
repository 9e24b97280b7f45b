// SPDX-License-Identifier: Apache-2.0
// Reads what a partition of __consumer_offsets remembers into the registry, when it is coordinated here, and
// forgets it when it is no more. Lives on the loop.
#pragma once

#include "core/group/classic_steps.h"
#include "core/group/commits.h"
#include "core/group/configs.h"

namespace mq::core {

struct OffsetChange;

class GroupLoader {
 public:
  GroupLoader(const Clock& clock, const Config& config, const Catalog& topics,
              const TopicCatalog& group_topics, const CoordinatorShards& shards, const InternalTopic& log,
              GroupRegistry& registry, GroupDeadlines& deadlines, ClassicSteps& steps,
              const GroupConfigs& configs, Commits& commits);

  // As CoordinatorShards::Load. `stopped`: the partition is led in another epoch by now, or elsewhere, and
  // what was read of it does not count. Any other error: it cannot be read, which was logged. Must not
  // outlive this.
  Task<error_code> load(std::int32_t partition, Epoch epoch);
  // As CoordinatorShards::Drop.
  void drop(std::int32_t partition);

 private:
  GroupPtr find_or_make(const std::string& group);
  void replayed(std::int32_t partition, net::Bytes key, std::optional<net::Bytes> value,
                const kafka::BatchHead& head);
  void replayed(OffsetChange&& change, const kafka::BatchHead& head);
  void replayed_consumer(const std::string& id, net::Bytes key, std::optional<net::Bytes> value);
  bool is_gone(const std::string& topic, const Uuid& id);
  void loaded(std::int32_t partition);
  void loaded(const GroupPtr& group);
  void judge_protocol(Group& group);
  void log_loaded();

  const Clock& clock_;
  const Config& config_;
  const Catalog& topics_;
  const TopicCatalog& group_topics_;
  const CoordinatorShards& shards_;
  const InternalTopic& log_;
  GroupRegistry& registry_;
  GroupDeadlines& deadlines_;
  ClassicSteps& steps_;
  const GroupConfigs& configs_;
  Commits& commits_;
  std::map<std::int32_t, std::vector<GroupPtr>> found_;  // groups in partitions that are being read
  std::optional<Time> loads_since_;                      // for the log, while any is
  TopicPtr last_read_;  // topic of the commit that was read last: that of most others, too
};

}  // namespace mq::core
