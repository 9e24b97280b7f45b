// SPDX-License-Identifier: Apache-2.0
// A mutex of coroutines: one at a time holds it, in the order they asked. Lives on the loop.
#pragma once

#include <boost/asio/post.hpp>
#include <deque>
#include <memory>
#include <utility>

#include "core/types.h"

namespace mq::core {

class AsyncMutex {
  struct State;

 public:
  // Held until destroyed; may outlive the mutex, as do coroutines that end with their loop.
  class Hold {
   public:
    explicit Hold(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Hold(Hold&&) noexcept = default;
    Hold(const Hold&) = delete;
    ~Hold() {
      if (state_) unlock(*state_);
    }

   private:
    std::shared_ptr<State> state_;
  };

  Task<Hold> lock() {
    const auto state = state_;
    if (std::exchange(state->locked, true)) {
      auto queue = [state](Handler handler) { state->waiting.push_back(std::move(handler)); };
      co_await asio::async_initiate<const net::Use, void()>(queue, net::use);
    }
    co_return Hold(state);
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  struct State {
    bool locked = false;
    std::deque<Handler> waiting;
  };

  static void unlock(State& state) {
    if (state.waiting.empty()) {
      state.locked = false;
      return;
    }
    Handler next = std::move(state.waiting.front());
    state.waiting.pop_front();
    asio::post(std::move(next));
  }

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace mq::core
