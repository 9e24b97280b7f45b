// SPDX-License-Identifier: Apache-2.0
// Compacts one partition after the other: maps the newest offsets of what is dirty, then has the log written
// anew without what they replace, as often as it takes for the map to fit into its memory. Remembers in meta
// how far each partition is clean. Lives on the loop; records are looked at on the journal's copying thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <unordered_map>

#include "core/cleaning/compaction.h"
#include "core/loop/clock.h"
#include "core/loop/waiter.h"
#include "core/partition/partition.h"
#include "storage/journal.h"

namespace mq::core {

class Compactor : public std::enable_shared_from_this<Compactor> {
 public:
  // `memory_bytes`: of the map.
  Compactor(asio::io_context& loop, const Clock& clock, storage::Journal& journal, asio::any_io_executor disk,
            std::uint64_t memory_bytes);
  error_code load();  // what meta remembers; blocks

  // `done` is called on the loop, with or without success. A partition that waits already does not wait
  // twice.
  void compact(std::shared_ptr<Partition> partition, CompactionRules rules, Offset end,
               std::function<void(PartitionNumber, error_code)> done);
  Offset clean_until(PartitionNumber number) const;    // 0: nothing is known of it
  void truncated(PartitionNumber number, Offset end);  // what is appended there again is not clean
  bool is_busy_with(PartitionNumber number) const { return busy_.contains(number); }
  Task<error_code> roll();              // what has been appended so far
  void forget(PartitionNumber number);  // it is gone
  void stop();                          // the journal is not touched after it

  std::uint64_t passes() const { return passes_; }

 private:
  struct Job {
    std::shared_ptr<Partition> partition;
    CompactionRules rules;
    Offset end = 0;
    std::function<void(PartitionNumber, error_code)> done;
  };
  using Pass = std::shared_ptr<CompactionPass>;

  static Task<void> work(std::shared_ptr<Compactor> self);
  Task<error_code> run(std::shared_ptr<const Job> job);
  Pass new_pass(const Job& job, Offset clean) const;
  Task<error_code> map(std::shared_ptr<const Job> job, Offset clean, Pass pass);
  Task<error_code> rewrite(std::shared_ptr<const Job> job, Pass pass);
  void put(PartitionNumber number, std::optional<Offset> clean);
  Task<error_code> remember(PartitionNumber number, Offset clean);
  Task<void> rest(Time began, std::uint64_t appended);

  asio::io_context& loop_;
  const Clock& clock_;
  storage::Journal& journal_;
  const asio::any_io_executor disk_;
  const std::uint64_t memory_bytes_;
  std::unordered_map<PartitionNumber, Offset> clean_;
  std::unordered_map<PartitionNumber, bool> busy_;
  std::deque<std::shared_ptr<const Job>> queue_;
  bool working_ = false, stopped_ = false;
  std::uint64_t passes_ = 0;
  std::shared_ptr<Waiter> resting_;
};

}  // namespace mq::core
