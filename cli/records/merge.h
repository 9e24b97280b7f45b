// SPDX-License-Identifier: Apache-2.0
// Brings the records of several partitions in the order of their times: all of them as they come, or the
// newest N. Within a partition their order is that of their offsets, whatever clocks say. Holds them as the
// bytes that will be printed; those that will not be have their places. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace mq::cli {

struct Held {
  std::int64_t timestamp = -1;
  std::uint64_t arrived = 0;  // among equals the first one comes first
  std::string text;
  bool is_shown = true;  // otherwise it only has its place among the others
};

// Gives a record out when no partition can bring an earlier one any more.
class Merge {
 public:
  explicit Merge(std::size_t partitions) : queues_(partitions), finished_(partitions) {}

  void add_partition() { queues_.emplace_back(), finished_.push_back(false); }
  void push(std::size_t partition, std::int64_t timestamp, std::string text, bool is_shown = true);
  void finish(std::size_t partition) { finished_[partition] = true; }
  void finish_all() { finished_.assign(finished_.size(), true); }
  bool pop(Held& held);  // false: wait for more
  std::size_t held(std::size_t partition) const { return queues_[partition].size(); }

 private:
  std::vector<std::deque<Held>> queues_;
  std::vector<bool> finished_;
  std::uint64_t arrived_ = 0;
};

// Keeps the newest `count`; memory for twice as many at most. A record is no older than those before it in
// its partition.
class Newest {
 public:
  Newest(std::size_t count, std::size_t partitions) : count_(count), newest_(partitions, INT64_MIN) {}

  void push(std::size_t partition, std::int64_t timestamp, std::string text, bool is_shown = true);
  std::vector<Held> take();  // oldest first

 private:
  void trim();

  std::size_t count_;
  std::vector<std::int64_t> newest_;  // timestamp of each partition
  std::vector<Held> held_;
  std::uint64_t arrived_ = 0;
};

}  // namespace mq::cli
