// SPDX-License-Identifier: Apache-2.0
// Says in the log when nothing that waits for the writer has been answered for ten seconds: a disk that does
// not answer, or a wait that does not end. Lives on the loop. No timer ticks for it: while something waits
// there is one look ten seconds after the last answer, and one look after the last of them has been answered.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>

#include "storage/types.h"

namespace mq::storage {

class StallWatch {
 public:
  using Activity = std::function<const char*()>;  // what the writer does now

  explicit StallWatch(asio::io_context& loop, std::chrono::milliseconds patience = std::chrono::seconds(10))
      : patience_(patience), timer_(loop) {}

  void watch(Activity activity) { activity_ = std::move(activity); }
  void began();                        // something waits, and nothing did before
  void answered(std::size_t waiting);  // so many still wait
  void stop();
  std::chrono::milliseconds stalled() const;  // 0: it is not

 private:
  using Clock = std::chrono::steady_clock;
  void look_at(Clock::time_point when);
  void look();

  const std::chrono::milliseconds patience_;
  Activity activity_;
  asio::steady_timer timer_;
  Clock::time_point since_, told_;  // the last answer; the last line in the log since then
  std::size_t waiting_ = 0;
  bool looking_ = false, stopped_ = false;
};

}  // namespace mq::storage
