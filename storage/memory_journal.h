// SPDX-License-Identifier: Apache-2.0
// A Journal without files and without threads, for tests of what uses one: it loses what was not synced,
// takes its time, fails and fills up when told. Lives on the loop.
#pragma once

#include <map>

#include "storage/journal.h"
#include "storage/memory_log.h"

namespace mq::storage {

// What survives a journal: the next one that is opened on it begins with this.
struct MemoryDisk {
  std::map<PartitionNumber, std::shared_ptr<MemoryPartition>> partitions;
  std::map<std::string, std::string> rows;  // of meta
  std::uint64_t changes = 0;
  PartitionNumber last_partition = 0;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(MemoryDisk& disk) : disk_(disk) {}

  error_code commit(const Change& change) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view prefix,
                                                                std::string_view from,
                                                                std::size_t limit) override;
  std::uint64_t changes() const override { return disk_.changes; }

  void fail_with(error_code failure) { failure_ = failure; }
  bool failed() const { return static_cast<bool>(failure_); }

 private:
  MemoryDisk& disk_;
  error_code failure_;
};

class MemoryJournal final : public Journal, private Rewriter {
 public:
  // Recovers: hands on each partition's snapshot, then what came after it. `disk` outlives the journal, and
  // has one at a time.
  MemoryJournal(MemoryDisk& disk, asio::io_context& loop, JournalOptions options,
                MemoryWrites::Sync sync = {});
  ~MemoryJournal() override { crash(); }

  const Recovery& recovery() const override { return recovery_; }
  Store& meta() override { return meta_; }
  PartitionNumber next_partition() override { return ++disk_.last_partition; }
  std::shared_ptr<Log> log(PartitionNumber partition) override;
  Task<error_code> remove(std::vector<PartitionNumber> partitions) override;
  Rewriter& rewriter() override { return *this; }
  Task<void> stop() override;
  JournalStats stats() const override;

  // Nothing that is not durable becomes it any more; all of it, and whatever comes, is answered `stopped`.
  void crash();
  void fail_with(error_code failure);      // what writes answer from now on; none: they work
  void has_room_for(std::uint64_t bytes);  // of batches; more is `full`, and with none it says so

 private:
  Task<error_code> visit(PartitionNumber partition, Offset from, Offset to, Visit visit) override;
  Task<Result<Offset>> rewrite(PartitionNumber partition, Offset from, Offset to, Change change) override;
  Task<error_code> roll() override;
  Task<JournalOptions::Snapshots> taken(std::vector<PartitionNumber> numbers);
  std::shared_ptr<MemoryPartition> find(PartitionNumber partition) const;

  MemoryDisk& disk_;
  MemoryStore meta_;
  asio::io_context& loop_;
  const std::shared_ptr<MemoryWrites> writes_;
  std::map<PartitionNumber, std::weak_ptr<Log>> logs_;
  void tell_refusing();

  const JournalOptions options_;
  bool full_ = false, failed_ = false;
  Recovery recovery_;
};

}  // namespace mq::storage
