// SPDX-License-Identifier: Apache-2.0
// Listens, accepts, runs a Connection for each client. Lives on the loop and goes before it. Stops in two
// steps: no new connections while those that are there go on (clients learn where to go), then all of them
// close.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "net/handler.h"

namespace mq::net {

struct Limits {
  std::size_t connections_max = 10'000;
  std::size_t connections_per_ip_max = 0;       // 0: no limit
  std::size_t request_bytes_max = 100u << 20;   // larger frames close the connection
  std::size_t in_flight_bytes_max = 16u << 20;  // per connection: then nothing more is started, nor read
  std::size_t in_flight_requests_max = 512;     // likewise
  std::size_t answer_bytes_max = 64u << 20;     // likewise: answers in memory that have not left
  std::chrono::microseconds turn_max{1000};     // of starting a connection's requests, then others come first
  std::size_t all_in_flight_bytes_max = 1u << 30;       // all connections together: then nobody is read
  std::chrono::milliseconds frame_stalled_max{60'000};  // a frame that neither ends nor grows by 64 KiB
  std::chrono::milliseconds send_stalled_max{
      60'000};  // a peer that does not read its answers, measured likewise
  // Without a request that came whole or an answer that left, and with none under way; 0: for ever.
  std::chrono::milliseconds idle_max{600'000};
};

struct ServerStats {
  std::size_t connections = 0;
  std::uint64_t accepted = 0, refused = 0, frames = 0, bytes_in = 0, bytes_out = 0, broken = 0;
};

class Server {
 public:
  // The handler outlives the server, and the loop's last turn. SIGPIPE is ignored from here on: sendfile has
  // no other way.
  static std::unique_ptr<Server> create(asio::io_context& loop, Handler& handler, Limits limits);
  virtual ~Server() = default;

  // Binds; port 0: the kernel chooses. The endpoint it got. `name`: for the peers that come here. Who
  // connects is refused until accept().
  virtual Result<asio::ip::tcp::endpoint> bind(const asio::ip::tcp::endpoint& at, std::string name) = 0;
  // Listens on what was bound under that name and is not listened on yet.
  virtual error_code accept(const std::string& name) = 0;
  Result<asio::ip::tcp::endpoint> listen(const asio::ip::tcp::endpoint& at, const std::string& name = {}) {
    const auto got = bind(at, name);
    const error_code error = got ? accept(name) : got.error();
    return error ? Result<asio::ip::tcp::endpoint>(error) : got;
  }
  virtual void stop_accepting() = 0;  // listeners close; connections go on
  virtual void close_all() = 0;  // at once; requests in flight run to their end, their answers are dropped
  virtual ServerStats stats() const = 0;
};

}  // namespace mq::net
