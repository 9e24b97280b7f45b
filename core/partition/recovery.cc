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
  if (!head || (head->producer_id < 0 && head->partition_leader_epoch <= 0)) return;  // nothing that it tells
  PartitionSnapshot& partition = partitions_[number];
  if (head->base_offset < partition.covers) return;
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

PartitionRecovery::Recovered PartitionRecovery::take() {
  undoable_.clear();
  return std::exchange(partitions_, {});
}

}  // namespace mq::core
