// SPDX-License-Identifier: Apache-2.0
#include "core/bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace mq::bench {
namespace {

// Any order of magnitude is as likely as any other.
std::vector<std::int64_t> values_by_chance(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < count; i++)
    values.push_back(static_cast<std::int64_t>(random() >> (18 + random() % 46)));
  return values;
}

TEST(Histogram, AnEmptyOneSaysZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.percentile(50), 0);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_TRUE(histogram.buckets().empty());
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int value = 1; value <= 200; value++) histogram.record(value);
  EXPECT_EQ(histogram.percentile(50), 100);
  EXPECT_EQ(histogram.percentile(99), 198);
  EXPECT_EQ(histogram.percentile(0), 1);
  EXPECT_EQ(histogram.percentile(100), 200);
  EXPECT_DOUBLE_EQ(histogram.mean(), 100.5);
}

TEST(Histogram, PercentilesAreNeverTooSmallAndLessThanOnePerCentTooLarge) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  auto values = values_by_chance(seed, 10'000);
  Histogram histogram;
  for (const auto value : values) histogram.record(value);
  std::ranges::sort(values);
  for (const double percent : {0.01, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto exact = values[static_cast<std::size_t>(std::lround(percent * 100)) - 1];
    const auto answer = histogram.percentile(percent);
    EXPECT_GE(answer, exact) << percent;
    EXPECT_LE(static_cast<double>(answer), static_cast<double>(exact) * 1.01) << percent;
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(Histogram, BucketsFollowEachOtherWithoutGapsOrOverlaps) {
  Histogram histogram;
  for (std::int64_t value = 0; value < 5000; value++) histogram.record(value);
  std::int64_t next = 0;
  std::uint64_t counted = 0;
  for (const auto& bucket : histogram.buckets()) {
    EXPECT_EQ(bucket.from, next);
    next = bucket.to + 1;
    counted += bucket.count;
  }
  EXPECT_GE(next, 5000);
  EXPECT_EQ(counted, 5000u);
}

TEST(Histogram, TwoTogetherAreAsIfOneHadSeenAll) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Histogram all, even, odd;
  for (const auto value : values_by_chance(seed, 2000)) {
    all.record(value);
    (value % 2 == 0 ? even : odd).record(value);
  }
  even.merge(odd);
  EXPECT_EQ(even.count(), all.count());
  EXPECT_EQ(even.min(), all.min());
  EXPECT_EQ(even.max(), all.max());
  for (const double percent : {5.0, 50.0, 95.0, 99.9})
    EXPECT_EQ(even.percentile(percent), all.percentile(percent));
}

TEST(Histogram, ValuesOutsideItsRangeCountAtItsEnds) {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(INT64_MAX);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), Histogram::value_max);
  EXPECT_EQ(histogram.percentile(100), Histogram::value_max);
}

TEST(Histogram, CountsSeveralAtOnceAndForgetsOnRequest) {
  Histogram histogram;
  histogram.record(7, 99);
  histogram.record(1000, 1);
  EXPECT_EQ(histogram.percentile(99), 7);
  EXPECT_EQ(histogram.percentile(99.5), 1000);
  histogram.clear();
  histogram.record(3);
  EXPECT_EQ(histogram.max(), 3);
  EXPECT_EQ(histogram.min(), 3);
  EXPECT_EQ(histogram.count(), 1u);
}

}  // namespace
}  // namespace mq::bench
