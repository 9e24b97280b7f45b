// SPDX-License-Identifier: Apache-2.0
// A mutex of coroutines: one at a time holds it, in the order they asked. Lives on the loop.
#pragma once

#include <boost/asio/post.hpp>
#include <deque>
#include <utility>

#include "core/types.h"

namespace mq::core {

class AsyncMutex {
 public:
  // Held until destroyed.
  class Hold {
   public:
    explicit Hold(AsyncMutex* mutex) : mutex_(mutex) {}
    Hold(Hold&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Hold(const Hold&) = delete;
    ~Hold() {
      if (mutex_) mutex_->unlock();
    }

   private:
    AsyncMutex* mutex_;
  };

  Task<Hold> lock() {
    if (!std::exchange(locked_, true)) co_return Hold(this);
    auto queue = [this](Handler handler) { waiting_.push_back(std::move(handler)); };
    co_await asio::async_initiate<const net::Use, void()>(queue, net::use);
    co_return Hold(this);
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  void unlock() {
    if (waiting_.empty()) {
      locked_ = false;
      return;
    }
    Handler next = std::move(waiting_.front());
    waiting_.pop_front();
    asio::post(std::move(next));
  }
  bool locked_ = false;
  std::deque<Handler> waiting_;
};

}  // namespace mq::core
