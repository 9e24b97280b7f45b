// SPDX-License-Identifier: Apache-2.0
#include "core/client/membership.h"

#include <algorithm>

#include "core/client/consumer_protocol.h"

namespace mq::client {
namespace {

using kafka::Error;

constexpr std::string_view protocol = "consumer";

std::int32_t ms(Duration duration) {
  return static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

// Who still has to let go of something stays alive until it has, and does nothing else.
Membership::Do Membership::next(Time now) const {
  if (failed_ != Error::none) return Do::stop;
  const bool beats = is_member() && now >= heartbeat_at_;
  if (wants_back_) return beats ? Do::heartbeat : Do::wait;
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

kafka::JoinGroupRequest Membership::join() const {
  kafka::JoinGroupRequest request;
  request.group_id = options_.group;
  request.session_timeout_ms = ms(options_.session_timeout);
  request.rebalance_timeout_ms = ms(options_.rebalance_timeout);
  request.member_id = member_;
  request.group_instance_id = options_.instance;
  request.protocol_type = protocol;
  const Subscriber us{member_, options_.instance, options_.topics, share_, generation_};
  auto& offered = request.protocols.emplace_back();
  offered.name = options_.assignor->name;
  offered.metadata = subscription_bytes(us, *options_.assignor);
  return request;
}

kafka::SyncGroupRequest Membership::sync() const {
  kafka::SyncGroupRequest request;
  request.group_id = options_.group;
  request.generation_id = generation_;
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

kafka::HeartbeatRequest Membership::heartbeat() const {
  return {options_.group, generation_, member_, options_.instance};
}

// A static member comes back: its partitions wait for it as long as its session does.
std::optional<kafka::LeaveGroupRequest> Membership::leave() const {
  if (member_.empty() || options_.instance) return std::nullopt;
  kafka::LeaveGroupRequest request;
  request.group_id = options_.group;
  request.member_id = member_;  // up to version 2; then:
  request.members.emplace_back().member_id = member_;
  return request;
}

void Membership::joined(kafka::JoinGroupResponse response) {
  const Error error = kafka::error_of(response.error_code);
  if (error == Error::member_id_required) {
    member_ = std::move(response.member_id);
    return;
  }
  if (error != Error::none) return refused(error);
  member_ = std::move(response.member_id);
  generation_ = response.generation_id;
  leader_ = response.leader == member_;
  dealt_.clear();
  subscribers_.clear();
  for (auto& member : response.members)
    subscribers_.push_back(parse_subscription(std::move(member.member_id),
                                              std::move(member.group_instance_id), member.metadata));
  state_ = leader_ && !response.skip_assignment ? State::dealing : State::syncing;
}

std::vector<std::string> Membership::topics_of_all() const {
  std::vector<std::string> topics;
  for (const Subscriber& subscriber : subscribers_)
    topics.insert(topics.end(), subscriber.topics.begin(), subscriber.topics.end());
  std::ranges::sort(topics);
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  return topics;
}

void Membership::dealt(const PartitionCounts& topics) {
  dealt_ = options_.assignor->deal(subscribers_, topics);
  state_ = State::syncing;
}

void Membership::synced(const kafka::SyncGroupResponse& response, Time now) {
  const Error error = kafka::error_of(response.error_code);
  if (error != Error::none) return refused(error);
  std::vector<TopicPartition> share = parse_assignment(response.assignment);
  const bool taken_away = !std::ranges::includes(share, share_);
  if (share != share_ || round_ == 0) round_++;
  share_ = std::move(share);
  wants_back_ = joins_again_ = taken_away;  // so that who waits for it gets it in the next round
  state_ = State::stable;
  heartbeat_at_ = now + options_.heartbeat_interval;
}

void Membership::heard(Error heartbeat, Time now) {
  heartbeat_at_ = now + options_.heartbeat_interval;
  if (heartbeat != Error::none) refused(heartbeat);
}

void Membership::refused(Error error) {
  switch (error) {
    case Error::rebalance_in_progress:
      return rejoin();
    case Error::unknown_member_id:
      member_.clear();
      [[fallthrough]];
    case Error::illegal_generation:
      generation_ = -1;
      take_all(true);
      state_ = State::joining;
      return;
    default:
      if (!kafka::retriable(error)) failed_ = error;
  }
}

void Membership::rejoin() {
  if (!options_.assignor->cooperative) take_all(false);
  state_ = State::joining;
}

void Membership::subscribe(std::vector<std::string> topics) {
  options_.topics = std::move(topics);
  rejoin();
}

void Membership::take_all(bool lost) {
  if (share_.empty() && !wants_back_) return;
  share_.clear();
  round_++;
  wants_back_ = true;
  lost_ = lost_ || lost;
}

void Membership::handed_back() {
  if (wants_back_ && joins_again_) state_ = State::joining;
  wants_back_ = lost_ = joins_again_ = false;
}

}  // namespace mq::client
