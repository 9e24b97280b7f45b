// SPDX-License-Identifier: Apache-2.0
// One member of a consumer group, as the classic protocol sees it: when to join, to sync, to send heartbeats,
// and what every answer means. Pure: no I/O, and time is given. Who acts on it is ClassicMember
// (classic_member.h).
#pragma once

#include "core/client/membership.h"
#include "net/kafka/messages/heartbeat.h"
#include "net/kafka/messages/join_group.h"
#include "net/kafka/messages/leave_group.h"
#include "net/kafka/messages/sync_group.h"

namespace mq::client {

class ClassicMembership : public Membership {
 public:
  using Membership::Membership;

  enum class Do {
    join,
    deal,  // we lead: learn about topics_of_all() and call dealt()
    sync,
    heartbeat,
    wait,  // until wake_at(), or handed_back()
    stop   // failed()
  };
  Do next(Time now) const;
  Time wake_at() const override { return is_member() ? heartbeat_at_ : Time::max(); }

  kafka::JoinGroupRequest join() const;
  kafka::SyncGroupRequest sync() const;
  kafka::HeartbeatRequest heartbeat() const;
  std::optional<kafka::LeaveGroupRequest> leave() const;  // nothing: nobody would miss us, or nobody should

  // Answers. That the coordinator is another one, or cannot be reached, is not for here.
  void joined(kafka::JoinGroupResponse response);
  std::vector<std::string> topics_of_all() const;
  void dealt(const PartitionCounts& topics);
  void synced(const kafka::SyncGroupResponse& response, Time now);
  void heard(kafka::Error heartbeat, Time now);

  void handed_back() override;
  void subscribe(std::vector<std::string> topics) override;
  void rejoin();

  bool is_member() const { return epoch_ >= 0; }

 private:
  enum class State { joining, dealing, syncing, stable };
  void refused(kafka::Error error);

  State state_ = State::joining;
  std::vector<Subscriber> subscribers_;  // of a leader
  Shares dealt_;
  bool joins_again_ = false;  // when it has handed back what was taken
  Time heartbeat_at_ = Time::max();
};

}  // namespace mq::client
