// SPDX-License-Identifier: Apache-2.0
// Every partition's log, and the segments that may still take records: what becomes durable moves the logs,
// and is noted with its segment until that is sealed. Lives on the loop.
#pragma once

#include <unordered_map>

#include "storage/append.h"
#include "storage/partition_log.h"

namespace mq::storage {

class Logs {
 public:
  using ByNumber = std::unordered_map<PartitionNumber, std::shared_ptr<PartitionLog>>;

  explicit Logs(LogContext context) : context_(std::move(context)) {}
  ~Logs();  // a log that is still held is gone

  std::shared_ptr<PartitionLog> log(PartitionNumber partition);  // created empty when there is none
  PartitionLog* find(PartitionNumber partition) const;           // null: there is none
  void erase(PartitionNumber partition);                         // if it is still held, it is gone
  const ByNumber& all() const { return logs_; }

  // What was read or written of a segment; it may take records until it is closed.
  std::shared_ptr<Active> active(const std::shared_ptr<SegmentFile>& segment);
  void apply(const Append& append, const std::shared_ptr<Active>& segment);  // it is durable
  std::shared_ptr<Active> close(const Group::Closed& closed);                // to be sealed
  std::uint32_t newest_segment() const;                                      // that may; 0: none

  std::uint64_t batches() const { return batches_; }  // applied since the journal was opened, and then
  std::uint64_t batch_bytes() const { return batch_bytes_; }

 private:
  LogContext context_;
  ByNumber logs_;
  std::vector<std::shared_ptr<Active>> active_;  // one, or some for a moment
  std::uint64_t batches_ = 0, batch_bytes_ = 0;
};

}  // namespace mq::storage
