// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/table.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

namespace mq::core {
namespace {

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name)
    if (c == '_') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  return words;
}

TEST(MetricTable, NamesAreUniqueAndBeginWithMqOrProcess) {
  const std::regex form("(mq|process)(_[a-z]+)+");
  std::set<std::string_view> names;
  for (const Metric& row : metric_table) {
    EXPECT_TRUE(std::regex_match(std::string(row.name), form)) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  }
}

// What `promtool check metrics` looks at.
TEST(MetricTable, NamesFollowTheRulesOfPrometheus) {
  for (const Metric& row : metric_table) {
    EXPECT_EQ(row.name.ends_with("_total"), row.type == MetricType::counter) << row.name;
    for (const char* type : {"counter", "gauge", "histogram", "summary"})
      EXPECT_EQ(row.name.find(type), row.name.npos) << row.name;
    for (const char* reserved : {"_sum", "_count", "_bucket"})
      EXPECT_FALSE(row.name.ends_with(reserved)) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
  }
}

TEST(MetricTable, UnitsAreSecondsAndBytesAndComeLast) {
  const std::set<std::string> no_units = {
      "minutes", "hours",     "days",      "weeks", "milliseconds", "microseconds", "nanoseconds",
      "bits",    "kilobytes", "megabytes", "s",     "ms",           "us",           "ns",
      "sec",     "b",         "kb",        "mb",    "gb",           "tb",           "pb",
      "m",       "h",         "d"};
  const std::regex unit_last("(_(?!seconds|bytes)[a-z]+)*(_seconds|_bytes)?(_in|_out)?(_total)?");
  for (const Metric& row : metric_table) {
    const std::string name(row.name);
    for (const std::string& word : words_of(name)) EXPECT_FALSE(no_units.contains(word)) << name;
    EXPECT_TRUE(std::regex_match(name.substr(name.find('_')), unit_last)) << name;
    if (name.find("duration") != name.npos) {
      EXPECT_TRUE(name.ends_with("_seconds")) << name;
    }
  }
}

TEST(MetricTable, LabelsHaveNamesOfTheirOwn) {
  const std::regex form("[a-z]+");
  for (const Metric& row : metric_table) {
    std::set<std::string_view> seen;
    bool ended = false;
    for (const std::string_view label : row.labels) {
      if (label.empty()) {
        ended = true;
        continue;
      }
      EXPECT_FALSE(ended) << row.name;
      EXPECT_TRUE(std::regex_match(std::string(label), form)) << row.name;
      EXPECT_TRUE(label != "le" && label != "quantile" && seen.insert(label).second) << row.name;
    }
  }
}

TEST(MetricTable, HistogramsAndCountersAreAddedUp) {
  for (const Metric& row : metric_table)
    EXPECT_TRUE(row.type == MetricType::gauge || row.together == Together::sum) << row.name;
}

TEST(MetricTable, ARowIsFoundByItsName) {
  static_assert(metric("mq_group_lag").labels[1] == "topic");
  static_assert(metric("mq_connections").type == MetricType::gauge);
}

}  // namespace
}  // namespace mq::core
