// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/consul_session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

namespace mq::core {

namespace {

constexpr int renewals_per_session = 3;
constexpr int retries_per_session = 30;  // as long as renewals fail

std::string id_in(const boost::json::value& created) {
  const auto* id = created.is_object() ? created.get_object().if_contains("ID") : nullptr;
  return id && id->is_string() ? std::string(id->get_string()) : std::string();
}

}  // namespace

ConsulSession::ConsulSession(std::shared_ptr<ConsulClient> client)
    : client_(std::move(client)), suspicion_(client_->clock().alarm(client_->loop())) {}

void ConsulSession::stop() {
  suspicion_->cancel();
  lane_.close();
  if (pause_) pause_->wake();
}

// A machine that was suspended finds out before its alarm does.
ConsulSession::State ConsulSession::state() const {
  const bool silent = !id_.empty() && told_ == State::alive && since_renewed() >= ttl();
  return silent ? State::suspect : told_;
}

Task<ConsulAnswer> ConsulSession::begin(Self self) {
  const AsyncMutex::Hold hold = co_await self->beginning_.lock();
  if (!self->id_.empty()) co_return ConsulAnswer{ConsulVerdict::ok};
  const auto client = self->client_;
  ConsulCall call =
      client->put("/v1/session/create", client->requests().session(client->options().session_ttl));
  const Time::duration sent = client->clock().since_boot();
  ConsulAnswer answer = co_await ConsulClient::call(client, self->lane_, std::move(call));
  if (!answer.ok()) co_return answer;
  std::string id = id_in(answer.body);
  if (id.empty()) co_return ConsulAnswer{ConsulVerdict::unknown, "Consul creates no session"};
  if (client->stopped()) co_return ConsulAnswer{ConsulVerdict::refused, "the broker stops"};

  self->id_ = id;
  self->renewed(sent);
  asio::co_spawn(client->loop(), keep(self, std::move(id)), asio::detached);
  co_return answer;
}

Task<void> ConsulSession::keep(Self self, std::string id) {
  const Clock& clock = self->client_->clock();
  const Time::duration interval = self->ttl() / renewals_per_session;
  Time next = clock.now() + interval;
  bool failing = false;
  for (;;) {
    const auto pause = std::make_shared<Waiter>(self->client_->loop(), clock, next);
    self->pause_ = pause;
    co_await Waiter::wait(pause);
    if (!self->lives(id)) co_return;

    const Time begun = clock.now();
    const Time::duration sent = clock.since_boot();
    ConsulCall call = self->client_->put("/v1/session/renew/" + id, nullptr);
    call.within = interval;
    const ConsulAnswer answer = co_await ConsulClient::call(self->client_, self->lane_, std::move(call));
    if (!self->lives(id)) co_return;
    const bool gone = answer.verdict == ConsulVerdict::nothing && answer.why.find(id) != answer.why.npos;
    if (gone) co_return self->end(id);
    if (answer.ok()) self->renewed(sent);
    if (!answer.ok() && !failing) spdlog::warn("Consul: the session is not renewed: {}", answer.why);
    failing = !answer.ok();
    next = failing ? clock.now() + self->ttl() / retries_per_session : begun + interval;
  }
}

Task<void> ConsulSession::destroy(Self self, std::string id) {
  ConsulCall call = self->client_->put("/v1/session/destroy/" + id, nullptr);
  co_await ConsulClient::call(self->client_, std::move(call));
}

void ConsulSession::renewed(Time::duration sent) {
  renewed_ = sent;
  become(State::alive);
  suspect_in_time();
}

void ConsulSession::suspect_in_time() {
  suspicion_->ring_at(client_->clock().now() + ttl() - since_renewed(), [this] {
    if (id_.empty()) return;
    if (since_renewed() < ttl()) return suspect_in_time();
    spdlog::warn("Consul: not heard of for as long as a session lasts without it");
    become(State::suspect);
  });
}

void ConsulSession::end(const std::string& id) {
  if (id.empty() || id != id_) return;
  spdlog::warn("Consul: the session {} is lost, and {} held entries with it", id_, held_.size());
  id_.clear();
  held_.clear();
  suspicion_->cancel();
  if (pause_) pause_->wake();
  become(State::lost);
}

std::set<std::string> ConsulSession::held_keys() const {
  std::set<std::string> keys;
  for (const auto& [key, held] : held_) keys.insert(key);
  return keys;
}

std::optional<ConsulSession::Held> ConsulSession::let_go(const std::string& key) {
  const auto node = held_.extract(key);
  return node ? std::optional(node.mapped()) : std::nullopt;
}

void ConsulSession::look(const Self& self, const ConsulList& list) {
  const auto gone = [&](const auto& one) {
    const auto& [key, held] = one;
    if (ConsulRequests::area_of(key) != list.area) return false;
    if (list.index < held.token && list.turn <= held.turn) return false;  // from before
    const auto found = list.entries.find(key);
    return found == list.entries.end() || found->second.session != self->id_;
  };
  if (std::none_of(self->held_.begin(), self->held_.end(), gone)) return;
  std::string id = self->id_;
  self->end(id);
  asio::co_spawn(self->client_->loop(), destroy(self, std::move(id)), asio::detached);
}

void ConsulSession::become(State state) {
  if (std::exchange(told_, state) != state && changed_) changed_(state);
}

}  // namespace mq::core
