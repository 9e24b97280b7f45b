// SPDX-License-Identifier: Apache-2.0
// One coroutine at a time, in the order they asked. Lives on the loop.
#pragma once

#include <boost/asio/post.hpp>
#include <deque>
#include <utility>

#include "core/types.h"

namespace mq::core {

class Turn {
 public:
  // Held until destroyed.
  class Hold {
   public:
    explicit Hold(Turn* turn) : turn_(turn) {}
    Hold(Hold&& other) noexcept : turn_(std::exchange(other.turn_, nullptr)) {}
    Hold(const Hold&) = delete;
    ~Hold() {
      if (turn_) turn_->pass_on();
    }

   private:
    Turn* turn_;
  };

  Task<Hold> take() {
    if (!std::exchange(taken_, true)) co_return Hold(this);
    auto queue = [this](Handler handler) { waiting_.push_back(std::move(handler)); };
    co_await asio::async_initiate<const net::Use, void()>(queue, net::use);
    co_return Hold(this);
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  void pass_on() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    Handler next = std::move(waiting_.front());
    waiting_.pop_front();
    asio::post(std::move(next));
  }
  bool taken_ = false;
  std::deque<Handler> waiting_;
};

}  // namespace mq::core
