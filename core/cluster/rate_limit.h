// SPDX-License-Identifier: Apache-2.0
// So many bytes a second, which may be another number every time. What is taken may exceed what there is: the
// next then waits for longer. Pure: no I/O, no clock, no threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "core/loop/clock.h"

namespace mq::core {

class RateLimit {
 public:
  // Bytes a second, asked each time; as good as unlimited above 2^50.
  explicit RateLimit(std::function<std::uint64_t()> rate = [] { return UINT64_MAX; })
      : rate_(std::move(rate)) {}

  bool has_room(Time now) {
    if (is_unlimited()) return true;
    fill(now);
    return room_ > 0;
  }
  void take(std::uint64_t bytes) {
    if (!is_unlimited()) room_ -= static_cast<double>(bytes);
  }

 private:
  bool is_unlimited() const { return rate_() >= std::uint64_t{1} << 50; }
  // Never more than what a second brings: who was idle does not catch up with that.
  void fill(Time now) {
    const double rate = static_cast<double>(rate_());
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    room_ = std::min(rate, room_ + rate * std::clamp(seconds, 0.0, 1e6));
    filled_at_ = now;
  }

  std::function<std::uint64_t()> rate_;
  double room_ = 0;  // bytes
  Time filled_at_ = {};
};

}  // namespace mq::core
