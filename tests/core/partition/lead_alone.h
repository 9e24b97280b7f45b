// SPDX-License-Identifier: Apache-2.0
// A partition with one replica, as a broker alone has it.
#pragma once

#include "core/partition/partition.h"

namespace mq::core {

inline void lead_alone(Partition& partition) {
  partition.lead(1, initial_state({1}, 1, {{1, {0, true}}}), 0);
}

}  // namespace mq::core
