// SPDX-License-Identifier: Apache-2.0
// One partition's log in the journal: what is appended to it, and what is read. What is sealed is found in
// the catalogue, what is not through its index, the newest in the tail. Lives on the loop; its journal may be
// gone before it.
#pragma once

#include "storage/batch_index.h"
#include "storage/log.h"
#include "storage/lookup.h"
#include "storage/tail.h"

namespace mq::storage {

class Appender;
class Cleaner;
class Readers;
struct Append;

// What all logs of a journal work with.
struct LogContext {
  Appender& appender;
  Readers& readers;
  Catalogue& catalogue;
  SealedSegments& sealed;
  Cleaner& cleaner;
  Tail tail;
  ReadAhead read_ahead;
};

class PartitionLog final : public Log, public std::enable_shared_from_this<PartitionLog> {
 public:
  PartitionLog(LogContext& context, PartitionNumber number) : context_(&context), number_(number) {}

  void append(Batch batch, Appended done) override;
  Task<Result<Read>> read(Offset from, std::size_t bytes_max, Offset until = offset_max) override;
  Offset readable_from(Offset from) const override { return index_.readable_from(from); }
  std::optional<Offset> first_lost() const override { return index_.first_lost(); }
  Task<Result<Offset>> at_time(std::int64_t timestamp) override;
  Task<Result<Offset>> at_time_max() override;
  Task<Result<std::vector<Range>>> ranges(Offset from, Grain grain, std::size_t count_max) override;
  Task<error_code> truncate(Offset end) override;
  Task<error_code> trim(Offset start) override;
  Offset start() const override { return index_.start(); }
  Offset end() const override { return index_.end(); }
  std::uint64_t bytes() const override { return index_.bytes(); }

  // For the journal.
  PartitionNumber number() const { return number_; }
  BatchIndex& index() { return index_; }
  void refuse(bool appends) { refusing_ = appends; }  // while it is being removed
  void leave();                                       // the journal goes, or has forgotten this partition
  bool gone() const { return context_ == nullptr; }
  void completed(const Append& append);  // one of its appends has its answer
  // The writer thread's own: how many it refused, and why the last one.
  struct Refusals {
    std::uint32_t count = 0;
    error_code why;
  } refusals;

  // What became durable, in order.
  void appended(const Batch& batch, std::uint32_t position, const std::shared_ptr<Active>& segment);
  void truncate_at(Offset end, const std::shared_ptr<Active>& segment);
  void trimmed(Offset start, const std::shared_ptr<Active>& segment);

  void rewritten(std::uint64_t bytes_less);  // what memory knows of it may be older than what is stored

 private:
  Task<Result<Read>> read_unsealed(Offset from, Offset limit, std::size_t bytes_max);
  Task<Result<Read>> read_sealed(Offset from, Offset limit, std::size_t bytes_max);
  std::optional<Read> read_ahead(Offset from, Offset limit, std::size_t bytes_max);
  Task<Result<Offset>> boundary(Offset end);
  Task<error_code> note(Append append);
  Lookup lookup(Offset limit) const;

  LogContext* context_;  // null: gone
  const PartitionNumber number_;
  BatchIndex index_;
  bool refusing_ = false;
  std::uint32_t in_flight_ = 0;
  Offset queued_end_ = 0;  // the end as it will be; meaningless when nothing is in flight
  std::uint32_t refusals_known_ = 0;
  std::shared_ptr<Tail::Part> tail_;
};

}  // namespace mq::storage
