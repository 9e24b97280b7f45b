// SPDX-License-Identifier: Apache-2.0
// Which segments there are (the manifest, in memory and in `meta`) and which sealed one has which offsets of
// which partition (rows in `meta` only). Any thread. What changes them is durable when it returns; after an
// error nothing has changed here. Batches in segments that are not sealed are not known here.
#pragma once

#include <map>
#include <mutex>

#include "storage/keys.h"
#include "storage/store.h"

namespace mq::storage {

class Catalogue {
 public:
  // One partition's batches in one sealed segment.
  struct Run {
    PartitionNumber partition = 0;
    Offset last = 0;
    CatalogueRow row;
  };
  using Manifest = std::map<std::uint32_t, SegmentRow>;

  explicit Catalogue(Store& store) : store_(store) {}
  error_code load();

  Manifest manifest() const;
  std::optional<SegmentRow> segment(std::uint32_t number) const;
  std::uint32_t next_segment();  // a number never used before; at first one above all that are known
  void used(std::uint32_t number);  // by a file that is not in the manifest
  error_code opened(std::uint32_t number, std::uint32_t seed, std::uint64_t disk_bytes);

  // A segment that is full became a table; `change` may bring rows of others along.
  error_code sealed(std::uint32_t number, SegmentRow row, const std::vector<Run>& runs,
                    Store::Change change = {});
  // A new segment takes the living runs of others over: `gone` are their rows as they were, `old` the
  // segments, which nothing names any more.
  error_code replaced(std::uint32_t number, SegmentRow row, const std::vector<Run>& runs,
                      const std::vector<Run>& gone, const std::vector<std::uint32_t>& old);
  // Runs with last offset at or after `from`, in order.
  Result<std::vector<Run>> find(PartitionNumber partition, Offset from, std::size_t limit) const;

  // What is left of a partition when offsets before `start`, or from `end` on, are gone. A run that only
  // partly goes keeps its row, shortened at the end to `last` (the last offset of a batch, or one before a
  // batch).
  struct Forgotten {
    std::uint64_t bytes = 0;
    std::vector<std::uint32_t>
        dead;  // segments without a living run; their rows are gone, their files can go
  };
  Result<Forgotten> forget_before(PartitionNumber partition, Offset start);
  Result<Forgotten> forget_from(PartitionNumber partition, Offset end);

  // Segments that nobody needs and that nothing names: their rows go first, then the caller removes the
  // files.
  error_code erase(const std::vector<std::uint32_t>& numbers, Store::Change change = {});

 private:
  Result<Forgotten> forget(const std::vector<Run>& gone, Store::Change change);

  Store& store_;
  mutable std::mutex mutex_;
  Manifest manifest_;         // guarded by mutex_
  std::uint32_t newest_ = 0;  // guarded by mutex_
};

}  // namespace mq::storage
