// SPDX-License-Identifier: Apache-2.0
// Pauses between attempts: 50 ms, doubling up to 1 s, with a little chance in them, and never past the
// deadline.
#pragma once

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <random>

#include "core/client/deadline.h"

namespace mq::client {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, core::Executor>;

class Backoff {
 public:
  Backoff(asio::io_context& loop, Time deadline) : timer_(loop.get_executor()), deadline_(deadline) {}

  Duration left() const { return left_until(deadline_); }

  // False: the deadline has passed, or will have by then; nothing was waited for.
  Task<bool> wait() {
    const Time at = time_now() + jitter(pause_);
    pause_ = std::min<Duration>(pause_ * 2, std::chrono::seconds(1));
    if (at >= deadline_) co_return false;
    timer_.expires_at(at);
    co_await timer_.async_wait(core::use_result);
    co_return true;
  }

 private:
  static Duration jitter(Duration pause) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    return pause * std::uniform_int_distribution<int>(80, 120)(random) / 100;
  }

  Timer timer_;
  Time deadline_;
  Duration pause_ = std::chrono::milliseconds(50);
};

// A failure of the connection rather than of the question. That nobody could be reached at all is told at
// once: whoever mistyped an address should not wait.
inline bool worth_repeating(const Failure& failure) {
  return failure.what != Failure::What::unreachable && failure.retriable();
}

}  // namespace mq::client
