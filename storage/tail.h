// SPDX-License-Identifier: Apache-2.0
// The newest durable batches of all partitions, in memory, bounded: who keeps up reads neither disk nor
// kernel cache. Lives on the loop; the batches themselves are shared and immutable.
#pragma once

#include <boost/container/deque.hpp>
#include <deque>

#include "storage/types.h"

namespace mq::storage {

class Tail {
 public:
  // One partition's part of it: the end of its log, without a hole.
  class Part {
   public:
    bool covers(Offset from) const { return !batches_.empty() && from >= batches_.front().batch.first; }
    // From the batch that holds `from`, or the next one, on; what lies at or after `limit` does not count.
    Read read(Offset from, Offset limit, std::size_t bytes_max) const;
    void truncate(Offset end);  // forgets what reaches `end`

   private:
    friend class Tail;
    struct Entry {
      std::uint64_t number;
      Batch batch;
    };
    boost::container::deque<Entry> batches_;  // std::deque takes memory when it is empty
  };

  explicit Tail(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  void add(const std::shared_ptr<Part>& part, Batch batch);

 private:
  struct Entry {
    std::shared_ptr<Part> part;
    std::uint64_t number;
    std::size_t size;
  };
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t number_ = 0;
  std::deque<Entry> entries_;  // oldest first
};

}  // namespace mq::storage
