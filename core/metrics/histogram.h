// SPDX-License-Identifier: Apache-2.0
// How long things took, or how large they were, in memory that is fixed when built: 71 counters for
// durations. A counter has the values above the bound before it, up to and with its own bound, as Prometheus'
// `le` does; the last one has all above the last bound. So what is exported at a bound is exact.
//
// One thread records (a bit_width, at most three comparisons, two additions; no division, no allocation, no
// locked instruction), any thread copies. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mq::core {

// What Prometheus gets of a histogram.
struct Buckets {
  std::span<const double> bounds;    // ascending, in the exported unit, included; for ever
  std::vector<std::uint64_t> up_to;  // how many were not above each
  std::uint64_t count = 0;
  double sum = 0;  // in the exported unit
};

// Nanoseconds, ten bounds per decade from 10 µs to 80 s; exported in seconds at 16 bounds from 0.1 ms to 10
// s.
struct DurationScale {
  using Value = std::chrono::nanoseconds;
  static constexpr std::uint64_t number(Value value) {  // below 0 counts as 0
    return value.count() < 0 ? 0 : static_cast<std::uint64_t>(value.count());
  }
  static constexpr Value value(double number) { return Value(static_cast<Value::rep>(number)); }

  static constexpr auto bounds = [] {
    constexpr std::uint64_t tenths_of_us[] = {100, 125, 160, 200, 250, 320, 400, 500, 630, 800};
    std::array<std::uint64_t, 70> all{};
    std::uint64_t ns = 100;
    for (std::size_t i = 0; i < all.size(); i += 10, ns *= 10)
      for (std::size_t step = 0; step < 10; step++) all[i + step] = tenths_of_us[step] * ns;
    return all;
  }();
  static constexpr std::uint64_t end = 100'000'000'000;  // no quantile is above it
  static constexpr std::array<std::uint64_t, 16> exported = {
      100'000,       250'000,       500'000,       1'000'000,     2'500'000,   5'000'000,
      10'000'000,    25'000'000,    50'000'000,    100'000'000,   250'000'000, 500'000'000,
      1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};
  static constexpr double exported_unit = 1e9;
};

// Bytes, records, batches: the powers of two from 1 to 64 Mi, exported at those of four.
struct SizeScale {
  using Value = std::uint64_t;
  static constexpr std::uint64_t number(Value value) { return value; }
  static constexpr Value value(double number) { return static_cast<Value>(number); }

  static constexpr auto bounds = [] {
    std::array<std::uint64_t, 27> all{};
    for (std::size_t i = 0; i < all.size(); i++) all[i] = std::uint64_t{1} << i;
    return all;
  }();
  static constexpr std::uint64_t end = bounds.back() * 2;
  static constexpr auto exported = [] {
    std::array<std::uint64_t, 14> all{};
    for (std::size_t i = 0; i < all.size(); i++) all[i] = bounds[2 * i];
    return all;
  }();
  static constexpr double exported_unit = 1;
};

// A copy of a histogram, or the difference of two.
template <class Scale>
struct HistogramCounts {
  std::array<std::uint64_t, Scale::bounds.size() + 1> counts{};
  std::uint64_t sum = 0;  // of all values

  std::uint64_t count() const;
  // The value that so many of all (0 to 1) are not above, taken as spread evenly between two bounds, as
  // histogram_quantile() does: between the same two bounds as the exact one, so at most 28 % off within the
  // bounds of durations. Nothing when there is none.
  std::optional<typename Scale::Value> quantile(double q) const;
  Buckets buckets() const;

  // What came after `earlier`, a copy of the same histogram.
  HistogramCounts operator-(const HistogramCounts& earlier) const;
};

template <class Scale>
class Histogram {
 public:
  void record(typename Scale::Value value) {
    const std::uint64_t number = Scale::number(value);
    const std::size_t first = first_of_width[static_cast<std::size_t>(std::bit_width(number))];
    std::size_t index = first;
    for (std::size_t i = 0; i < comparisons; i++) index += number > bounds[first + i];
    add(counts_[index], 1);
    add(sum_, number);
  }
  // Of another thread: what is being recorded may be in the sum and not in the counts, or the other way
  // round.
  HistogramCounts<Scale> counts() const {
    HistogramCounts<Scale> copy;
    for (std::size_t i = 0; i < counts_.size(); i++)
      copy.counts[i] = counts_[i].load(std::memory_order_relaxed);
    copy.sum = sum_.load(std::memory_order_relaxed);
    return copy;
  }

 private:
  using Number = std::atomic<std::uint64_t>;
  static void add(Number& to, std::uint64_t n) {  // one writer: needs no locked instruction
    to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  // By how many bits a number has: how many bounds have fewer. Those with as many are left to compare.
  static constexpr auto first_of_width = [] {
    std::array<std::uint8_t, 65> first{};
    for (const std::uint64_t bound : Scale::bounds)
      for (auto width = static_cast<std::size_t>(std::bit_width(bound)) + 1; width < first.size(); width++)
        first[width]++;
    return first;
  }();
  static constexpr std::size_t comparisons = [] {
    std::size_t most = 0;
    for (std::size_t width = 1; width < first_of_width.size(); width++)
      most = std::max<std::size_t>(most, first_of_width[width] - first_of_width[width - 1]);
    return most;
  }();
  static_assert(comparisons <= 3);
  static constexpr auto bounds = [] {  // as many as may be compared, wherever that begins
    std::array<std::uint64_t, Scale::bounds.size() + comparisons> all{};
    all.fill(UINT64_MAX);
    std::copy(Scale::bounds.begin(), Scale::bounds.end(), all.begin());
    return all;
  }();

  std::array<Number, Scale::bounds.size() + 1> counts_{};
  Number sum_ = 0;
};

extern template struct HistogramCounts<DurationScale>;
extern template struct HistogramCounts<SizeScale>;

using DurationHistogram = Histogram<DurationScale>;
using DurationCounts = HistogramCounts<DurationScale>;
using SizeHistogram = Histogram<SizeScale>;
using SizeCounts = HistogramCounts<SizeScale>;

}  // namespace mq::core
