// SPDX-License-Identifier: Apache-2.0
// The batches of one partition, in offset order.
// Used from one executor (the loop); the disk work happens elsewhere and comes back to it.
#pragma once

#include <functional>
#include <optional>

#include "storage/types.h"

namespace mq::storage {

class Log {
 public:
  // Called on the loop when the batch is durable (as `storage.flush` defines it), or was refused. When it is
  // called `end()` already counts every batch of the same group.
  using Appended = std::function<void(error_code)>;

  virtual ~Log() = default;

  // Queues the batch behind all earlier ones; never suspends. `batch.first` is at or after the end as it will
  // be then; a gap is allowed. In an empty log it may lie before the start when the batch reaches that: as
  // where a log was trimmed to within its first batch. After an error nothing of this batch is in the log,
  // and the log goes on from `end()`.
  virtual void append(Batch batch, Appended done) = 0;

  // At least one batch, if there is one at or after `from`, then as many as fit into `bytes_max`. Sees only
  // what is durable, and no batch that reaches `until`. `offset_out_of_range` before start() or after end();
  // `corrupt` where the log is known to be damaged.
  virtual Task<Result<Read>> read(Offset from, std::size_t bytes_max, Offset until = offset_max) = 0;

  // Where a range ends that is known to be lost and has `from` in it; otherwise `from`.
  virtual Offset readable_from(Offset from) const { return from; }

  // The first offset that is known to be lost; nothing: none is.
  virtual std::optional<Offset> first_lost() const { return std::nullopt; }

  // Where to read the first batch whose largest timestamp reaches it, not before start(); `end()`: none does.
  virtual Task<Result<Offset>> at_time(std::int64_t timestamp) = 0;

  // The same for the batch with the largest timestamp (the first of several); `end()` when the log is empty.
  virtual Task<Result<Offset>> at_time_max() = 0;

  // What lies at or after `from`, oldest first; at most `count_max` ranges.
  virtual Task<Result<std::vector<Range>>> ranges(Offset from, Grain grain, std::size_t count_max) = 0;

  virtual Task<error_code> truncate(
      Offset end) = 0;  // forget every batch that reaches `end`; durable when it returns
  virtual Task<error_code> trim(
      Offset start) = 0;  // forget everything before `start`; past the end: go on from there

  virtual Offset start() const = 0;
  virtual Offset end() const = 0;           // one past the last durable record
  virtual std::uint64_t bytes() const = 0;  // of living batches, about
};

}  // namespace mq::storage
