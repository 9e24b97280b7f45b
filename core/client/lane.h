// SPDX-License-Identifier: Apache-2.0
// The batches of one partition that are not acknowledged yet, in the order in which they must arrive, and the
// sequence numbers that let the broker see to it. After a batch that has to be sent again nothing follows
// until all that is under way has been answered. Pure: no I/O, no clock.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "core/client/failure.h"
#include "net/types.h"

namespace mq::client {

// The numbers that the caller gave to the records of a batch, as runs: 17, 18, 19 is one of them.
class Numbers {
 public:
  void push_back(std::uint64_t number) {
    if (runs_.empty() || runs_.back().first + runs_.back().count != number) runs_.push_back({number, 0});
    runs_.back().count++;
  }
  std::uint64_t at(std::size_t i) const;
  void split(std::size_t at, Numbers& rest);  // what is behind the first `at` moves to `rest`
  bool empty() const { return runs_.empty(); }

 private:
  struct Run {
    std::uint64_t first, count;
  };
  std::vector<Run> runs_;
};

struct Sealed {
  net::Slice batch;
  std::int32_t count = 0;
  std::int32_t sequence = -1;  // of its first record; -1: nobody counts
  Numbers numbers;
  Time created;
  std::uint64_t order = 0;  // given by the lane
  std::uint64_t span = 0;   // room behind `order` for halves of this batch
  std::int32_t tries = 0;
  bool uncertain = false;  // it may be in the log: an answer was lost
};
using Batch = std::shared_ptr<Sealed>;

class Lane {
 public:
  explicit Lane(bool numbered = false) : numbered_(numbered), acknowledged_(!numbered) {}

  std::int32_t next_sequence() const {
    return numbered_ ? sequence_ : -1;
  }  // for the batch that is closed next
  void close(Batch batch);

  bool has_ready() const { return !ready_.empty(); }
  const Batch& first() const { return ready_.front(); }
  // Until the first one is acknowledged one alone is under way: a broker that does not know the producer yet
  // may take any number for the first, and refuse the true first one when it comes again.
  bool may_send(Time now) const {
    return !ready_.empty() && now >= retry_at_ && !((draining_ || !acknowledged_) && !in_flight_.empty());
  }
  Time retry_at() const { return retry_at_; }
  Batch take();

  // Each taken batch comes back by exactly one of these.
  void delivered(const Batch& batch);
  void retry(Batch batch, Time at);
  void split(const Batch& batch, Batch head, Batch tail);  // instead of it, its two halves
  void failed(const Batch& batch);  // the broker has not appended it: what follows takes its numbers
  // Its fate is unknown, so nothing may follow it: all that waits is given up, and what is under way is not
  // retried.
  std::vector<Batch> broken(const Batch& batch);

  // An answer "out of order" is the echo of an earlier batch that has not arrived.
  bool expects_disorder(const Batch& batch) const {
    return draining_ || (!in_flight_.empty() && *in_flight_.begin() < batch->order);
  }
  bool is_broken() const { return broken_; }
  std::size_t unanswered() const { return ready_.size() + in_flight_.size(); }

 private:
  void put_back(Batch batch);
  void leave_gap(const Batch& batch);
  void answered(std::uint64_t order);
  void renumber();

  bool numbered_;
  bool draining_ = false, broken_ = false, acknowledged_ = false;
  std::deque<Batch> ready_;            // by order
  std::set<std::uint64_t> in_flight_;  // their orders
  std::int32_t sequence_ = 0;
  std::int32_t renumber_from_ = -1;  // -1: the numbers are right
  std::uint64_t renumber_order_ = 0;
  std::uint64_t next_order_ = 0;
  Time retry_at_{};
};

std::int32_t add_sequence(std::int32_t sequence, std::int32_t count);  // after 2^31 - 1 comes 0

}  // namespace mq::client
