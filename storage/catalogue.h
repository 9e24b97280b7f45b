// SPDX-License-Identifier: Apache-2.0
// Which segments there are (the manifest, in memory and in `meta`) and which sealed one has which offsets of
// which partition (rows in `meta` only). Any thread. What changes them is durable when it returns; after an
// error nothing has changed here. Batches in segments that are not sealed are not known here.
#pragma once

#include <atomic>
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

    // What is left of it from `from` on and before `limit`; bytes and batches by their share of the offsets.
    Run between(Offset from, Offset limit) const;
  };
  using Manifest = std::map<std::uint32_t, SegmentRow>;

  explicit Catalogue(Store& store) : store_(store) {}
  error_code load();

  Manifest manifest() const;
  std::optional<SegmentRow> segment(std::uint32_t number) const;
  std::uint32_t next_segment();     // a number never used before; at first one above all that are known
  void used(std::uint32_t number);  // by a file that is not in the manifest
  error_code opened(std::uint32_t number, std::uint32_t seed, std::uint64_t disk_bytes);

  // What its files really take. While the journal opens: it would undo what is forgotten meanwhile.
  error_code measured(std::uint32_t number, std::uint64_t disk_bytes);

  // A segment that is full became a table; `change` may bring rows of others along.
  error_code sealed(std::uint32_t number, SegmentRow row, const std::vector<Run>& runs,
                    Store::Change change = {});
  // A new segment takes runs of others over: `gone` are their rows as they are; of the segments `copied` it
  // has core's rows, too. Returns the segments that nobody needs any more; nothing names them.
  Result<std::vector<std::uint32_t>> replaced(std::uint32_t number, SegmentRow row,
                                              const std::vector<Run>& runs, const std::vector<Run>& gone,
                                              const std::vector<std::uint32_t>& copied);
  // Runs with last offset at or after `from`, in order.
  Result<std::vector<Run>> find(PartitionNumber partition, Offset from, std::size_t limit) const;

  // Runs that lie in a segment. Looks at every run there is.
  Result<std::vector<Run>> runs_in(std::uint32_t segment) const;

  // Ranges of a partition that are known to be lost, as they are stored.
  error_code lost_rows(PartitionNumber partition, std::map<std::string, std::string>& rows) const;

  // Of all its runs, as its row says.
  Result<std::uint64_t> bytes(PartitionNumber partition) const;

  // What is left of a partition when offsets before `start`, or from `end` on, are gone. A run that only
  // partly goes keeps its row: from `start` on, or up to `end`, which is where a batch begins.
  struct Forgotten {
    std::uint64_t bytes = 0, counted = 0;  // counted: of runs that began before the offset given
    std::vector<std::uint32_t>
        dead;  // segments without a living run; their rows are gone, their files can go
  };
  Result<Forgotten> forget_before(PartitionNumber partition, Offset start, Offset counted);
  Result<Forgotten> forget_from(PartitionNumber partition, Offset end, Offset counted);
  // All of partitions that have been removed, in one change, or a few where there is very much. With
  // `stopping` it ends early: what is left is found when the journal is opened again.
  Result<Forgotten> forget_all(const std::vector<PartitionNumber>& partitions,
                               const std::atomic<bool>& stopping);

  // Segments that nobody needs and that nothing names: their rows go first, then the caller removes the
  // files.
  error_code erase(const std::vector<std::uint32_t>& numbers, Store::Change change = {});

 private:
  error_code forget(const std::vector<Run>& gone, Store::Change change, Offset counted, Forgotten& all);
  error_code take_out(const std::vector<Run>& gone, Store::Change change, Offset counted,
                      std::optional<PartitionNumber> owner, Forgotten& all);
  error_code add_bytes(PartitionNumber partition, std::int64_t more, Store::Change& change) const;
  SegmentRow* touch(std::uint32_t number, Manifest& touched) const;
  void release(const std::vector<Run>& gone, Manifest& touched, Store::Change& change) const;
  static std::vector<std::uint32_t> put(const Manifest& touched, Store::Change& change);
  void adopt(const Manifest& touched, const std::vector<std::uint32_t>& dead);

  Store& store_;
  mutable std::mutex mutex_;
  Manifest manifest_;         // guarded by mutex_
  std::uint32_t newest_ = 0;  // guarded by mutex_
};

}  // namespace mq::storage
