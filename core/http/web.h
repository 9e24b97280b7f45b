// SPDX-License-Identifier: Apache-2.0
// Everything a broker says over HTTP: a server on a thread of its own, so that nothing it does holds up the
// broker's loop, which it asks through one door. Lives on the broker's loop.
#pragma once

#include <functional>
#include <memory>

#include "core/handlers/context.h"
#include "net/handler.h"
#include "net/server.h"

namespace mq::http {

namespace asio = boost::asio;
using core::Task;

class Web {
 public:
  // What it is made of; all of it outlives it.
  struct Parts {
    asio::io_context& loop;
    const core::Config& config;
    const core::Identity& identity;
    const core::Services& broker;
    std::weak_ptr<net::Handler> handler;        // of Kafka's requests
    std::function<net::ServerStats()> network;  // called on the loop, as is this:
    std::function<std::string()> not_ready;     // why clients are not served; empty: they are
  };

  // Binds and listens; the error says why not.
  static net::Result<std::unique_ptr<Web>> start(Parts parts, const asio::ip::tcp::endpoint& at);
  virtual ~Web() = default;  // at once

  virtual asio::ip::tcp::endpoint address() const = 0;
  // Takes nothing more, and ends when all that was asked of the loop is answered.
  virtual Task<void> stop() = 0;
};

}  // namespace mq::http
