// SPDX-License-Identifier: Apache-2.0
// Where a client is told to find this broker.
#pragma once

#include <optional>

#include "core/config/config.h"
#include "net/handler.h"

namespace mq::core {

// The fixed address of the listener the client came in on; otherwise (auto) the local address of that very
// connection, which the client can evidently reach. A client that comes from the default gateway of a
// container is a program on the container's host using a published port: it is told "localhost".
Address advertised(const Config& config, const net::Peer& peer);

// The default gateway when this process runs in a container. Looked up once.
std::optional<net::asio::ip::address> container_gateway();

}  // namespace mq::core
