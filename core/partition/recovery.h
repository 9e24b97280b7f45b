// SPDX-License-Identifier: Apache-2.0
// What partitions know beside their batches, put together again from snapshots and the heads of what no
// snapshot covers, while the journal is opened.
#pragma once

#include <string_view>
#include <unordered_map>

#include "core/partition/producers.h"

namespace mq::core {

class PartitionRecovery {
 public:
  // As JournalOptions calls them: every snapshot first, then heads in journal order.
  void on_snapshot(PartitionNumber number, std::string_view snapshot);
  void on_start(PartitionNumber number, net::Bytes start, Timestamp now);
  void on_truncate(PartitionNumber number, Offset end);

  struct State {
    Producers producers;
    Epochs epochs;
  };
  using Recovered = std::unordered_map<PartitionNumber, State>;
  Recovered take();  // what was found; nothing is kept
  // The lowest end that each was truncated to since its last snapshot: what was noted of more does not hold.
  const std::unordered_map<PartitionNumber, Offset>& truncated() const { return truncated_; }

 private:
  Recovered partitions_;
  std::unordered_map<PartitionNumber, Offset> covered_up_to_;  // by snapshots
  std::unordered_map<PartitionNumber, Offset> truncated_;
};

}  // namespace mq::core
