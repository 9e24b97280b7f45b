// SPDX-License-Identifier: Apache-2.0
// Listens, accepts, runs a Connection for each client. Lives on the loop. Stops in two steps.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/handler.h"

namespace mq::net {

struct Limits {
  std::size_t connections_max = 10'000;
  std::size_t connections_per_ip_max = 0;               // 0: no limit
  std::size_t request_bytes_max = 100u << 20;           // larger frames close the connection
  std::size_t in_flight_bytes_max = 16u << 20;          // per connection: then it is not read any further
  std::size_t in_flight_requests_max = 512;             // likewise
  std::size_t all_in_flight_bytes_max = 1u << 30;       // all connections together: then nobody is read
  std::chrono::seconds send_stalled_max{60};            // a peer that does not read its answers
};

struct ServerStats {
  std::size_t connections = 0;
  std::uint64_t accepted = 0, refused = 0, frames = 0, bytes_in = 0, bytes_out = 0, broken = 0;
};

class Server {
 public:
  static std::unique_ptr<Server> create(asio::io_context& loop, Handler& handler, Limits limits);
  virtual ~Server() = default;

  // Binds and listens; port 0: the kernel chooses. The endpoint it got.
  virtual Result<asio::ip::tcp::endpoint> listen(const asio::ip::tcp::endpoint& at) = 0;
  virtual void stop_accepting() = 0;  // listeners close; connections finish what they have begun
  virtual void close_all() = 0;
  virtual ServerStats stats() const = 0;
};

}  // namespace mq::net
