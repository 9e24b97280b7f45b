// SPDX-License-Identifier: Apache-2.0
#include "core/client/consumer_membership.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/client/deadline.h"

namespace mq::client {
namespace {

using kafka::Error;
using Request = kafka::ConsumerGroupHeartbeatRequest;

constexpr std::int32_t joining = 0, leaving = -1, going_away = -2;
constexpr auto interval_min = std::chrono::milliseconds(10);  // whatever the broker says
constexpr auto interval_max = std::chrono::minutes(10);
constexpr auto names_pause = std::chrono::seconds(1);  // before a topic nobody knew is asked for again

}  // namespace

ConsumerMembership::ConsumerMembership(MembershipOptions options, std::string member)
    : Membership(std::move(options)) {
  member_ = std::move(member);
  epoch_ = joining;
}

// Who still has to let go of something stays alive until it has, and takes nothing else.
ConsumerMembership::Do ConsumerMembership::next(Time now) const {
  if (failed_ != Error::none) return Do::stop;
  const bool beats = is_member() && now >= heartbeat_at_;
  if (wants_back()) return beats ? Do::heartbeat : Do::wait;
  if (!is_member()) return Do::heartbeat;
  if (now >= learn_at_ && !knows_all_names()) return Do::learn;
  if (!looked_at_) return Do::take;
  return beats || has_news() ? Do::heartbeat : Do::wait;
}

Time ConsumerMembership::wake_at() const {
  if (!is_member()) return Time::max();
  const bool learns = !wants_back() && !knows_all_names();
  return learns ? std::min(heartbeat_at_, learn_at_) : heartbeat_at_;
}

// ---- what is said ----

Request ConsumerMembership::blank(std::int32_t epoch) const {
  Request request;
  request.group_id = options_.group;
  request.member_id = member_;
  request.member_epoch = epoch;
  request.instance_id = options_.instance;
  return request;
}

// What the broker knows already is left out.
Request ConsumerMembership::heartbeat() {
  asked_ = true;
  telling_ = {options_.topics, owned()};
  Request request = blank(epoch_);
  if (!told_) {
    request.rebalance_timeout_ms = in_ms(options_.rebalance_timeout);
    request.server_assignor = options_.server_assignor;
  }
  if (!told_ || told_->topics != telling_.topics) request.subscribed_topic_names = telling_.topics;
  if (told_ && told_->owned == telling_.owned) return request;
  auto& listed = request.topic_partitions.emplace();
  for (const auto& [topic, partition] : telling_.owned) {
    if (listed.empty() || listed.back().topic_id != topic) listed.emplace_back().topic_id = topic;
    listed.back().partitions.push_back(partition);
  }
  return request;
}

std::optional<Request> ConsumerMembership::leave() const {
  if (!asked_ || failed_ != Error::none) return std::nullopt;
  return blank(options_.instance ? going_away : leaving);
}

ConsumerMembership::Owned ConsumerMembership::owned() const {
  Owned all = taken_;
  all.insert(returning_.begin(), returning_.end());
  return all;
}

bool ConsumerMembership::has_news() const {
  return !told_ || told_->topics != options_.topics || told_->owned != owned();
}

// ---- what is heard ----

void ConsumerMembership::heard(const kafka::ConsumerGroupHeartbeatResponse& response, Time now) {
  if (response.error_code != 0) return refused(response);
  if (response.member_epoch <= joining) {
    failed_ = Error::unknown_server_error;
    why_ = "the broker let us in without an epoch";
    return;
  }
  if (response.member_id && !response.member_id->empty()) member_ = *response.member_id;
  epoch_ = response.member_epoch;
  told_ = telling_;
  const Duration interval = std::chrono::milliseconds(response.heartbeat_interval_ms);
  interval_ = std::clamp<Duration>(interval, interval_min, interval_max);
  heartbeat_at_ = now + interval_;
  if (!response.assignment) return;
  given_.clear();
  for (const auto& topic : response.assignment->topic_partitions)
    for (const std::int32_t partition : topic.partitions) given_.emplace(topic.topic_id, partition);
  looked_at_ = false;
  learn_at_ = now;
}

void ConsumerMembership::refused(const kafka::ConsumerGroupHeartbeatResponse& response) {
  const Error error = kafka::error_of(response.error_code);
  told_.reset();
  const bool forgotten = error == Error::unknown_member_id || error == Error::fenced_member_epoch ||
                         (error == Error::group_id_not_found && is_member());
  if (forgotten) return abandon();
  if (kafka::retriable(error)) return;
  failed_ = error;
  why_ = response.error_message.value_or("");
  if (error != Error::group_id_not_found) return;
  failed_ =
      Error::inconsistent_group_protocol;  // who joins founds a group, unless there is one of the others
  why_ = "its members speak another protocol; the broker says: " + why_;
}

// Others may read already what was ours.
void ConsumerMembership::abandon() {
  epoch_ = joining;
  for (Owned* all : {&given_, &taken_, &returning_}) all->clear();
  looked_at_ = false;
  told_.reset();
  take_all(true);
}

// ---- what is given and taken ----

bool ConsumerMembership::knows_all_names() const {
  return std::ranges::all_of(given_, [&](const auto& one) { return names_.contains(one.first); });
}

void ConsumerMembership::learned(const Names& names, Time now) {
  for (const auto& [id, name] : names) names_[id] = name;
  learn_at_ = now + names_pause;
  looked_at_ = false;
}

// A topic without a name is not there yet, or not any more: what else there is need not wait for it.
void ConsumerMembership::take() {
  const Owned before = std::exchange(taken_, {});
  std::vector<TopicPartition> share;
  for (const auto& one : given_) {
    const auto name = names_.find(one.first);
    if (name == names_.end()) continue;
    taken_.insert(one);
    share.push_back({name->second, one.second});
  }
  std::ranges::sort(share);
  looked_at_ = true;
  if (!give(std::move(share))) return;
  std::ranges::set_difference(before, taken_, std::inserter(returning_, returning_.end()));
}

void ConsumerMembership::handed_back() {
  returning_.clear();
  Membership::handed_back();
}

void ConsumerMembership::subscribe(std::vector<std::string> topics) {
  options_.topics = std::move(topics);
}

}  // namespace mq::client
