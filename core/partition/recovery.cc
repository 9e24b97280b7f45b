// SPDX-License-Identifier: Apache-2.0
#include "core/partition/recovery.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "net/kafka/record_batch.h"

namespace mq::core {

void PartitionRecovery::on_snapshot(PartitionNumber number, std::string_view snapshot) {
  auto restored = Producers::restore(snapshot);
  if (!restored) {
    spdlog::warn(
        "partition {}: the snapshot of its producers is damaged; duplicates sent before the last stop may be "
        "taken for new",
        number);
    return;
  }
  partitions_[number] = {std::move(restored->producers), std::move(restored->epochs)};
  covered_up_to_[number] = restored->covers;
}

void PartitionRecovery::on_start(PartitionNumber number, net::Bytes start, Timestamp now) {
  const auto head = kafka::BatchHead::parse(start);
  if (!head || (head->producer_id < 0 && head->partition_leader_epoch <= 0)) return;  // nothing that it tells
  const auto covered = covered_up_to_.find(number);
  if (covered != covered_up_to_.end() && head->base_offset < covered->second) return;
  State& state = partitions_[number];
  state.epochs.seen(head->partition_leader_epoch, head->base_offset);
  if (head->producer_id < 0) return;
  Producers& producers = state.producers;
  if (!head->is_control()) return producers.appended(*head, head->base_offset, now);
  auto marker = kafka::read_marker(start);
  if (!marker)
    spdlog::error("partition {}: the marker at offset {} is damaged; its transaction counts as aborted",
                  number, head->base_offset);
  producers.ended(*head, marker.value_or(kafka::Marker{}), head->base_offset, now);
}

void PartitionRecovery::on_truncate(PartitionNumber number, Offset end) {
  if (const auto known = partitions_.find(number); known != partitions_.end()) {
    known->second.producers.truncate(end);
    known->second.epochs.truncate(end);
  }
  if (const auto covered = covered_up_to_.find(number); covered != covered_up_to_.end())
    covered->second = std::min(covered->second, end);
  const auto [lowest, first] = truncated_.try_emplace(number, end);
  lowest->second = std::min(lowest->second, end);
}

PartitionRecovery::Recovered PartitionRecovery::take() {
  covered_up_to_.clear();
  return std::exchange(partitions_, {});
}

}  // namespace mq::core
