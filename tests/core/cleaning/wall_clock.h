// SPDX-License-Identifier: Apache-2.0
// A clock that stands where a test puts it; also one that somebody has set.
#pragma once

#include "core/loop/clock.h"

namespace mq::core {

class WallClock final : public Clock {
 public:
  Timestamp wall = 1'700'000'000'000;
  Timestamp jumped_ms = 0;  // by how much somebody has set it
  Timestamp wall_ms() const override { return wall + jumped_ms; }
  Time now() const override { return Time(std::chrono::milliseconds(wall)); }
};

}  // namespace mq::core
