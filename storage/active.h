// SPDX-License-Identifier: Apache-2.0
// A segment that is not sealed, and the index of what lies in it: per partition the places of its batches.
// Lives on the loop; once the segment is closed its places never change and are shared with the sealer.
#pragma once

#include "storage/segment_files.h"

namespace mq::storage {

class PartitionLog;

// Where a batch lies.
struct Place {
  Offset first = 0;
  std::int64_t time_max = -1;
  std::uint32_t position = 0, size = 0;
  std::uint32_t offsets = 0, unused = 0;  // how many beyond `first`

  Offset last() const { return first + offsets; }
};
static_assert(sizeof(Place) == 32);

// A partition's batches in one segment that is not sealed, in offset order: `places` without those that were
// trimmed (the first `skip`) and truncated (from `count` on).
struct Active;
struct Run {
  std::shared_ptr<Active> segment;
  std::shared_ptr<std::vector<Place>> places;
  std::size_t skip = 0, count = 0;

  std::span<const Place> batches() const { return std::span(*places).subspan(skip, count - skip); }
  std::uint64_t bytes() const;
  void add(const Place& place);
  std::uint64_t truncate(Offset end);  // forgets what reaches `end`; returns how many bytes that was
  std::uint64_t trim(Offset start);    // forgets what lies before `start`
};

struct Active {
  explicit Active(std::shared_ptr<SegmentFile> segment_file) : file(std::move(segment_file)) {}

  const std::shared_ptr<SegmentFile> file;
  std::uint64_t end = 0;  // once closed
  bool closed = false;
  std::vector<std::shared_ptr<PartitionLog>> logs;  // those that it says something of
  std::vector<Place> core_rows;                     // copies of core's rows; `first` counts them
  std::vector<std::pair<PartitionNumber, Offset>> truncations, trims;
};

// Of the trims before a truncation nothing holds beyond it.
void note_truncation(PartitionNumber partition, Offset end,
                     std::vector<std::pair<PartitionNumber, Offset>>& truncations,
                     std::vector<std::pair<PartitionNumber, Offset>>& trims);

// The first batch that holds `from` or lies behind it.
std::span<const Place> from_offset(std::span<const Place> places, Offset from);

}  // namespace mq::storage
