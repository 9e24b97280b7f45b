// SPDX-License-Identifier: Apache-2.0
// The journal on a disk: what the loop knows of it, and the threads that work for it. Lives on the loop.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "storage/appender.h"
#include "storage/cleaner.h"
#include "storage/journal.h"
#include "storage/lock.h"
#include "storage/logs.h"
#include "storage/noting_store.h"
#include "storage/readers.h"
#include "storage/sealed.h"
#include "storage/sealer.h"
#include "storage/writer.h"

namespace mq::storage {

class DiskJournal final : public Journal, private Rewriter {
 public:
  DiskJournal(FileSystem& files, asio::io_context& loop, JournalOptions options);
  ~DiskJournal() override;
  error_code open();  // blocks; in opening.cc

  const Recovery& recovery() const override { return recovery_; }
  Store& meta() override { return *meta_; }
  PartitionNumber next_partition() override { return meta_->next_partition(); }
  std::shared_ptr<Log> log(PartitionNumber partition) override { return logs_->log(partition); }
  Task<error_code> remove(std::vector<PartitionNumber> partitions) override;
  Task<void> stop() override;
  JournalStats stats() const override;
  Rewriter& rewriter() override { return *this; }

  Task<error_code> visit(PartitionNumber partition, Offset from, Offset to, Visit visit) override;
  Task<Result<Offset>> rewrite(PartitionNumber partition, Offset from, Offset to, Change change) override;
  Task<error_code> roll() override;

  void note_rows(std::string rows, Log::Appended done = {});  // any thread; `done` on the loop
  void copy_core_rows(Log::Appended done);                    // all of them
  Readers& readers() { return readers_; }

 private:
  friend class Opening;  // fills it in
  friend class Replay;

  void finish(std::unique_ptr<Group> group);
  void close(const Group::Closed& closed);
  void tell_refusing();
  void start_threads(const Writer::Position& position);
  Result<void> note_end();  // blocks
  Task<void> barrier();     // everything that was submitted has its answer

  FileSystem& files_;
  asio::io_context& loop_;
  const JournalOptions options_;
  AppendQueue queue_;
  StallWatch stall_watch_{loop_};
  Appender appender_{loop_, queue_, stall_watch_};
  Readers readers_;
  Recovery recovery_;
  std::unique_ptr<Lock> lock_;
  std::unique_ptr<NotingStore> meta_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<SegmentFiles> segments_;
  std::unique_ptr<SealedSegments> sealed_;

  std::pair<bool, bool> refusing_;  // as core was told: full, failed

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what is posted asks whether we are
  std::unique_ptr<asio::thread_pool> background_, copying_;
  std::unique_ptr<Cleaner> cleaner_;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<Logs> logs_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace mq::storage
