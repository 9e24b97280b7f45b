// SPDX-License-Identifier: Apache-2.0
// The journal on a disk: what is asked for on the loop, and the thread that writes. What was opened is
// complete; from here on it is written. Lives on the loop.
#pragma once

#include "storage/journal_parts.h"
#include "storage/lock.h"
#include "storage/writer.h"

namespace mq::storage {

struct Opened;

class DiskJournal final : public Journal, private Rewriter {
 public:
  explicit DiskJournal(Opened opened);
  ~DiskJournal() override;

  const Recovery& recovery() const override { return recovery_; }
  Store& meta() override { return parts_->meta; }
  PartitionNumber next_partition() override { return parts_->meta.next_partition(); }
  std::shared_ptr<Log> log(PartitionNumber partition) override { return parts_->logs.log(partition); }
  Task<error_code> remove(std::vector<PartitionNumber> partitions) override;
  Task<void> stop() override;
  JournalStats stats() const override;
  Rewriter& rewriter() override { return *this; }

  Task<error_code> visit(PartitionNumber partition, Offset from, Offset to, Visit visit) override;
  Task<Result<Offset>> rewrite(PartitionNumber partition, Offset from, Offset to, Change change) override;
  Task<error_code> roll() override;

  Readers& readers() { return parts_->readers; }  // for tests that keep them busy

 private:
  Writer::Finished finished();
  void finish(std::unique_ptr<Group> group);
  void tell_refusing();
  Result<void> note_end();  // blocks
  Task<void> barrier();     // everything that was submitted has its answer

  const std::unique_ptr<Lock> lock_;  // first: goes when nothing is written any more
  const Recovery recovery_;
  const std::unique_ptr<JournalParts> parts_;
  std::pair<bool, bool> refusing_;                              // as core was told: full, failed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what is posted asks whether we are
  Writer writer_;                                               // last: starts when the rest is ready
};

}  // namespace mq::storage
