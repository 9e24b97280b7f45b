// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/broker_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/metadata/peers.h"
#include "net/dial.h"

namespace mq::core {

namespace {

constexpr auto dial_within = std::chrono::seconds(3);
constexpr auto pause_after_end = std::chrono::milliseconds(50);
constexpr auto pause_unless_urgent = std::chrono::milliseconds(500);
constexpr int refusals_that_count = 2;

std::optional<Endpoint> internal_endpoint(const LiveEntry& entry) {
  const auto found = std::ranges::find(entry.endpoints, internal_listener, &Endpoint::listener);
  return found == entry.endpoints.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::map<BrokerId, BrokerEpoch> BrokerWatch::wanted() const {
  std::map<BrokerId, BrokerEpoch> brokers;
  const auto& controller = catalog_.controller();
  if (!controller || stopped_) return brokers;
  for (const auto& [broker, live] : catalog_.live()) {
    const bool concerns_us = controller->broker == self_ || controller->broker == broker;
    if (broker != self_ && concerns_us && live.entry.epoch >= 0) brokers[broker] = live.entry.epoch;
  }
  return brokers;
}

bool BrokerWatch::is_watched(BrokerId broker, BrokerEpoch epoch) const {
  const auto found = watched_.find(broker);
  return !stopped_ && found != watched_.end() && found->second.epoch == epoch;
}

void BrokerWatch::updated() {
  const auto brokers = wanted();
  std::erase_if(watched_, [&](const auto& watched) {
    const auto now = brokers.find(watched.first);
    const bool gone = now == brokers.end() || now->second != watched.second.epoch;
    error_code ignored;
    if (gone && watched.second.socket) watched.second.socket->close(ignored);
    return gone;
  });
  for (const auto& [broker, epoch] : brokers)
    if (watched_.emplace(broker, Watched{epoch, nullptr}).second)
      asio::co_spawn(loop_, watch(shared_from_this(), broker, epoch), asio::detached);
}

void BrokerWatch::stop() {
  stopped_ = true;
  updated();
  pauses_.wake_all();
}

Task<void> BrokerWatch::pause(Time::duration time) {
  const auto waiter = std::make_shared<Waiter>(loop_, clock_, clock_.now() + time);
  pauses_.add(waiter);
  co_await Waiter::wait(waiter);
}

Task<void> BrokerWatch::watch(Self self, BrokerId broker, BrokerEpoch epoch) {
  int refusals = 0;
  while (self->is_watched(broker, epoch)) {
    const auto live = self->catalog_.live().find(broker);
    const auto endpoint =
        live == self->catalog_.live().end() ? std::nullopt : internal_endpoint(live->second.entry);
    if (!endpoint) co_return;
    const error_code error = co_await self->probe(broker, *endpoint);
    if (!self->is_watched(broker, epoch)) co_return;
    const bool refused = error == asio::error::connection_refused;
    refusals = refused ? refusals + 1 : 0;
    if (refusals >= refusals_that_count) co_await self->evict(broker, epoch);
    const bool ended = error == asio::error::eof || error == asio::error::connection_reset;
    const bool is_urgent = ended || (refused && refusals < refusals_that_count);
    co_await self->pause(is_urgent ? Time::duration(pause_after_end) : pause_unless_urgent);
  }
}

// Returns when the connection ends, or why there is none.
Task<error_code> BrokerWatch::probe(BrokerId broker, Endpoint endpoint) {
  auto dialed = co_await net::dial(std::move(endpoint.host), endpoint.port, dial_within);
  if (!dialed) co_return dialed.error();
  const auto socket = std::make_shared<net::Socket>(std::move(*dialed));
  const auto watched = watched_.find(broker);
  if (watched == watched_.end()) co_return asio::error::operation_aborted;
  watched->second.socket = socket;
  std::array<char, 16> nothing{};  // is ever said on it
  const auto [error, size] = co_await socket->async_read_some(asio::buffer(nothing), net::use_result);
  co_return error ? error : make_error_code(asio::error::operation_not_supported);
}

Task<void> BrokerWatch::evict(BrokerId broker, BrokerEpoch epoch) {
  const auto live = catalog_.live().find(broker);
  if (live == catalog_.live().end() || live->second.entry.epoch != epoch) co_return;
  spdlog::warn("broker {} refuses connections: its session is ended", broker);
  if (const error_code error = co_await store_.evict(live_key(broker)))
    spdlog::warn("the session of broker {} could not be ended: {}", broker, error.message());
}

}  // namespace mq::core
