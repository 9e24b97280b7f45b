// SPDX-License-Identifier: Apache-2.0
// Lets partitions forget what their topics do not want kept: looks at one after the other, when something in
// it is due, when it has grown too large, or when its topic was configured anew. Lives on the loop. There is
// one alarm, and it is set only while something can become too old.
#pragma once

#include <deque>
#include <unordered_map>

#include "core/cleaning/compactor.h"
#include "core/cleaning/retention.h"
#include "core/config/scalars.h"
#include "core/loop/clock.h"
#include "core/metadata/loader.h"

namespace mq::core {

class Sweeper : public std::enable_shared_from_this<Sweeper> {
 public:
  // What is too old waits for up to `interval`, so that it goes in pieces worth it. Without a compactor
  // nothing is compacted.
  Sweeper(asio::io_context& loop, const Clock& clock, Milliseconds interval,
          std::shared_ptr<Compactor> compactor);

  // From now on; those that are there are looked at after the interval, or sooner.
  void watch(const Catalog& topics, const PartitionTable& partitions, MetadataLoader& loader);
  void sealed(const std::vector<PartitionNumber>& numbers);  // there may be something to compact
  void stop();
  void tick();  // what the alarm does: looks at all in which something is due

  std::uint64_t looks() const { return looks_; }  // at partitions, so far
  Timestamp next() const { return next_; }        // when the alarm rings

 private:
  struct Watched {
    std::weak_ptr<Partition> partition;
    Retention keep;
    std::optional<CompactionRules> compaction;
    Timestamp due = end_of_time, compaction_due = end_of_time;
    bool queued = false, by_age = false;  // by_age: what is too old goes with the next look
  };
  struct Next {
    Timestamp due = end_of_time;
    std::uint64_t room = UINT64_MAX;  // until so many bytes have been appended
  };
  using PartitionPtr = std::shared_ptr<Partition>;

  void changed(const Topic& topic, PartitionTable::Partitions partitions);
  void enqueue(PartitionNumber number, bool by_age);
  static Task<void> work(std::shared_ptr<Sweeper> self);
  Task<void> sweep(PartitionNumber number);
  Task<Next> retain(PartitionPtr partition, Retention keep, Expiry::Age age);
  Task<Next> compact(PartitionPtr partition, CompactionRules rules);
  Task<Result<CompactionView>> view_of(PartitionPtr partition);
  void look_at(Timestamp due, std::int64_t interval_ms);
  void put_off(Timestamp found, Timestamp& due, std::int64_t interval_ms);
  std::int64_t compaction_look_ms() const;
  Timestamp now();

  asio::io_context& loop_;
  const Clock& clock_;
  const std::int64_t interval_ms_;
  const Time started_;
  const Timestamp started_ms_;
  const std::shared_ptr<Compactor> compactor_;
  std::unordered_map<PartitionNumber, Watched> watched_;
  std::deque<PartitionNumber> queue_;
  bool working_ = false, stopped_ = false, starting_ = false, doubts_clock_ = false;
  Timestamp ticked_ = 0, next_ = end_of_time;
  std::uint64_t looks_ = 0;
  const std::unique_ptr<Alarm> alarm_;
};

}  // namespace mq::core
