// SPDX-License-Identifier: Apache-2.0
// What is left before a deadline, and durations as requests carry them. Any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/client/failure.h"

namespace mq::client {

inline Time time_now() {
  return std::chrono::steady_clock::now();
}

// At least 1 ms, so that what is begun is at least tried.
inline Duration left_until(Time deadline) {
  return std::max<Duration>(deadline - time_now(), std::chrono::milliseconds(1));
}

// Whole milliseconds, as many as an INT32 of the protocol has room for.
inline std::int32_t in_ms(Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(count, 0, INT32_MAX));
}

}  // namespace mq::client
