// SPDX-License-Identifier: Apache-2.0
#include "core/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mq::bench {
namespace {

// Values below 256 have a bucket each; above, the 8 leading bits choose it.
constexpr int leading_bits = 8;
constexpr std::size_t exact = 1u << leading_bits;
constexpr std::size_t per_octave = exact / 2;

std::size_t index_of(std::int64_t value) {
  const auto v = static_cast<std::uint64_t>(value);
  if (v < exact) return v;
  const auto shift = static_cast<std::size_t>(std::bit_width(v)) - leading_bits;
  return exact + (shift - 1) * per_octave + (v >> shift) - per_octave;
}

std::int64_t first_of(std::size_t index) {
  if (index < exact) return static_cast<std::int64_t>(index);
  const std::size_t shift = (index - exact) / per_octave + 1;
  return static_cast<std::int64_t>(((index - exact) % per_octave + per_octave) << shift);
}

}  // namespace

Histogram::Histogram() : counts_(index_of(value_max) + 1) {}

void Histogram::record(std::int64_t value, std::uint64_t count) {
  if (count == 0) return;
  value = std::clamp<std::int64_t>(value, 0, value_max);
  counts_[index_of(value)] += count;
  count_ += count;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(count);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); i++) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

void Histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  min_ = INT64_MAX;
  max_ = 0;
  sum_ = 0;
}

std::int64_t Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_) - 1e-6);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); i++)
    if ((seen += counts_[i]) >= rank) return std::clamp(first_of(i + 1) - 1, min_, max_);
  return max_;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> found;
  for (std::size_t i = 0; i < counts_.size(); i++)
    if (counts_[i] > 0) found.push_back({first_of(i), first_of(i + 1) - 1, counts_[i]});
  return found;
}

}  // namespace mq::bench
