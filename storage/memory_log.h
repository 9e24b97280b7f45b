// SPDX-License-Identifier: Apache-2.0
// A Log without a disk, for tests of what uses one: the same promises, forgotten with the object, or kept by
// a MemoryJournal. Lives on the loop.
#pragma once

#include <deque>
#include <functional>

#include "storage/log.h"

namespace mq::storage {

// What there is of one partition, durably.
struct MemoryPartition {
  // What recovery hands on: a batch, a truncation or a trim.
  struct Note {
    Batch batch = {};
    std::optional<Offset> truncated_to = {}, trimmed_to = {};
  };
  std::deque<Batch> batches;
  Offset start = 0, end = 0;
  std::uint64_t bytes = 0;
  Offset sealed_end = 0;    // what lies before it counts as sealed
  std::string snapshot;     // of when something of it was sealed; empty: none
  std::vector<Note> notes;  // since then, oldest first
  std::uint64_t notes_gone = 0;
  std::uint64_t refusals = 0;  // whoever queued behind one is refused with it
  error_code refusal;          // the last one
};

// The writes of all logs that share it, in order: what waits becomes durable together, with one sync.
class MemoryWrites : public std::enable_shared_from_this<MemoryWrites> {
 public:
  // What a sync takes: calls `done` on the loop, later. Not set: in the loop's next turn.
  using Sync = std::function<void(std::function<void()> done)>;

  explicit MemoryWrites(Executor loop, Sync sync = {}) : loop_(std::move(loop)), sync_(std::move(sync)) {}

  struct Write {
    std::uint64_t bytes = 0;  // that a full disk has no room for
    std::shared_ptr<MemoryPartition>
        partition;                         // what comes behind it there counts on it; null: nothing does
    std::function<void()> apply;           // it is durable from now on
    std::function<void(error_code)> told;  // when all of its group are applied
    std::uint64_t refusals = 0;            // that were known when it was put
  };
  void put(Write write);
  Task<error_code> written(Write write);  // without `told`
  // Nothing that waits becomes durable any more; all of it is told `stopped`, as is whatever comes.
  void stop();

  // What writes answer from now on; none: they work.
  void fail_with(error_code failure) { failure_ = failure; }
  void has_room_for(std::uint64_t bytes) { room_ = bytes; }

 private:
  void sync();
  void complete();
  error_code refuse(const Write& write);

  const Executor loop_;
  const Sync sync_;
  std::vector<Write> waiting_, syncing_;
  error_code failure_;
  std::uint64_t room_ = UINT64_MAX;
  bool stopped_ = false;
};

class MemoryLog final : public Log {
 public:
  explicit MemoryLog(Executor loop)
      : MemoryLog(std::make_shared<MemoryWrites>(std::move(loop)), std::make_shared<MemoryPartition>()) {}
  MemoryLog(std::shared_ptr<MemoryWrites> writes, std::shared_ptr<MemoryPartition> partition)
      : writes_(std::move(writes)), partition_(std::move(partition)) {}

  void append(Batch batch, Appended done) override;
  Task<Result<Read>> read(Offset from, std::size_t bytes_max, Offset until = offset_max) override;
  Task<Result<Offset>> at_time(std::int64_t timestamp) override;
  Task<Result<Offset>> at_time_max() override;
  Task<Result<std::vector<Range>>> ranges(Offset from, Grain grain, std::size_t count_max) override;
  Task<error_code> truncate(Offset end) override;
  Task<error_code> trim(Offset start) override;
  Offset start() const override { return partition_->start; }
  Offset end() const override { return partition_->end; }
  std::uint64_t bytes() const override { return partition_->bytes; }

  void fail_with(error_code error) { writes_->fail_with(error); }

 private:
  std::deque<Batch>::const_iterator find(Offset from) const;

  const std::shared_ptr<MemoryWrites> writes_;
  const std::shared_ptr<MemoryPartition> partition_;
};

}  // namespace mq::storage
