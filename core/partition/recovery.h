// SPDX-License-Identifier: Apache-2.0
// What partitions know beside their batches, put together again from snapshots and the heads of what no
// snapshot covers, while the journal is opened.
#pragma once

#include <deque>
#include <string_view>
#include <unordered_map>

#include "core/partition/snapshot.h"

namespace mq::core {

// What a batch that lies in the log tells of its producer, its transaction and its epoch. `start`: its first
// bytes; of a marker, all.
void apply_batch(Producers& producers, Epochs& epochs, PartitionNumber number, const kafka::BatchHead& head,
                 net::Bytes start, Timestamp now);

class PartitionRecovery {
 public:
  // Of all partitions together; as many as a broker's replicas may have had uncommitted at its end.
  static constexpr std::size_t undo_max = 32'768;

  // As JournalOptions calls them: every snapshot first, then heads in journal order.
  void on_snapshot(PartitionNumber number, std::string_view snapshot);
  void on_start(PartitionNumber number, net::Bytes start, Timestamp now);
  void on_truncate(PartitionNumber number, Offset end);
  void on_trim(PartitionNumber number, Offset start);

  using Recovered = std::unordered_map<PartitionNumber, PartitionSnapshot>;
  Recovered take();  // what was found; nothing is kept
  // The lowest end that each was truncated to since its last snapshot: what was noted of more does not hold.
  const std::unordered_map<PartitionNumber, Offset>& truncated() const { return truncated_; }

 private:
  Recovered partitions_;
  std::unordered_map<PartitionNumber, Offset> truncated_;
  std::deque<std::pair<PartitionNumber, Offset>> undoable_;  // batches that can be undone, oldest first
};

}  // namespace mq::core
