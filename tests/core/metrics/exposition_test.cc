// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/exposition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mq::core {
namespace {

using namespace std::chrono_literals;

constexpr Metric counter = {"mq_some_total", MetricType::counter, "Some.", {"group"}};
constexpr Metric gauge = {"mq_level", MetricType::gauge, "A level."};
constexpr Metric time_gauge = {"mq_age_seconds", MetricType::gauge, "An age.", {"group"}, Together::largest};

std::string text_of(const MetricFamily& family) {
  std::string text;
  family.write(text);
  return text;
}

// As the value of a sample without labels.
std::string printed(MetricValue value) {
  MetricFamily family(gauge, 1);
  family.add({}, value);
  const std::string text = text_of(family),
                    before = "# HELP mq_level A level.\n# TYPE mq_level gauge\nmq_level ";
  EXPECT_TRUE(text.starts_with(before) && text.ends_with("\n")) << text;
  return text.substr(before.size(), text.size() - before.size() - 1);
}

TEST(Exposition, SaysHelpAndTypeOnceBeforeTheSamples) {
  MetricFamily family(counter, 10);
  family.add({"b"}, 2u);
  family.add({"a"}, 1u);
  EXPECT_EQ(text_of(family),
            "# HELP mq_some_total Some.\n"
            "# TYPE mq_some_total counter\n"
            "mq_some_total{group=\"a\"} 1\n"
            "mq_some_total{group=\"b\"} 2\n");
}

TEST(Exposition, AFamilyWithoutSamplesIsNotThere) {
  EXPECT_EQ(text_of(MetricFamily(counter, 10)), "");
}

TEST(Exposition, HelpIsEscaped) {
  static constexpr Metric odd = {"mq_odd", MetricType::gauge, "a \"b\" \\ c\nd"};
  MetricFamily family(odd, 1);
  family.add({}, 0);
  EXPECT_TRUE(text_of(family).starts_with("# HELP mq_odd a \"b\" \\\\ c\\nd\n# TYPE"));
}

TEST(Exposition, WholeNumbersHaveAllTheirDigits) {
  EXPECT_EQ(printed(0), "0");
  EXPECT_EQ(printed(-7), "-7");
  EXPECT_EQ(printed(true), "1");
  EXPECT_EQ(printed(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(printed(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(printed((std::uint64_t{1} << 53) + 1), "9007199254740993");
}

TEST(Exposition, FractionsAreExactAndShort) {
  EXPECT_EQ(printed(0.1), "0.1");
  EXPECT_EQ(printed(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(printed(-2.5), "-2.5");
  EXPECT_EQ(printed(1.0), "1");
  EXPECT_EQ(printed(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(printed(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

TEST(Exposition, WhatIsNoNumberHasPrometheusName) {
  EXPECT_EQ(printed(std::nan("")), "NaN");
  EXPECT_EQ(printed(-std::nan("")), "NaN");
  EXPECT_EQ(printed(INFINITY), "+Inf");
  EXPECT_EQ(printed(-INFINITY), "-Inf");
}

TEST(Exposition, ValuesOfLabelsAreEscaped) {
  MetricFamily family(counter, 10);
  family.add({"a\"b\\c\nd"}, 1u);
  EXPECT_TRUE(text_of(family).ends_with("mq_some_total{group=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(Exposition, AnyBytesAreOneLineOfUtf8) {
  std::string bytes;
  for (int c = 0; c < 256; c++) bytes += static_cast<char>(c);
  MetricFamily family(counter, 10);
  family.add({bytes}, 1u);
  const std::string text = text_of(family);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_NE(text.find("\xef\xbf\xbd"), text.npos);
  EXPECT_EQ(text.find('\xff'), text.npos);
}

TEST(Exposition, SamplesWhoseLabelsBecameEqualAreAdded) {
  MetricFamily family(counter, 10);
  family.add({"g\xff"}, 1u);
  family.add({"g\xfe"}, 2u);
  const std::string text = text_of(family);
  EXPECT_TRUE(text.ends_with("counter\nmq_some_total{group=\"g\xef\xbf\xbd\"} 3\n")) << text;
}

TEST(Exposition, OrAreTheLargestWhereASumMeansNothing) {
  MetricFamily family(time_gauge, 10);
  for (const double age : {std::nan(""), 3.0, 7.5, 2.0, std::nan("")}) family.add({"g"}, age);
  EXPECT_TRUE(text_of(family).ends_with("mq_age_seconds{group=\"g\"} 7.5\n"));
}

TEST(Exposition, ASumThatIsTooLargeForItsTypeIsNear) {
  MetricFamily family(gauge, 1);
  for (int i = 0; i < 2; i++) family.add({}, std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(text_of(family).ends_with("mq_level 18446744073709551616\n")) << text_of(family);
}

TEST(Exposition, MoreSamplesThanAllowedAreDroppedAndCounted) {
  MetricFamily family(counter, 2);
  family.add({"a"}, 1u);
  family.add({"b"}, 1u);
  family.add({"c"}, 1u);
  family.add({"a"}, 1u);  // has its place
  EXPECT_EQ(family.dropped(), 1u);
  EXPECT_TRUE(
      text_of(family).ends_with("counter\nmq_some_total{group=\"a\"} 2\nmq_some_total{group=\"b\"} 1\n"));
}

TEST(Exposition, AHistogramIsAllOfItOrNotThere) {
  DurationHistogram histogram;
  MetricFamily family(metric("mq_request_duration_seconds"), 2 * 19 + 18);
  for (const char* api : {"Fetch", "Produce", "Metadata"}) family.add({api}, histogram.counts());
  EXPECT_EQ(family.dropped(), 1u);
  const std::string text = text_of(family);
  EXPECT_EQ(std::ranges::count(text, '\n'), 2 + 2 * 19);
}

TEST(Exposition, BucketsOfAHistogramAreCumulativeAndInclusive) {
  DurationHistogram histogram;
  for (const std::chrono::nanoseconds took :
       {50'000ns, 100'000ns, 100'001ns, 2'500'000'000ns, 60'000'000'000ns})
    histogram.record(took);
  MetricFamily family(metric("mq_log_flush_duration_seconds"), 19);
  family.add({}, histogram.counts());
  EXPECT_EQ(text_of(family),
            "# HELP mq_log_flush_duration_seconds How long an fdatasync of the journal took.\n"
            "# TYPE mq_log_flush_duration_seconds histogram\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.0001\"} 2\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.00025\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.0005\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.001\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.0025\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.005\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.01\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.025\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.05\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.1\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.25\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"0.5\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"1\"} 3\n"
            "mq_log_flush_duration_seconds_bucket{le=\"2.5\"} 4\n"
            "mq_log_flush_duration_seconds_bucket{le=\"5\"} 4\n"
            "mq_log_flush_duration_seconds_bucket{le=\"10\"} 4\n"
            "mq_log_flush_duration_seconds_bucket{le=\"+Inf\"} 5\n"
            "mq_log_flush_duration_seconds_sum 62.500250001\n"
            "mq_log_flush_duration_seconds_count 5\n");
}

TEST(Exposition, HistogramsOfEqualLabelsAreAdded) {
  SizeHistogram small, large;
  small.record(1);
  large.record(67'108'864);
  MetricFamily family(metric("mq_record_batch_bytes"), 17);
  family.add({}, small.counts());
  family.add({}, large.counts());
  const std::string text = text_of(family);
  EXPECT_NE(text.find("{le=\"1\"} 1\n"), text.npos) << text;
  EXPECT_NE(text.find("{le=\"67108864\"} 2\n"), text.npos) << text;
  EXPECT_NE(text.find("_sum 67108865\n"), text.npos) << text;  // all digits
}

TEST(Exposition, SeveralLabelsStandInTheOrderOfTheRow) {
  MetricFamily family(metric("mq_request_phase_seconds"), 19);
  family.add({"Produce", "disk"}, DurationCounts());
  const std::string text = text_of(family);
  EXPECT_NE(text.find("_bucket{api=\"Produce\",phase=\"disk\",le=\"0.0001\"} 0\n"), text.npos) << text;
  EXPECT_NE(text.find("_sum{api=\"Produce\",phase=\"disk\"} 0\n"), text.npos) << text;
}

}  // namespace
}  // namespace mq::core
