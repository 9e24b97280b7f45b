// SPDX-License-Identifier: Apache-2.0
#include "core/partition/recovery.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/partition/mistakes.h"
#include "net/kafka/record_batch.h"

namespace mq::core {

void apply_batch(Producers& producers, Epochs& epochs, PartitionNumber number, const kafka::BatchHead& head,
                 net::Bytes start, Timestamp now) {
  epochs.seen(head.partition_leader_epoch, head.base_offset);
  if (head.producer_id < 0) return;
  if (!head.is_control()) return producers.appended(head, head.base_offset, now);
  const auto marker = kafka::read_marker(start);
  if (!marker)
    spdlog::error("partition {}: the marker at offset {} is damaged; its transaction counts as aborted",
                  number, head.base_offset);
  producers.ended(head, marker.value_or(kafka::Marker{}), head.base_offset, now);
}

void PartitionRecovery::on_snapshot(PartitionNumber number, std::string_view snapshot) {
  auto parsed = parse_snapshot(snapshot);
  if (!parsed) {
    spdlog::warn(
        "partition {}: the snapshot of its producers is damaged; duplicates sent before the last stop may be "
        "taken for new",
        number);
    return;
  }
  partitions_[number] = std::move(*parsed);
}

void PartitionRecovery::on_start(PartitionNumber number, net::Bytes start, Timestamp now) {
  const auto head = kafka::BatchHead::parse(start);
  if (!head) return;
  const bool tells_nothing = head->producer_id < 0 && head->partition_leader_epoch <= 0;
  if (tells_nothing && !partitions_.contains(number)) return;
  PartitionSnapshot& partition = partitions_[number];
  if (head->base_offset < partition.covers) return;
  partition.covers = head->last_offset() + 1;
  apply_batch(partition.producers, partition.epochs, number, *head, start, now);
  if (head->producer_id < 0) return;
  undoable_.emplace_back(number, head->last_offset());
  if (undoable_.size() <= undo_max) return;
  const auto [oldest, last] = undoable_.front();
  undoable_.pop_front();
  partitions_[oldest].producers.forget_undo_before(last + 1);
}

void PartitionRecovery::on_truncate(PartitionNumber number, Offset end) {
  if (makes(Mistake::snapshot_outlives_truncation)) return;
  if (const auto known = partitions_.find(number); known != partitions_.end()) {
    PartitionSnapshot& partition = known->second;
    partition.is_exact = partition.producers.truncate(end) && partition.is_exact;
    partition.epochs.truncate(end);
    partition.covers = std::min(partition.covers, end);
    partition.high_watermark = std::min(partition.high_watermark, end);
  }
  const auto [lowest, first] = truncated_.try_emplace(number, end);
  lowest->second = std::min(lowest->second, end);
}

// Past what was the end: a follower whose leader's log begins there. What was known before is of what it had,
// and not of what lies in between.
void PartitionRecovery::on_trim(PartitionNumber number, Offset start) {
  if (makes(Mistake::keeps_skipped_transactions)) return;
  const auto known = partitions_.find(number);
  if (known != partitions_.end() && start > known->second.covers) known->second = {.covers = start};
}

PartitionRecovery::Recovered PartitionRecovery::take() {
  undoable_.clear();
  return std::exchange(partitions_, {});
}

}  // namespace mq::core
