// SPDX-License-Identifier: Apache-2.0
// When each record of an open loop is due: at a fixed rate, whatever became of those before. Latency that is
// measured from there tells of waiting in line, too. Pure; one owner, any thread.
#pragma once

#include <chrono>

namespace mq::bench {

class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `per_second` of whatever is spent. The first is due a `phase` of one unit after the start: between 0 and
  // 1, so that several do not go in step.
  Pace(Time start, double per_second, double phase = 0)
      : start_(start), per_second_(per_second), spent_(phase) {}

  Time due() const {
    const std::chrono::duration<double> behind(spent_ / per_second_);
    return start_ + std::chrono::duration_cast<Time::duration>(behind);
  }
  void spend(double cost) { spent_ += cost; }

 private:
  Time start_;
  double per_second_, spent_;
};

}  // namespace mq::bench
