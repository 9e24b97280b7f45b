// SPDX-License-Identifier: Apache-2.0
// All partitions' batches in one row of segments, and their metadata beside them in `meta`. Hands out a Log
// per partition. Opened and used from one loop; writer, readers and sealer are threads of its own. Layout and
// promises: storage/README.md.
#pragma once

#include <functional>
#include <string>

#include "storage/file.h"
#include "storage/log.h"
#include "storage/rewriter.h"
#include "storage/store.h"

namespace mq::storage {

enum class Flush {
  sync,
  interval,
  os
};  // what an acknowledgement waits for: fdatasync, every second, the kernel

struct JournalOptions {
  Path data;  // holds LOCK, node.json (core's), meta/, journal/; created when missing
  Flush flush = Flush::sync;
  std::uint64_t min_free_bytes = 256u << 20;  // below: appends are refused, trims and removals go on
  std::size_t tail_bytes = 32u << 20;         // newest batches kept in memory
  std::size_t segment_bytes_min = 8u << 20,
              segment_bytes_max = 128u << 20;  // the first ones double from min to max
  std::size_t segment_records_max = 500'000;
  std::chrono::seconds segment_age_max{3600};

  // Recovery hands on what core derives from batches. First every stored snapshot, then, in journal order, of
  // what lies in segments that no snapshot of its partition covers: the first batch_start_bytes of every
  // batch, every truncation and every trim. What a snapshot says of offsets from `end` on does not hold after
  // a truncation. Called while opening.
  std::function<void(PartitionNumber, std::string_view snapshot)> on_snapshot;
  std::function<void(PartitionNumber, Bytes start)> on_start;
  std::function<void(PartitionNumber, Offset end)> on_truncate;
  std::function<void(PartitionNumber, Offset start)> on_trim;

  // Asked on the loop before a segment is sealed: a snapshot for each of these partitions, as of a moment at
  // or after the segment's end and covering durable batches only. Answer by calling `done`, now or later, on
  // the loop; a partition may be left out when it has nothing to say. Not set: no snapshots.
  using Snapshots = std::vector<std::pair<PartitionNumber, std::string>>;
  std::function<void(std::vector<PartitionNumber>, std::function<void(Snapshots)> done)> snapshots;
  // Told on the loop that batches of these partitions are in sealed segments from now on.
  std::function<void(const std::vector<PartitionNumber>&)> on_sealed;
  // Told on the loop when appends begin or cease to be refused: for want of space, which may end by itself,
  // or because the disk failed, which ends when the journal is opened again.
  std::function<void(bool full, bool failed)> on_refusing;
};

// What opening found.
struct Recovery {
  std::uint64_t segments = 0, bytes_scanned = 0, batches_scanned = 0;
  std::uint64_t torn_bytes = 0;          // dropped at the end of the journal: never acknowledged
  std::vector<PartitionNumber> damaged;  // answer `corrupt` for a range
  bool meta_rebuilt = false;
  bool clean =
      false;  // it was new, or stopped in order: what was written is there, with flush interval and os too
  std::chrono::milliseconds took{0};
};

// Counters for metrics and benches; monotone.
struct JournalStats {
  std::uint64_t groups = 0, batches = 0, batch_bytes = 0, written_bytes = 0, syncs = 0;
  std::uint64_t disk_bytes = 0, segments = 0;  // now
  bool full = false, failed = false;           // appends are refused: disk nearly full; fenced after failures
  std::chrono::milliseconds stalled{
      0};  // for so long nothing that waits to be written was answered; 0: less than 10 s
};

class Journal {
 public:
  // Blocks; recovers. `in_use` when another process holds LOCK (lock_holder() in lock.h names it).
  static Result<std::unique_ptr<Journal>> open(FileSystem& files, asio::io_context& loop,
                                               JournalOptions options);
  virtual ~Journal() =
      default;  // stops the threads; what was appended and not answered is answered with an error

  virtual const Recovery& recovery() const = 0;
  virtual Store& meta() = 0;  // core's keys begin with "core/"; blocks on disk: not on the loop's hot path

  // A number never used before in this directory. Durable once something is committed to meta or appended
  // with it.
  virtual PartitionNumber next_partition() = 0;
  // The log of a partition, created empty when it has none. The same object while anybody holds it.
  virtual std::shared_ptr<Log> log(PartitionNumber partition) = 0;
  // Forgets partitions for good: their batches are dead and their space comes back in the background.
  virtual Task<error_code> remove(std::vector<PartitionNumber> partitions) = 0;

  virtual Rewriter& rewriter() = 0;  // for compaction

  virtual Task<void> stop() = 0;  // finishes what is queued, writes the closing note; then destroy it
  virtual JournalStats stats() const = 0;
};

}  // namespace mq::storage
