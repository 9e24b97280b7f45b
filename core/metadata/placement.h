// SPDX-License-Identifier: Apache-2.0
// On which brokers the replicas of new partitions go. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/types.h"

namespace mq::core {

struct PlacementTarget {
  BrokerId broker = -1;
  std::string rack;
};

// For each partition its replicas, the preferred leader first: leaders even over the brokers, no two replicas
// on one broker, and on as many racks as there are. `start` shifts all of it, so that not every topic begins
// with the same broker. Empty when there are fewer targets than replicas.
std::vector<std::vector<BrokerId>> place(std::vector<PlacementTarget> targets, std::int32_t partitions,
                                         std::int32_t replication_factor, std::uint64_t start);

}  // namespace mq::core
