// SPDX-License-Identifier: Apache-2.0
// Keeps the turns of a long loop short: asked between two steps, and when this turn has lasted long enough,
// awaited, so that everybody else who is ready comes first. Lives in the coroutine whose loop it is.
//
//   for (const auto& asked : request.topics) {
//     if (pace.due()) co_await pace.give_way();
//
// Whatever was looked up before it may have changed after it: topics are found again, iterators are not kept.
#pragma once

#include <boost/asio/post.hpp>
#include <optional>

#include "core/loop/clock.h"

namespace mq::core {

class Pace {
 public:
  static constexpr std::chrono::microseconds turn_max{1000};
  // What may be done between two looks at the clock, in steps of some 100 ns.
  static constexpr std::size_t steps_per_look = 64;

  Pace(Executor loop, const Clock& clock) : loop_(std::move(loop)), clock_(clock) {}

  // The first steps are free of the clock: a small request never asks it. `steps`: how much comes next.
  bool due(std::size_t steps = 1) {
    steps_ += steps;
    if (steps_ < steps_per_look) return false;
    steps_ = 0;
    const Time now = clock_.now();
    if (!began_) began_ = now;
    return now - *began_ >= turn_max;
  }
  auto give_way() {
    began_.reset();
    return asio::post(loop_, use);
  }

 private:
  const Executor loop_;
  const Clock& clock_;
  std::size_t steps_ = 0;
  std::optional<Time> began_;  // this turn
};

}  // namespace mq::core
