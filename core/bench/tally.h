// SPDX-License-Identifier: Apache-2.0
// What a load counts. Of records that were due before `measured_from` (the warm-up) only failures and damage
// count. One for all producers and consumers of a load; lives on its loop.
#pragma once

#include <map>
#include <string>

#include "core/bench/checker.h"
#include "core/bench/histogram.h"
#include "core/client/failure.h"

namespace mq::bench {

using client::Duration;
using client::Time;

inline std::int64_t ns(Time time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

struct Flow {
  std::uint64_t records = 0, bytes = 0;
  Time last{};  // when the last one came
};

struct Tally {
  explicit Tally(std::uint64_t run) : checker(run) {}

  Time measured_from = Time::max();
  Flow produced, consumed;
  Histogram ack, e2e;
  Histogram ack_lately, e2e_lately;  // since the last report
  Checker checker;

  std::uint64_t acknowledged = 0, arrived = 0;  // of this run, the warm-up too
  std::uint64_t failed = 0;                     // records, the warm-up too
  std::uint64_t unanswered = 0;                 // records, at the end
  std::uint64_t retries = 0;                    // answers or connections that made us try again
  std::map<std::string, std::uint64_t> errors;  // by what was said; records, or 1 each

  void error(const client::Failure& failure, std::uint64_t count) {
    constexpr std::size_t kinds_max = 16;
    const std::string text = failure.text();
    if (errors.contains(text) || errors.size() < kinds_max) errors[text] += count;
  }
};

}  // namespace mq::bench
