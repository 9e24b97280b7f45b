// SPDX-License-Identifier: Apache-2.0
#include "net/connections.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sstream>

#include "net/connection.h"
#include "net/error.h"

namespace mq::net {

namespace {

constexpr std::size_t lines_per_second_max = 10;
constexpr std::chrono::milliseconds look_every_min{5};

spdlog::logger& log() {
  static const auto logger = [] {
    auto named = spdlog::get("net");
    return named ? named : spdlog::default_logger();
  }();
  return *logger;
}

std::string text(const asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream out;
  out << endpoint;
  return std::move(out).str();
}

}  // namespace

Connections::Connections(asio::io_context& io, Handler& above, const Limits& bounds)
    : loop(io),
      handler(above),
      limits(bounds),
      look_every_(std::max(std::min(bounds.frame_stalled_max, bounds.send_stalled_max) / Patience::looks,
                           look_every_min)),
      timer_(io.get_executor()) {}

bool Connections::full(const asio::ip::address& from) const {
  if (all_.size() >= limits.connections_max) return true;
  const auto found = per_ip_.find(from);
  return found != per_ip_.end() && found->second >= limits.connections_per_ip_max;
}

void Connections::joined(Connection& connection) {
  const Peer& peer = connection.peer();
  all_.emplace(peer.id, &connection);
  if (limits.connections_per_ip_max > 0) per_ip_[peer.remote.address()]++;
  stats.connections = all_.size();
  if (limits.idle_max.count() > 0 && !watching_) set_watch(Clock::now() + limits.idle_max);
}

void Connections::left(Connection& connection) {
  const Peer& peer = connection.peer();
  if (all_.erase(peer.id) == 0) return;
  stats.connections = all_.size();
  const auto found = per_ip_.find(peer.remote.address());
  if (found != per_ip_.end() && --found->second == 0) per_ip_.erase(found);
}

void Connections::close_all() {
  std::vector<std::shared_ptr<Connection>> leaving;
  leaving.reserve(all_.size());
  for (auto& [id, connection] : all_) leaving.push_back(connection->shared_from_this());
  for (auto& connection : leaving) connection->close(Errc::closed);
  waiting_.clear();
  timer_.cancel();
}

bool Connections::fits(std::size_t bytes, std::size_t mine) const {
  return held_bytes_ <= mine || held_bytes_ + bytes <= limits.all_in_flight_bytes_max;
}

void Connections::hold(std::size_t bytes) {
  held_bytes_ += bytes;
}

void Connections::release(std::size_t bytes) {
  held_bytes_ -= bytes;
  const std::size_t enough = limits.all_in_flight_bytes_max / 8 * 7;  // not for every crumb
  if (waiting_.empty() || held_bytes_ > enough) return;
  for (auto& signal : std::exchange(waiting_, {})) signal->notify();
}

void Connections::wake_when_released(std::shared_ptr<Signal> signal) {
  waiting_.push_back(std::move(signal));
}

void Connections::watch() {
  if (std::exchange(often_, true)) return;
  const auto until = Clock::now() + look_every_;
  if (!watching_ || until < timer_.expiry()) set_watch(until);
}

void Connections::set_watch(Clock::time_point until) {
  timer_.expires_at(until);
  if (!std::exchange(watching_, true))
    asio::co_spawn(timer_.get_executor(), keep_watch(shared_from_this()), asio::detached);
}

Task<void> Connections::keep_watch(std::shared_ptr<Connections> self) {
  for (;;) {
    const auto [cancelled] = co_await self->timer_.async_wait(use_result);
    const bool sooner = cancelled && !self->all_.empty();  // by set_watch
    if (sooner) continue;
    const auto next = self->look();
    if (!next) break;
    self->timer_.expires_at(*next);
  }
  self->watching_ = false;
}

// When to look again; never where there is nothing to come.
std::optional<Clock::time_point> Connections::look() {
  if (often_) often_ = close_stalled();
  std::optional<Clock::time_point> next;
  if (limits.idle_max.count() > 0 && !all_.empty()) next = close_idle();
  if (often_) next = Clock::now() + look_every_;
  return next;
}

// Whether somebody still waits for a peer.
bool Connections::close_stalled() {
  std::vector<std::shared_ptr<Connection>> stalled;
  bool waiting = false;
  for (auto& [id, connection] : all_) {
    waiting = waiting || connection->waiting();
    if (connection->lost_patience(look_every_)) stalled.push_back(connection->shared_from_this());
  }
  for (auto& connection : stalled) connection->close(Errc::stalled);
  return waiting;
}

// When the first of those that stay may be idle for too long. Not sooner than the eighth part of that:
// whoever has many connections is looked at eight times in it.
Clock::time_point Connections::close_idle() {
  const auto now = Clock::now();
  std::vector<std::shared_ptr<Connection>> idle;
  auto next = now + limits.idle_max;
  for (auto& [id, connection] : all_) {
    const auto until = connection->idle_until(now);
    if (until <= now)
      idle.push_back(connection->shared_from_this());
    else
      next = std::min(next, until);
  }
  for (auto& connection : idle) connection->close(connection->waiting() ? Errc::stalled : Errc::idle);
  return std::max(next, now + limits.idle_max / 8);
}

void Connections::say(const Peer& peer, std::string_view what) {
  if (may_say()) log().info("{} {}", text(peer.remote), what);
}

void Connections::say(std::string_view line) {
  if (may_say()) log().info("{}", line);
}

bool Connections::may_say() {
  const auto now = Clock::now();
  if (now - said_at_ >= std::chrono::seconds(1)) {
    if (said_ > lines_per_second_max) log().info("… and {} lines more", said_ - lines_per_second_max);
    said_at_ = now, said_ = 0;
  }
  return ++said_ <= lines_per_second_max;
}

}  // namespace mq::net
