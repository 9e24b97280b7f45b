// SPDX-License-Identifier: Apache-2.0
#include "core/client/member.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/client/coordinator.h"

namespace mq::client {
namespace {

using Do = Membership::Do;

constexpr auto pause_min = std::chrono::milliseconds(50);
constexpr auto pause_max = std::chrono::seconds(1);

Time now() {
  return std::chrono::steady_clock::now();
}

bool coordinator_moved(kafka::Error error) {
  return error == kafka::Error::not_coordinator || error == kafka::Error::coordinator_not_available ||
         error == kafka::Error::coordinator_load_in_progress;
}

}  // namespace

std::shared_ptr<Member> Member::create(asio::io_context& loop, Options client, MemberOptions options) {
  return std::shared_ptr<Member>(new Member(loop, std::move(client), std::move(options)));
}

Member::Member(asio::io_context& loop, Options client, MemberOptions options)
    : loop_(loop),
      client_options_(std::move(client)),
      options_(std::move(options)),
      membership_(options_.membership),
      groups_(loop, client_options_),
      offsets_(loop, client_options_),
      pause_(pause_min),
      wake_(loop.get_executor()) {}

void Member::start() {
  asio::co_spawn(loop_, run(shared_from_this()), asio::detached);
}

void Member::handed_back() {
  membership_.handed_back();
  wake_.cancel();
}

void Member::subscribe(std::vector<std::string> topics) {
  const std::uint64_t round = membership_.round();
  membership_.subscribe(std::move(topics));
  tell_if_changed(round);
  wake_.cancel();
}

Task<void> Member::run(std::shared_ptr<Member> self) {
  while (!self->leaving_ && !self->failure_) {
    const std::uint64_t round = self->membership_.round();
    switch (self->membership_.next(now())) {
      case Do::join:
        co_await self->join();
        break;
      case Do::deal:
        co_await self->deal();
        break;
      case Do::sync:
        co_await self->sync();
        break;
      case Do::heartbeat:
        co_await self->beat();
        break;
      case Do::wait:
        co_await self->rest();
        break;
      case Do::stop:
        self->failure_ = refused(self->membership_.failed(), self->groups_.broker(self->coordinator_),
                                 self->options_.membership.group);
        break;
    }
    if (!self->leaving_) self->tell_if_changed(round);
  }
}

void Member::tell_if_changed(std::uint64_t round_before) {
  const bool changed = failure_ || membership_.round() != round_before;
  if (changed && options_.changed) options_.changed();
}

Task<void> Member::rest() {
  wake_.expires_at(membership_.wake_at());
  co_await wake_.async_wait(core::use_result);
}

// The coordinator answers when everybody has joined, or when it waits no longer for those who have not.
Task<void> Member::join() {
  const Duration patience = std::max<Duration>(
      client_options_.request_timeout, options_.membership.rebalance_timeout + std::chrono::seconds(5));
  auto response = co_await ask<kafka::JoinGroupResponse>(membership_.join(), patience);
  if (!response) co_return;
  const kafka::Error error = kafka::error_of(response->error_code);
  membership_.joined(std::move(*response));
  if (error != kafka::Error::none && error != kafka::Error::member_id_required) co_await pause();
}

Task<void> Member::deal() {
  auto metadata = co_await groups_.refresh(membership_.topics_of_all());
  if (!metadata) {
    co_await unheard(metadata.error());
    membership_.rejoin();  // the others wait for a leader that knows more
    co_return;
  }
  PartitionCounts topics;
  for (const auto& topic : metadata->topics)
    if (topic.error_code == 0)
      topics[topic.name.value_or("")] = static_cast<std::int32_t>(topic.partitions.size());
  membership_.dealt(topics);
}

Task<void> Member::sync() {
  const Duration patience = std::max<Duration>(
      client_options_.request_timeout, options_.membership.rebalance_timeout + std::chrono::seconds(5));
  auto response = co_await ask<kafka::SyncGroupResponse>(membership_.sync(), patience);
  if (!response) co_return;
  membership_.synced(*response, now());
  if (response->error_code != 0) co_await pause();
}

Task<void> Member::beat() {
  auto response =
      co_await ask<kafka::HeartbeatResponse>(membership_.heartbeat(), options_.membership.session_timeout);
  if (response) membership_.heard(kafka::error_of(response->error_code), now());
}

// Nothing: there was no answer, or one by somebody who is not the coordinator.
template <class Response, class Request>
Task<std::optional<Response>> Member::ask(Request request, Duration timeout) {
  std::optional<Response> none;
  if (coordinator_ == any_broker) {
    auto found = co_await find_coordinator(groups_, Coordinates::group, options_.membership.group,
                                           client_options_.request_timeout);
    if (!found) {
      co_await unheard(found.error());
      co_return none;
    }
    coordinator_ = *found;
  }
  auto answer = co_await groups_.call<Response>(coordinator_, std::move(request), timeout);
  if (!answer) {
    co_await unheard(answer.error());
    co_return none;
  }
  const kafka::Error error = kafka::error_of(answer->error_code);
  if (coordinator_moved(error)) {
    co_await unheard(refused(error, groups_.broker(coordinator_), options_.membership.group));
    co_return none;
  }
  heard_ = true;
  if (error == kafka::Error::none) pause_ = pause_min;
  co_return std::move(*answer);
}

// Looks for the coordinator again, a little later. Whoever was never reached at all is told so at once.
Task<void> Member::unheard(Failure failure) {
  if (leaving_) co_return;
  coordinator_ = any_broker;
  const bool final = !failure.retriable() || (!heard_ && failure.what == Failure::What::unreachable);
  if (final) {
    failure_ = std::move(failure);
    co_return;
  }
  if (options_.trouble) options_.trouble(failure);
  co_await pause();
}

Task<void> Member::pause() {
  if (leaving_) co_return;
  wake_.expires_after(pause_);
  pause_ = std::min<Duration>(pause_ * 2, pause_max);
  co_await wake_.async_wait(core::use_result);
}

Task<Answer<std::vector<Committed>>> Member::committed(std::shared_ptr<Member> self,
                                                       std::vector<TopicPartition> partitions,
                                                       Time deadline) {
  std::optional<std::vector<TopicPartition>> asked = std::move(partitions);
  co_return co_await fetch_offsets(self->offsets_, self->options_.membership.group, std::move(asked), true,
                                   deadline);
}

Task<Answer<Nothing>> Member::commit(std::shared_ptr<Member> self, std::vector<Committed> offsets,
                                     Time deadline) {
  Committer us;
  us.member = self->membership_.member();
  us.generation = self->membership_.generation();
  us.instance = self->options_.membership.instance;
  auto done = co_await commit_offsets(self->offsets_, self->options_.membership.group, std::move(us),
                                      std::move(offsets), deadline);
  if (!done) co_return done.error();
  for (const Committed& one : *done)
    if (!one.status) co_return one.status.error();
  co_return Nothing{};
}

Task<void> Member::leave(std::shared_ptr<Member> self, Time deadline) {
  if (std::exchange(self->leaving_, true)) co_return;
  self->wake_.cancel();
  self->groups_.close();  // if it waits there for the others, it need not any more
  if (auto request = self->membership_.leave()) {
    const auto error = [](const kafka::LeaveGroupResponse& response) { return response.error_code; };
    co_await at_coordinator<kafka::LeaveGroupResponse>(self->offsets_, Coordinates::group,
                                                       self->options_.membership.group, std::move(*request),
                                                       deadline, +error);
  }
  self->offsets_.close();
}

}  // namespace mq::client
