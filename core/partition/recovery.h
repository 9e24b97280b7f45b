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

  using Recovered = std::unordered_map<PartitionNumber, Producers>;
  Recovered take();  // what was found; nothing is kept

 private:
  Recovered producers_;
  std::unordered_map<PartitionNumber, Offset> covered_up_to_;  // by snapshots
};

}  // namespace mq::core
