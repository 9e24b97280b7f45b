// SPDX-License-Identifier: Apache-2.0
#include "storage/tail.h"

#include <algorithm>

namespace mq::storage {

Read Tail::Part::read(Offset from, Offset limit, std::size_t bytes_max) const {
  Read read;
  read.next = from;
  const auto ends_before = [](const Entry& entry, Offset offset) { return entry.batch.last < offset; };
  auto entry = std::lower_bound(batches_.begin(), batches_.end(), from, ends_before);
  for (; entry != batches_.end() && entry->batch.last < limit; ++entry) {
    const Batch& batch = entry->batch;
    if (read.size > 0 && read.size + batch.size > bytes_max) break;
    read.pieces.push_back({batch.memory, nullptr, 0, batch.size});
    read.size += batch.size;
    read.next = batch.last + 1;
  }
  return read;
}

void Tail::Part::truncate(Offset end) {
  while (!batches_.empty() && batches_.back().batch.last >= end) batches_.pop_back();
}

void Tail::add(const std::shared_ptr<Part>& part, Batch batch) {
  const std::size_t size = batch.size;
  part->batches_.push_back({++number_, std::move(batch)});
  entries_.push_back({part, number_, size});
  for (bytes_ += size; bytes_ > bytes_max_; entries_.pop_front()) {
    const Entry& oldest = entries_.front();
    auto& batches = oldest.part->batches_;
    if (!batches.empty() && batches.front().number == oldest.number)
      batches.pop_front();  // or a truncation was faster
    bytes_ -= oldest.size;
  }
}

}  // namespace mq::storage
