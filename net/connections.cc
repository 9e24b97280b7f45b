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
  if (std::exchange(watching_, true)) return;
  asio::co_spawn(timer_.get_executor(), keep_watch(shared_from_this()), asio::detached);
}

Task<void> Connections::keep_watch(std::shared_ptr<Connections> self) {
  do {
    self->timer_.expires_after(self->look_every_);
    co_await self->timer_.async_wait(use_result);
  } while (self->look());
  self->watching_ = false;
}

// Does anybody still wait for a peer?
bool Connections::look() {
  std::vector<std::shared_ptr<Connection>> stalled;
  bool waiting = false;
  for (auto& [id, connection] : all_) {
    waiting = waiting || connection->waiting();
    if (connection->lost_patience(look_every_)) stalled.push_back(connection->shared_from_this());
  }
  for (auto& connection : stalled) connection->close(Errc::stalled);
  return waiting;
}

void Connections::say(const Peer& peer, std::string_view what) {
  const auto now = Clock::now();
  if (now - said_at_ >= std::chrono::seconds(1)) {
    if (said_ > lines_per_second_max) log().info("… and {} lines more", said_ - lines_per_second_max);
    said_at_ = now, said_ = 0;
  }
  if (++said_ <= lines_per_second_max) log().info("{} {}", text(peer.remote), what);
}

}  // namespace mq::net
