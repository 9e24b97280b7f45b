// SPDX-License-Identifier: Apache-2.0
// What time it is, so that tests can own it. Any thread.
#pragma once

#include "core/types.h"

namespace mq::core {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const { return std::chrono::steady_clock::now(); }
  virtual Timestamp wall_ms() const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }
};

}  // namespace mq::core
