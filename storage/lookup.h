// SPDX-License-Identifier: Apache-2.0
// What of a partition is found in sealed segments. Runs on a reader thread, for it waits for the disk. A
// segment that is written anew meanwhile is found where its batches went.
#pragma once

#include "storage/extent.h"
#include "storage/read_ahead.h"
#include "storage/sealed.h"

namespace mq::storage {

class Lookup {
 public:
  // Nothing at or after `limit` counts.
  Lookup(Catalogue& catalogue, SealedSegments& segments, PartitionNumber partition, Offset limit)
      : catalogue_(catalogue), segments_(segments), partition_(partition), limit_(limit) {}

  struct Found {
    Read read;
    ReadAhead::Row ahead;  // what follows it in the same file
  };
  Result<Found> read(Offset from, std::size_t bytes_max) const;
  // Base of the first batch from `start` on whose largest timestamp reaches `timestamp`.
  Result<std::optional<Offset>> at_time(Offset start, std::int64_t timestamp) const;
  // Base and timestamp of the batch with the largest one.
  using Newest = std::pair<Offset, std::int64_t>;
  Result<std::optional<Newest>> newest(Offset start) const;
  Result<std::vector<Range>> ranges(Offset from, Grain grain, std::size_t count_max) const;
  error_code batches(Offset from, const std::function<bool(Bytes batch)>& visit) const;
  // The base of the batch that a truncation at `end` would split, or `end`.
  Result<Offset> boundary(Offset end) const;

 private:
  using Wanted = std::function<bool(const Catalogue::Run&)>;  // false: its segment is not opened
  using Visit = std::function<bool(const Sealed&, const Sealed::Entry&)>;
  error_code each_batch(Offset from, const Wanted& wanted, const Visit& visit) const;
  bool moved(const Catalogue::Run& run) const;

  Catalogue& catalogue_;
  SealedSegments& segments_;
  const PartitionNumber partition_;
  const Offset limit_;
};

}  // namespace mq::storage
