// SPDX-License-Identifier: Apache-2.0
// One member of a consumer group, as the classic protocol sees it: when to join, to sync, to send heartbeats,
// what may be read, and what every answer means. Pure: no I/O, and time is given. Who acts on it is Member
// (member.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/assignors.h"
#include "core/client/failure.h"
#include "net/kafka/messages/heartbeat.h"
#include "net/kafka/messages/join_group.h"
#include "net/kafka/messages/leave_group.h"
#include "net/kafka/messages/sync_group.h"

namespace mq::client {

struct MembershipOptions {
  std::string group;
  std::optional<std::string> instance = std::nullopt;  // a name that outlives the process
  std::vector<std::string> topics;
  const Assignor* assignor = &assignors().front();
  Duration session_timeout = std::chrono::seconds(45);
  Duration rebalance_timeout = std::chrono::seconds(60);
  Duration heartbeat_interval = std::chrono::seconds(3);
};

class Membership {
 public:
  explicit Membership(MembershipOptions options) : options_(std::move(options)) {}

  enum class Do {
    join,
    deal,  // we lead: learn about topics_of_all() and call dealt()
    sync,
    heartbeat,
    wait,  // until wake_at(), or handed_back()
    stop   // failed()
  };
  Do next(Time now) const;
  Time wake_at() const { return is_member() ? heartbeat_at_ : Time::max(); }

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

  // What may be read now. When it changes round() does; and when something was taken away wants_back() asks
  // the reader to let go of all that is not in it: to commit what was read, unless it is lost(), and to say
  // so.
  const std::vector<TopicPartition>& share() const { return share_; }
  std::uint64_t round() const { return round_; }
  bool wants_back() const { return wants_back_; }
  bool lost() const { return lost_; }
  void handed_back();

  // The group wants to be joined again: there are other topics, or partitions.
  void subscribe(std::vector<std::string> topics);
  void rejoin();

  bool is_member() const { return generation_ >= 0; }
  bool is_leader() const { return leader_; }
  std::int32_t generation() const { return generation_; }
  const std::string& member() const { return member_; }
  const MembershipOptions& options() const { return options_; }
  kafka::Error failed() const { return failed_; }

 private:
  enum class State { joining, dealing, syncing, stable };
  void refused(kafka::Error error);
  void take_all(bool lost);

  MembershipOptions options_;
  State state_ = State::joining;
  std::string member_;
  std::int32_t generation_ = -1;
  bool leader_ = false;
  std::vector<Subscriber> subscribers_;  // of a leader
  Shares dealt_;
  std::vector<TopicPartition> share_;
  std::uint64_t round_ = 0;
  bool wants_back_ = false, lost_ = false, joins_again_ = false;
  Time heartbeat_at_ = Time::max();
  kafka::Error failed_ = kafka::Error::none;
};

}  // namespace mq::client
