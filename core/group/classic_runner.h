// SPDX-License-Identifier: Apache-2.0
// Answers the requests of members that speak the classic protocol, whatever their group is: one of that
// protocol decides itself, one of the consumer protocol is asked through the ConsumerRunner. An answer may
// take a whole rebalance. What it says is durable. Lives on the loop.
//
// Beside what the group itself answers: an error of GroupLog::serves or ready, invalid_group_id for no name
// or one that is too long, unknown_member_id when there is no such group, and what became of the group's
// newest write when that failed.
#pragma once

#include "core/group/consumer_runner.h"

namespace mq::core {

class ClassicRunner {
 public:
  // Of what one member says in all protocols that it knows: it is written down with what the others say.
  static constexpr std::size_t metadata_bytes_max = 1u << 20;

  ClassicRunner(const Clock& clock, const Config& config, GroupLog& log, GroupRegistry& registry,
                GroupDeadlines& deadlines, ClassicSteps& steps, ConsumerRunner& consumers);

  // invalid_session_timeout: outside of the broker's bounds; invalid_request: it says more than can be
  // written down (metadata_bytes_max); coordinator_not_available: there are too many groups.
  Task<ClassicGroup::JoinAnswer> join(std::string group, ClassicGroup::Join request);
  Task<ClassicGroup::SyncAnswer> sync(std::string group, ClassicGroup::Sync request);
  // While the group is being read a member is most likely still there: none.
  Task<kafka::Error> heartbeat(std::string group, std::string member_id,
                               std::optional<std::string> instance_id, Generation generation);
  // An answer for each, or one error for all.
  using Left = ConsumerRunner::Left;
  Task<Left> leave(std::string group, std::vector<ClassicGroup::Leaving> leaving);

 private:
  Task<ClassicGroup::SyncAnswer> sync(GroupPtr group, ClassicGroup::Sync request);

  const Clock& clock_;
  const Config& config_;
  GroupLog& log_;
  GroupRegistry& registry_;
  GroupDeadlines& deadlines_;
  ClassicSteps& steps_;
  ConsumerRunner& consumers_;
};

}  // namespace mq::core
