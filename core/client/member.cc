// SPDX-License-Identifier: Apache-2.0
#include "core/client/member.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/client/classic_member.h"
#include "core/client/consumer_member.h"

namespace mq::client {
namespace {

constexpr auto pause_min = std::chrono::milliseconds(50);
constexpr auto pause_max = std::chrono::seconds(1);

bool coordinator_moved(kafka::Error error) {
  return error == kafka::Error::not_coordinator || error == kafka::Error::coordinator_not_available ||
         error == kafka::Error::coordinator_load_in_progress;
}

}  // namespace

std::shared_ptr<Member> Member::create(asio::io_context& loop, Options client, MemberOptions options) {
  if (options.protocol == GroupProtocol::consumer)
    return std::make_shared<ConsumerMember>(loop, std::move(client), std::move(options));
  return std::make_shared<ClassicMember>(loop, std::move(client), std::move(options));
}

Member::Member(asio::io_context& loop, Options client, MemberOptions options)
    : loop_(loop),
      client_options_(std::move(client)),
      options_(std::move(options)),
      groups_(loop, client_options_),
      offsets_(loop, client_options_),
      pause_(pause_min),
      wake_(loop.get_executor()) {}

void Member::start() {
  asio::co_spawn(loop_, run(shared_from_this()), asio::detached);
}

void Member::handed_back() {
  membership().handed_back();
  wake_.cancel();
}

void Member::subscribe(std::vector<std::string> topics) {
  const std::uint64_t round = membership().round();
  membership().subscribe(std::move(topics));
  tell_if_changed(round);
  wake_.cancel();
}

Duration Member::settling_time() const {
  return 2 * membership().heartbeat_interval() + std::chrono::seconds(1);
}

Task<void> Member::run(std::shared_ptr<Member> self) {
  while (!self->leaving_ && !self->failure_) {
    const std::uint64_t round = self->round();
    co_await self->step();
    if (!self->leaving_) self->tell_if_changed(round);
  }
}

void Member::tell_if_changed(std::uint64_t round_before) {
  const bool changed = failure_ || round() != round_before;
  if (changed && options_.changed) options_.changed();
}

Task<void> Member::rest() {
  wake_.expires_at(membership().wake_at());
  co_await wake_.async_wait(core::use_result);
}

Task<void> Member::pause() {
  if (leaving_) co_return;
  wake_.expires_after(pause_);
  pause_ = std::min<Duration>(pause_ * 2, pause_max);
  co_await wake_.async_wait(core::use_result);
}

void Member::stop() {
  failure_ = refused(membership().failed(), groups_.broker(coordinator_), options_.membership.group,
                     membership().why());
}

Task<bool> Member::find() {
  if (coordinator_ != any_broker) co_return true;
  auto found =
      co_await find_coordinator(groups_, Coordinates::group, options_.membership.group, request_timeout());
  if (!found) {
    co_await unheard(found.error());
    co_return false;
  }
  coordinator_ = *found;
  co_return true;
}

// False: whoever says this is not the coordinator.
Task<bool> Member::judge(kafka::Error error) {
  if (coordinator_moved(error)) {
    co_await unheard(refused(error, groups_.broker(coordinator_), options_.membership.group));
    co_return false;
  }
  heard_ = true;
  if (error == kafka::Error::none) pause_ = pause_min;
  co_return true;
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

Task<std::optional<kafka::MetadataResponse>> Member::describe(std::vector<std::string> topics) {
  std::optional<kafka::MetadataResponse> none;
  std::optional<std::vector<std::string>> asked = std::move(topics);
  auto metadata = co_await groups_.refresh(std::move(asked));
  if (metadata) co_return std::move(*metadata);
  co_await unheard(metadata.error());
  co_return none;
}

Task<Answer<std::vector<Committed>>> Member::committed(std::shared_ptr<Member> self,
                                                       std::vector<TopicPartition> partitions,
                                                       Time deadline) {
  std::optional<std::vector<TopicPartition>> asked = std::move(partitions);
  co_return co_await fetch_offsets(self->offsets_, self->options_.membership.group, std::move(asked), true,
                                   deadline);
}

Committer Member::us() const {
  return {membership().member(), membership().epoch(), options_.membership.instance};
}

// The broker may be an epoch ahead, when the heartbeat's answer that says so is on its way to us.
Task<Answer<std::vector<Committed>>> Member::commit(std::shared_ptr<Member> self,
                                                    std::vector<Committed> offsets, Time deadline) {
  const auto is_stale = [](const Committed& one) {
    return !one.status && one.status.error().error == kafka::Error::stale_member_epoch;
  };
  Backoff backoff(self->loop_, deadline);
  for (;;) {
    Committer by = self->us();
    auto done = co_await commit_offsets(self->offsets_, self->options_.membership.group, std::move(by),
                                        offsets, deadline);
    if (!done || self->lost() || std::ranges::none_of(*done, is_stale)) co_return done;
    const bool waited = co_await backoff.wait();
    if (!waited) co_return done;
  }
}

Task<void> Member::leave(std::shared_ptr<Member> self, Time deadline) {
  if (std::exchange(self->leaving_, true)) co_return;
  self->wake_.cancel();
  self->groups_.close();  // if it waits there for the others, it need not any more
  co_await self->say_goodbye(deadline);
  self->offsets_.close();
}

}  // namespace mq::client
