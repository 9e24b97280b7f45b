// SPDX-License-Identifier: Apache-2.0
#include "storage/active.h"

#include <algorithm>

namespace mq::storage {

std::uint64_t Run::bytes() const {
  std::uint64_t sum = 0;
  for (const Place& place : batches()) sum += place.size;
  return sum;
}

void Run::add(const Place& place) {
  places->resize(count);  // what was truncated
  places->push_back(place);
  count++;
}

std::uint64_t Run::truncate(Offset end) {
  std::uint64_t bytes = 0;
  while (count > skip && (*places)[count - 1].last() >= end) bytes += (*places)[--count].size;
  return bytes;
}

std::uint64_t Run::trim(Offset start) {
  std::uint64_t bytes = 0;
  while (skip < count && (*places)[skip].last() < start) bytes += (*places)[skip++].size;
  return bytes;
}

std::span<const Place> from_offset(std::span<const Place> places, Offset from) {
  const auto ends_before = [](const Place& place, Offset offset) { return place.last() < offset; };
  const auto found = std::lower_bound(places.begin(), places.end(), from, ends_before);
  return places.subspan(static_cast<std::size_t>(found - places.begin()));
}

void note_truncation(PartitionNumber partition, Offset end,
                     std::vector<std::pair<PartitionNumber, Offset>>& truncations,
                     std::vector<std::pair<PartitionNumber, Offset>>& trims) {
  truncations.emplace_back(partition, end);
  for (auto& [number, start] : trims)
    if (number == partition) start = std::min(start, end);
}

}  // namespace mq::storage
