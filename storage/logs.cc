// SPDX-License-Identifier: Apache-2.0
#include "storage/logs.h"

namespace mq::storage {

Logs::~Logs() {
  for (const auto& [number, log] : logs_) log->leave();
}

std::shared_ptr<PartitionLog> Logs::log(PartitionNumber partition) {
  auto& log = logs_[partition];
  if (!log) log = std::make_shared<PartitionLog>(context_, partition);
  return log;
}

PartitionLog* Logs::find(PartitionNumber partition) const {
  const auto found = logs_.find(partition);
  return found == logs_.end() ? nullptr : found->second.get();
}

void Logs::erase(PartitionNumber partition) {
  const auto found = logs_.find(partition);
  if (found == logs_.end()) return;
  found->second->leave();
  logs_.erase(found);
}

std::shared_ptr<Active> Logs::active(const std::shared_ptr<SegmentFile>& segment) {
  for (auto it = active_.rbegin(); it != active_.rend(); ++it)
    if ((*it)->file == segment) return *it;
  return active_.emplace_back(std::make_shared<Active>(segment));
}

void Logs::apply(const Append& append, const std::shared_ptr<Active>& segment) {
  switch (append.kind) {
    case Kind::batch:
      append.log->appended(append.batch, append.position, segment);
      batches_++;
      batch_bytes_ += append.batch.size;
      break;
    case Kind::truncate:
      append.log->truncate_at(append.base, segment);
      break;
    case Kind::trim:
      append.log->trimmed(append.base, segment);
      break;
    case Kind::rows: {
      const auto size = static_cast<std::uint32_t>(append.batch.size);
      segment->core_rows.push_back(
          {static_cast<Offset>(segment->core_rows.size()), -1, append.position, size});
      break;
    }
    case Kind::begin:
    case Kind::note:
      break;
  }
}

std::shared_ptr<Active> Logs::close(const Group::Closed& closed) {
  auto segment = active(closed.segment);
  std::erase(active_, segment);
  segment->end = closed.end;
  segment->closed = true;
  return segment;
}

std::uint32_t Logs::newest_segment() const {
  return active_.empty() ? 0 : active_.back()->file->number;
}

}  // namespace mq::storage
