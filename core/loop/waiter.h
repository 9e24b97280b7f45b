// SPDX-License-Identifier: Apache-2.0
// A coroutine that waits until something it left itself with changes, or until a deadline: a fetch with its
// partitions, a step of a transaction, a request for a connection.
// Lives on the loop; wakes once. The timer exists only while somebody waits.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "core/types.h"

namespace mq::core {

class Waiter {
 public:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  explicit Waiter(Executor loop, Time deadline) : timer_(loop, deadline) {}

  void wake() {
    woken_ = true;
    timer_.cancel();
  }
  // True when woken, false at the deadline.
  static Task<bool> wait(std::shared_ptr<Waiter> self) {
    if (!self->woken_) co_await self->timer_.async_wait(use_result);
    co_return self->woken_;
  }

 private:
  Timer timer_;
  bool woken_ = false;
};

// Those who wait for one thing.
class Waiters {
 public:
  void add(const std::shared_ptr<Waiter>& waiter) {
    if (waiting_.size() >= sweep_at_) {
      std::erase_if(waiting_, [](const auto& w) { return w.expired(); });
      sweep_at_ = 16 + 2 * waiting_.size();
    }
    waiting_.push_back(waiter);
  }
  void wake_all() {
    for (auto& waiting : std::exchange(waiting_, {}))
      if (auto waiter = waiting.lock()) waiter->wake();
  }
  bool empty() const { return waiting_.empty(); }

 private:
  std::vector<std::weak_ptr<Waiter>> waiting_;
  std::size_t sweep_at_ = 16;
};

}  // namespace mq::core
