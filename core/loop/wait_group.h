// SPDX-License-Identifier: Apache-2.0
// Waits for a number of callbacks on the loop. Lives in the coroutine that waits.
#pragma once

#include <boost/asio/post.hpp>
#include <optional>

#include "core/types.h"

namespace mq::core {

class WaitGroup {
 public:
  void add() { waiting_++; }
  void done() {
    if (--waiting_ > 0 || !handler_) return;
    auto handler = std::move(*handler_);
    handler_.reset();
    asio::post(std::move(handler));  // after all callbacks of this turn: answers leave together
  }
  Task<void> wait() {
    if (waiting_ == 0) co_return;
    auto keep = [this](Handler handler) { handler_.emplace(std::move(handler)); };
    co_await asio::async_initiate<const net::Use, void()>(keep, net::use);
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  std::size_t waiting_ = 0;
  std::optional<Handler> handler_;
};

}  // namespace mq::core
