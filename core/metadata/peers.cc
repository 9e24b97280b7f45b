// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/peers.h"

#include "net/error.h"

namespace mq::core {

namespace {

Task<Result<std::shared_ptr<net::Client>>> connect_to(ConnectAt connect, const Catalog& catalog,
                                                      BrokerId broker) {
  const auto live = catalog.live().find(broker);
  if (live == catalog.live().end()) co_return make_error_code(net::Errc::closed);
  for (const Endpoint& endpoint : live->second.entry.endpoints) {
    const Endpoint at = endpoint;  // the catalog may change meanwhile
    if (at.listener == internal_listener) co_return co_await connect(at);
  }
  co_return make_error_code(net::Errc::closed);
}

}  // namespace

ConnectTo internal_connector(ConnectAt connect, const Catalog& catalog) {
  return [connect = std::move(connect), &catalog](BrokerId broker) {
    return connect_to(connect, catalog, broker);
  };
}

Task<Result<std::shared_ptr<net::Client>>> Peers::connection_to(BrokerId broker) {
  auto& known = peers_[broker];
  if (!known) known = std::make_shared<Peer>();
  const auto peer = known;
  const AsyncMutex::Hold hold = co_await peer->connecting.lock();
  if (peer->connection && peer->connection->open()) co_return peer->connection;
  if (stopped_) co_return make_error_code(net::Errc::closed);
  auto connected = co_await connect_(broker);
  if (!connected) co_return connected.error();
  if (stopped_) (*connected)->close();
  peer->connection = *connected;
  co_return connected;
}

Task<Result<net::Slice>> Peers::call(BrokerId broker, net::Pieces request) {
  const auto connection = co_await connection_to(broker);
  if (!connection) co_return connection.error();
  co_return co_await (*connection)->call(std::move(request), answer_timeout);
}

void Peers::stop() {
  stopped_ = true;
  for (const auto& [broker, peer] : peers_)
    if (peer->connection) peer->connection->close();
}

}  // namespace mq::core
