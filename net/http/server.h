// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 from the server's end, as RFC 9112 has it: accepts, reads requests one after the other on each
// connection, writes answers. Everything a client can grow is bounded. Lives on its loop, and goes before it.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/socket.h"

namespace mq::net::http {

struct ServerLimits {
  std::size_t connections_max = 256, connections_per_address_max = 64;  // beyond: 503
  std::size_t head_bytes_max = 16u << 10, target_bytes_max = 8u << 10;  // beyond: 431, 414
  std::size_t unsent_bytes_max = 16u << 20;  // of all answers together; beyond: 503
  std::chrono::milliseconds head_max{10'000};
  std::chrono::milliseconds idle_max{60'000};          // between two requests
  std::chrono::milliseconds body_stalled_max{30'000};  // that neither ends nor grows by 64 KiB; 408
  std::chrono::milliseconds send_stalled_max{30'000};  // of an answer that is not taken, likewise
};

struct ServerStats {
  std::size_t connections = 0, unsent_bytes = 0;
  std::uint64_t accepted = 0, refused = 0, requests = 0;
};

struct RequestHead {
  std::string method, target;
  bool is_1_0 = false;
  boost::beast::http::fields fields;
  asio::ip::tcp::endpoint remote, local;

  std::string_view field(std::string_view name) const;  // the first one; empty: none
};

struct Answer {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
};

// One request and its answer: whole by answer(), or piece by piece by begin(), send() and end(). Errors say
// that the client is gone; what is sent after that goes nowhere.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const RequestHead& head() const = 0;
  // Of the body, as it comes, at most 64 KiB; empty: its end. Who waits for a 100 is told to go on.
  virtual Task<Result<std::string>> next_piece() = 0;
  // All of it; `value_too_large` when there is more.
  virtual Task<Result<std::string>> body(std::size_t bytes_max) = 0;

  virtual Task<error_code> answer(Answer answer) = 0;
  virtual Task<error_code> begin(Answer head) = 0;       // its body is the first piece
  virtual Task<error_code> send(std::string piece) = 0;  // returns when the client's end has taken it
  virtual Task<error_code> end() = 0;

  virtual bool is_answered() const = 0;  // begun, at least
  virtual bool is_gone() = 0;            // the client, as far as is known
};

class Handler {
 public:
  virtual ~Handler() = default;
  // Called once a request's head has come. What is not answered when it returns, or throws, is a 500.
  virtual Task<void> handle(Exchange& exchange) = 0;
};

class Server {
 public:
  // The handler outlives the server, and the loop's last turn.
  static std::unique_ptr<Server> create(asio::io_context& loop, Handler& handler, ServerLimits limits = {});
  virtual ~Server() = default;

  // Binds and listens; port 0: the kernel chooses. The endpoint it got.
  virtual Result<asio::ip::tcp::endpoint> listen(const asio::ip::tcp::endpoint& at) = 0;
  virtual void stop() = 0;  // closes everything at once; who is answering learns that its client is gone
  virtual ServerStats stats() const = 0;
};

}  // namespace mq::net::http
