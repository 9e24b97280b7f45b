// SPDX-License-Identifier: Apache-2.0
// Many deadlines on one alarm: for what nearly always ends before its own, when an alarm each would cost more
// than the thing itself. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/loop/clock.h"

namespace mq::core {

class Deadlines {
 public:
  using Missed = std::function<void()>;  // may add and remove others
  using Token = std::multimap<Time, Missed>::iterator;

  Deadlines(asio::io_context& loop, const Clock& clock) : loop_(loop), clock_(clock) {}

  // `missed` is called on the loop when the time has come, unless it is removed before.
  Token add(Time at, Missed missed) {
    const Token added =
        row_.emplace_hint(row_.end(), at, std::move(missed));  // most are alike: it is the last
    arm();
    return added;
  }
  // Only before it is called. The alarm stays as it is set, and rings once for nothing.
  void remove(Token token) { row_.erase(token); }

 private:
  void arm() {
    if (row_.empty()) return;
    if (!alarm_) alarm_ = clock_.alarm(loop_);
    const Time next = row_.begin()->first;
    if (!alarm_->set_for() || *alarm_->set_for() > next) alarm_->ring_at(next, [this] { ring(); });
  }
  void ring() {
    const Time now = clock_.now();
    while (!row_.empty() && row_.begin()->first <= now) {
      const auto due = row_.extract(row_.begin());
      due.mapped()();
    }
    arm();
  }

  asio::io_context& loop_;
  const Clock& clock_;
  std::multimap<Time, Missed> row_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace mq::core
