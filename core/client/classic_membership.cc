// SPDX-License-Identifier: Apache-2.0
#include "core/client/classic_membership.h"

#include <algorithm>

#include "core/client/consumer_protocol.h"
#include "core/client/deadline.h"

namespace mq::client {
namespace {

using kafka::Error;

constexpr std::string_view protocol = "consumer";

}  // namespace

// Who still has to let go of something stays alive until it has, and does nothing else.
ClassicMembership::Do ClassicMembership::next(Time now) const {
  if (failed_ != Error::none) return Do::stop;
  const bool beats = is_member() && now >= heartbeat_at_;
  if (wants_back()) return beats ? Do::heartbeat : Do::wait;
  switch (state_) {
    case State::joining:
      return Do::join;
    case State::dealing:
      return Do::deal;
    case State::syncing:
      return Do::sync;
    case State::stable:
      break;
  }
  return beats ? Do::heartbeat : Do::wait;
}

kafka::JoinGroupRequest ClassicMembership::join() const {
  kafka::JoinGroupRequest request;
  request.group_id = options_.group;
  request.session_timeout_ms = in_ms(options_.session_timeout);
  request.rebalance_timeout_ms = in_ms(options_.rebalance_timeout);
  request.member_id = member_;
  request.group_instance_id = options_.instance;
  request.protocol_type = protocol;
  const Subscriber us{member_, options_.instance, options_.topics, share(), epoch_};
  auto& offered = request.protocols.emplace_back();
  offered.name = options_.assignor->name;
  offered.metadata = subscription_bytes(us, *options_.assignor);
  return request;
}

kafka::SyncGroupRequest ClassicMembership::sync() const {
  kafka::SyncGroupRequest request;
  request.group_id = options_.group;
  request.generation_id = epoch_;
  request.member_id = member_;
  request.group_instance_id = options_.instance;
  request.protocol_type = protocol;
  request.protocol_name = options_.assignor->name;
  for (const auto& [member, share] : dealt_) {
    auto& assignment = request.assignments.emplace_back();
    assignment.member_id = member;
    assignment.assignment = assignment_bytes(share);
  }
  return request;
}

kafka::HeartbeatRequest ClassicMembership::heartbeat() const {
  return {options_.group, epoch_, member_, options_.instance};
}

// A static member comes back: its partitions wait for it as long as its session does.
std::optional<kafka::LeaveGroupRequest> ClassicMembership::leave() const {
  if (member_.empty() || options_.instance) return std::nullopt;
  kafka::LeaveGroupRequest request;
  request.group_id = options_.group;
  request.member_id = member_;  // up to version 2; then:
  request.members.emplace_back().member_id = member_;
  return request;
}

void ClassicMembership::joined(kafka::JoinGroupResponse response) {
  const Error error = kafka::error_of(response.error_code);
  if (error == Error::member_id_required) {
    member_ = std::move(response.member_id);
    return;
  }
  if (error != Error::none) return refused(error);
  member_ = std::move(response.member_id);
  epoch_ = response.generation_id;
  const bool is_leader = response.leader == member_;
  dealt_.clear();
  subscribers_.clear();
  for (auto& member : response.members)
    subscribers_.push_back(parse_subscription(std::move(member.member_id),
                                              std::move(member.group_instance_id), member.metadata));
  state_ = is_leader && !response.skip_assignment ? State::dealing : State::syncing;
}

std::vector<std::string> ClassicMembership::topics_of_all() const {
  std::vector<std::string> topics;
  for (const Subscriber& subscriber : subscribers_)
    topics.insert(topics.end(), subscriber.topics.begin(), subscriber.topics.end());
  std::ranges::sort(topics);
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  return topics;
}

void ClassicMembership::dealt(const PartitionCounts& topics) {
  dealt_ = options_.assignor->deal(subscribers_, topics);
  state_ = State::syncing;
}

void ClassicMembership::synced(const kafka::SyncGroupResponse& response, Time now) {
  const Error error = kafka::error_of(response.error_code);
  if (error != Error::none) return refused(error);
  joins_again_ = give(parse_assignment(response.assignment));  // so that who waits gets it in the next round
  state_ = State::stable;
  heartbeat_at_ = now + options_.heartbeat_interval;
}

void ClassicMembership::heard(Error heartbeat, Time now) {
  heartbeat_at_ = now + options_.heartbeat_interval;
  if (heartbeat != Error::none) refused(heartbeat);
}

void ClassicMembership::refused(Error error) {
  switch (error) {
    case Error::rebalance_in_progress:
      return rejoin();
    case Error::unknown_member_id:
      member_.clear();
      [[fallthrough]];
    case Error::illegal_generation:
      epoch_ = -1;
      take_all(true);
      state_ = State::joining;
      return;
    default:
      if (!kafka::retriable(error)) failed_ = error;
  }
}

void ClassicMembership::rejoin() {
  if (!options_.assignor->cooperative) take_all(false);
  state_ = State::joining;
}

void ClassicMembership::subscribe(std::vector<std::string> topics) {
  options_.topics = std::move(topics);
  rejoin();
}

void ClassicMembership::handed_back() {
  if (wants_back() && joins_again_) state_ = State::joining;
  joins_again_ = false;
  Membership::handed_back();
}

}  // namespace mq::client
