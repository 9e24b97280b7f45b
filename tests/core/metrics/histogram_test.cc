// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "tests/support/seed.h"

namespace mq::core {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

constexpr auto& duration_bounds = DurationScale::bounds;

DurationCounts counts_of(const std::vector<nanoseconds>& values) {
  DurationHistogram histogram;
  for (const nanoseconds value : values) histogram.record(value);
  return histogram.counts();
}

// By looking at every bound.
std::size_t slow_index(std::uint64_t number) {
  return static_cast<std::size_t>(std::ranges::lower_bound(duration_bounds, number) -
                                  duration_bounds.begin());
}

// Any order of magnitude is as likely as any other.
std::vector<nanoseconds> durations_by_chance(std::mt19937_64& random, std::size_t count) {
  std::vector<nanoseconds> values;
  for (std::size_t i = 0; i < count; i++)
    values.emplace_back(static_cast<std::int64_t>((random() >> 26) >> random() % 38));
  return values;
}

TEST(MetricHistogram, HasTenBoundsPerDecadeFrom10Microseconds) {
  EXPECT_EQ(duration_bounds.front(), 10'000u);
  EXPECT_EQ(duration_bounds[1], 12'500u);
  EXPECT_EQ(duration_bounds[28], 6'300'000u);
  EXPECT_EQ(duration_bounds.back(), 80'000'000'000u);
  EXPECT_TRUE(std::ranges::is_sorted(duration_bounds, std::less_equal<>()));
  EXPECT_EQ(DurationCounts().counts.size(), 71u);
  EXPECT_EQ(sizeof(DurationHistogram), 72 * sizeof(std::uint64_t));
}

TEST(MetricHistogram, AValueThatEqualsABoundIsInside) {
  for (std::size_t i = 0; i < duration_bounds.size(); i++) {
    const nanoseconds bound(duration_bounds[i]);
    const auto counts = counts_of({bound - 1ns, bound, bound + 1ns}).counts;
    EXPECT_EQ(counts[i], 2u) << bound.count();
    EXPECT_EQ(counts[i + 1], 1u) << bound.count();
  }
}

TEST(MetricHistogram, ExportsHowManyWereNotAboveEachOf16Bounds) {
  const std::vector<double> bounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  for (std::size_t i = 0; i < bounds.size(); i++) {
    const nanoseconds bound(std::llround(bounds[i] * 1e9));
    const Buckets buckets = counts_of({bound - 1ns, bound, bound + 1ns}).buckets();
    ASSERT_EQ(std::vector(buckets.bounds.begin(), buckets.bounds.end()), bounds);
    ASSERT_EQ(buckets.up_to.size(), bounds.size());
    for (std::size_t at = 0; at < bounds.size(); at++)
      EXPECT_EQ(buckets.up_to[at], at < i ? 0u : at == i ? 2u : 3u) << bounds[i] << " at " << bounds[at];
    EXPECT_EQ(buckets.count, 3u);
    EXPECT_DOUBLE_EQ(buckets.sum, 3 * bounds[i]);
  }
}

TEST(MetricHistogram, CountsEveryValueWhereASearchOfAllBoundsWould) {
  const auto seed = test::some_seed();
  SCOPED_TRACE("MQ_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  DurationCounts expected;
  const auto values = durations_by_chance(random, 20'000);
  for (const nanoseconds value : values) {
    expected.counts[slow_index(static_cast<std::uint64_t>(value.count()))]++;
    expected.sum += static_cast<std::uint64_t>(value.count());
  }
  const DurationCounts counts = counts_of(values);
  EXPECT_EQ(counts.counts, expected.counts);
  EXPECT_EQ(counts.sum, expected.sum);
  EXPECT_EQ(counts.count(), values.size());
}

TEST(MetricHistogram, ValuesOutsideItsRangeCountAtItsEnds) {
  const DurationCounts counts = counts_of({-5ns, 0ns, 100h, nanoseconds::max() - 400'000s});
  EXPECT_EQ(counts.counts.front(), 2u);
  EXPECT_EQ(counts.counts.back(), 2u);
  EXPECT_EQ(counts.quantile(1), 100s);
}

TEST(MetricHistogram, AnEmptyOneHasNoQuantile) {
  EXPECT_EQ(DurationCounts().quantile(0.5), std::nullopt);
  EXPECT_EQ(DurationCounts().buckets().count, 0u);
}

TEST(MetricHistogram, AQuantileLiesBetweenTheBoundsOfTheExactOne) {
  const auto seed = test::some_seed();
  SCOPED_TRACE("MQ_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; round++) {
    auto values = durations_by_chance(random, 1 + random() % 500);
    const DurationCounts counts = counts_of(values);
    std::ranges::sort(values);
    for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const double rank = std::ceil(q * static_cast<double>(values.size()));
      const auto exact =
          slow_index(static_cast<std::uint64_t>(values[static_cast<std::size_t>(rank) - 1].count()));
      const auto answer = static_cast<std::uint64_t>(counts.quantile(q)->count());
      EXPECT_GE(answer, exact == 0 ? 0 : duration_bounds[exact - 1]) << q;
      EXPECT_LE(answer, exact < duration_bounds.size() ? duration_bounds[exact] : DurationScale::end) << q;
    }
  }
}

TEST(MetricHistogram, AQuantileIsTakenAsSpreadEvenlyBetweenTwoBounds) {
  const DurationCounts counts = counts_of({110us, 110us, 110us, 110us});  // between 100 and 125
  EXPECT_EQ(counts.quantile(0), 100us);
  EXPECT_EQ(counts.quantile(0.5), 112500ns);
  EXPECT_EQ(counts.quantile(1), 125us);
}

TEST(MetricHistogram, TheDifferenceOfTwoCopiesIsWhatCameBetweenThem) {
  DurationHistogram histogram;
  histogram.record(3s);
  const DurationCounts earlier = histogram.counts();
  histogram.record(1ms);
  histogram.record(2ms);
  const DurationCounts between = histogram.counts() - earlier;
  EXPECT_EQ(between.counts, counts_of({1ms, 2ms}).counts);
  EXPECT_EQ(between.sum, 3'000'000u);
  EXPECT_EQ(between.quantile(1), 2ms);
}

TEST(MetricHistogram, SizesHavePowersOfTwoAsBoundsAndExportThoseOfFour) {
  SizeHistogram histogram;
  for (const std::uint64_t size : {0, 1, 2, 4, 5, 16, 17, 1 << 26, (1 << 26) + 1}) histogram.record(size);
  const Buckets buckets = histogram.counts().buckets();
  ASSERT_EQ(buckets.up_to.size(), 14u);
  EXPECT_EQ(buckets.bounds[0], 1);
  EXPECT_EQ(buckets.bounds[13], 67'108'864);
  EXPECT_EQ(buckets.up_to[0], 2u);
  EXPECT_EQ(buckets.up_to[1], 4u);
  EXPECT_EQ(buckets.up_to[2], 6u);
  EXPECT_EQ(buckets.up_to[3], 7u);
  EXPECT_EQ(buckets.up_to[13], 8u);
  EXPECT_EQ(buckets.count, 9u);
  EXPECT_EQ(buckets.sum, 45 + 2 * 67'108'864 + 1);
  for (int bit = 1; bit < 27; bit++) {
    SizeHistogram around;
    for (const int by : {-1, 0, 1}) around.record((std::uint64_t{1} << bit) + static_cast<std::uint64_t>(by));
    EXPECT_EQ(around.counts().counts[static_cast<std::size_t>(bit) + 1], 1u) << bit;
  }
}

}  // namespace
}  // namespace mq::core
