// SPDX-License-Identifier: Apache-2.0
// How often which value was seen, in memory that does not grow: buckets get wider as values get larger, 128
// for each power of two, so that no answer is off by 1 %. Values are whole numbers, nanoseconds mostly. Pure;
// one owner, any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace mq::bench {

class Histogram {
 public:
  static constexpr std::int64_t value_max = std::int64_t{1} << 46;  // as nanoseconds: 19 hours

  Histogram();

  // Below 0 counts as 0, above value_max as value_max.
  void record(std::int64_t value, std::uint64_t count = 1);
  void merge(const Histogram& other);
  void clear();

  std::uint64_t count() const { return count_; }
  std::int64_t min() const { return count_ == 0 ? 0 : min_; }  // this and max() are exact
  std::int64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

  // The value that so many per cent of all are not above; never less than it was. 0 when there is none.
  std::int64_t percentile(double percent) const;

  struct Bucket {
    std::int64_t from = 0, to = 0;  // both included
    std::uint64_t count = 0;
  };
  std::vector<Bucket> buckets() const;  // those that are not empty, by value

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::int64_t min_ = INT64_MAX, max_ = 0;
  double sum_ = 0;
};

}  // namespace mq::bench
