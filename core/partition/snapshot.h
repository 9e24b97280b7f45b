// SPDX-License-Identifier: Apache-2.0
// What a partition knows beside its batches, as the journal keeps it with each segment that is sealed. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/partition/epochs.h"
#include "core/partition/producers.h"

namespace mq::core {

struct PartitionSnapshot {
  Producers producers = {};
  Epochs epochs = {};
  Offset covers = 0;          // batches before this offset are in it, as many as there are
  Offset high_watermark = 0;  // as far as it was known; never more than covers
  // Not exact: more was truncated than can be undone; every head has to be read anew (Partition::rebuild).
  bool is_exact = true;
};

std::string to_bytes(const PartitionSnapshot& snapshot);
std::optional<PartitionSnapshot> parse_snapshot(std::string_view bytes);  // nothing: it is damaged

}  // namespace mq::core
