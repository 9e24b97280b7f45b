// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_session.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

namespace mq::core {

namespace {

constexpr int renewals_per_ttl = 3;
constexpr int retries_per_ttl = 30;  // as long as renewals fail

EtcdCall lease_call(const char* what, LeaseId lease, Time::duration within) {
  EtcdCall call;
  call.path = std::string("/v3/lease/") + what;
  call.body = {{"ID", std::to_string(lease)}};
  call.within = within;
  return call;
}

}  // namespace

EtcdSession::EtcdSession(std::shared_ptr<EtcdClient> client)
    : client_(std::move(client)), suspicion_(client_->clock().alarm(client_->loop())) {}

void EtcdSession::stop() {
  suspicion_->cancel();
  lane_.close();
  if (pause_) pause_->wake();
}

// A machine that was suspended finds out before its alarm does.
EtcdSession::State EtcdSession::state() const {
  const bool silent = lease_ != 0 && told_ == State::alive && since_renewed() >= ttl_;
  return silent ? State::suspect : told_;
}

Task<EtcdAnswer> EtcdSession::begin(Self self) {
  const AsyncMutex::Hold hold = co_await self->beginning_.lock();
  if (self->lease_ != 0) co_return EtcdAnswer{EtcdVerdict::ok, {}, {}};
  EtcdCall call;
  call.path = "/v3/lease/grant";
  call.body = {{"TTL", std::to_string(self->client_->options().session_ttl.count())}};
  call.within = self->client_->options().answer_within;
  const Time::duration sent = self->client_->clock().since_boot();
  EtcdAnswer answer = co_await EtcdClient::call(self->client_, self->lane_, std::move(call));
  if (!answer.ok()) co_return answer;
  const LeaseId lease = number_of(answer.body, "ID");
  const std::chrono::seconds ttl(number_of(answer.body, "TTL"));
  if (lease == 0 || ttl.count() <= 0) co_return EtcdAnswer{EtcdVerdict::unknown, "etcd grants no lease", {}};
  if (self->client_->stopped()) co_return EtcdAnswer{EtcdVerdict::refused, "the broker stops", {}};

  self->lease_ = lease;
  self->ttl_ = ttl;
  self->renewed(sent);
  asio::co_spawn(self->client_->loop(), keep(self, lease), asio::detached);
  co_return answer;
}

Task<void> EtcdSession::keep(Self self, LeaseId lease) {
  const Clock& clock = self->client_->clock();
  const Time::duration interval = self->ttl_ / renewals_per_ttl;
  Time next = clock.now() + interval;
  bool failing = false;
  for (;;) {
    const auto pause = std::make_shared<Waiter>(self->client_->loop(), clock, next);
    self->pause_ = pause;
    co_await Waiter::wait(pause);
    if (!self->lives(lease)) co_return;

    const Time begun = clock.now();
    const Time::duration sent = clock.since_boot();
    EtcdCall call = lease_call("keepalive", lease, interval);
    const EtcdAnswer answer = co_await EtcdClient::call(self->client_, self->lane_, std::move(call));
    if (!self->lives(lease)) co_return;
    const bool gone = answer.verdict == EtcdVerdict::no_lease ||
                      (answer.ok() && number_of(answer.body, "TTL") <= 0);  // left out: there is none
    if (gone) co_return self->end(lease);
    if (answer.ok()) self->renewed(sent);
    if (!answer.ok() && !failing) spdlog::warn("etcd: the session is not renewed: {}", answer.why);
    failing = !answer.ok();
    next = failing ? clock.now() + self->ttl_ / retries_per_ttl : begun + interval;
  }
}

Task<void> EtcdSession::revoke(Self self, LeaseId lease) {
  EtcdCall call = lease_call("revoke", lease, self->client_->options().answer_within);
  co_await EtcdClient::call(self->client_, std::move(call));
}

void EtcdSession::renewed(Time::duration sent) {
  renewed_ = sent;
  become(State::alive);
  suspect_in_time();
}

void EtcdSession::suspect_in_time() {
  suspicion_->ring_at(client_->clock().now() + ttl_ - since_renewed(), [this] {
    if (lease_ == 0) return;
    if (since_renewed() < ttl_) return suspect_in_time();
    spdlog::warn("etcd: not heard of for as long as a session lasts without it");
    become(State::suspect);
  });
}

void EtcdSession::end(LeaseId lease) {
  if (lease == 0 || lease != lease_) return;
  spdlog::warn("etcd: the session {:x} is lost, and {} held entries with it", lease, held_.size());
  lease_ = 0;
  held_.clear();
  suspicion_->cancel();
  if (pause_) pause_->wake();
  become(State::lost);
}

std::optional<EntryVersion> EtcdSession::let_go(const std::string& key) {
  const auto node = held_.extract(key);
  return node ? std::optional(node.mapped()) : std::nullopt;
}

void EtcdSession::look(const Self& self, const MetadataUpdate& update) {
  const auto gone = [&](const auto& held) {
    const auto& [key, token] = held;
    const auto found = update.entries.find(key);
    if (found == update.entries.end()) return update.whole && update.revision >= token;
    return !found->second && update.revision > token;
  };
  if (std::none_of(self->held_.begin(), self->held_.end(), gone)) return;
  const LeaseId lease = self->lease_;
  self->end(lease);
  asio::co_spawn(self->client_->loop(), revoke(self, lease), asio::detached);
}

void EtcdSession::become(State state) {
  if (std::exchange(told_, state) != state && changed_) changed_(state);
}

}  // namespace mq::core
