// SPDX-License-Identifier: Apache-2.0
// Many deadlines on one alarm: for what nearly always ends before its own, when an alarm each would cost more
// than the thing itself. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/loop/clock.h"

namespace mq::core {

class DeadlineQueue {
 public:
  using Missed = std::function<void()>;  // may add and remove others
  using Token = std::multimap<Time, Missed>::iterator;

  DeadlineQueue(asio::io_context& loop, const Clock& clock) : loop_(loop), clock_(clock) {}

  // `missed` is called on the loop when the time has come, unless it is removed before.
  Token add(Time at, Missed missed) {
    const Token added =
        queue_.emplace_hint(queue_.end(), at, std::move(missed));  // most are alike: it is the last
    arm();
    return added;
  }
  // Only before it is called. The alarm stays as it is set, and rings once for nothing.
  void remove(Token token) { queue_.erase(token); }

 private:
  void arm() {
    if (queue_.empty()) return;
    if (!alarm_) alarm_ = clock_.alarm(loop_);
    const Time next = queue_.begin()->first;
    if (!alarm_->set_for() || *alarm_->set_for() > next) alarm_->ring_at(next, [this] { ring(); });
  }
  void ring() {
    const Time now = clock_.now();
    while (!queue_.empty() && queue_.begin()->first <= now) {
      const auto due = queue_.extract(queue_.begin());
      due.mapped()();
    }
    arm();
  }

  asio::io_context& loop_;
  const Clock& clock_;
  std::multimap<Time, Missed> queue_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace mq::core
