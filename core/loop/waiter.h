// SPDX-License-Identifier: Apache-2.0
// A coroutine that waits until something it left itself with changes, or until a deadline: a fetch with its
// partitions, a step of a transaction, a request for a connection. Lives on the loop; wakes once. The alarm
// exists only while it waits.
#pragma once

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "core/loop/clock.h"

namespace mq::core {

class Waiter {
 public:
  Waiter(asio::io_context& loop, const Clock& clock, Time deadline)
      : loop_(loop), clock_(clock), deadline_(deadline) {}

  void wake() {
    woken_ = true;
    const auto waiting = waiting_.lock();  // before the alarm goes, and what it holds
    alarm_.reset();
    if (waiting) go_on(loop_, *waiting);
  }
  // True when woken, false at the deadline.
  static Task<bool> wait(std::shared_ptr<Waiter> self) {
    auto keep = [waiter = self.get()](Handler handler) {
      const auto waiting = std::make_shared<Waiting>(std::move(handler));
      waiter->waiting_ = waiting;
      waiter->alarm_ = waiter->clock_.alarm(waiter->loop_);
      waiter->alarm_->ring_at(waiter->deadline_, [&loop = waiter->loop_, waiting] { go_on(loop, *waiting); });
    };
    if (!self->woken_) co_await asio::async_initiate<const net::Use, void()>(keep, net::use);
    co_return self->woken_;
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  using Waiting = std::optional<Handler>;  // the alarm's loop owns it, for it owns us

  static void go_on(asio::io_context& loop, Waiting& waiting) {
    if (auto handler = std::exchange(waiting, std::nullopt)) asio::post(loop, std::move(*handler));
  }

  asio::io_context& loop_;
  const Clock& clock_;
  const Time deadline_;
  std::unique_ptr<Alarm> alarm_;
  std::weak_ptr<Waiting> waiting_;
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
