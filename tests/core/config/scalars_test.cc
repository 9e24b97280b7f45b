// SPDX-License-Identifier: Apache-2.0
#include "core/config/scalars.h"

#include <gtest/gtest.h>

#include <random>

namespace mq::core {
namespace {

using namespace std::chrono_literals;

template <class T>
std::string why(const Parsed<T>& parsed) {
  return parsed ? "accepted" : parsed.error().why;
}

TEST(Duration, HasUnitsThatAddUp) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("10s"), 10s);
  EXPECT_EQ(*parse_duration("5m"), 5min);
  EXPECT_EQ(*parse_duration("2h"), 2h);
  EXPECT_EQ(*parse_duration("7d"), 7 * 24h);
  EXPECT_EQ(*parse_duration("1w"), 7 * 24h);
  EXPECT_EQ(*parse_duration(" 1h30m "), 90min);
  EXPECT_EQ(*parse_duration("inf"), forever);
  EXPECT_EQ(*parse_duration("0"), 0ms);
}

TEST(Duration, WithoutAUnitIsRefusedByName) {
  EXPECT_EQ(why(parse_duration("10")), "\"10\" needs a unit: ms, s, m, h, d or w");
  EXPECT_EQ(why(parse_duration("1h30")), "\"1h30\" needs a unit: ms, s, m, h, d or w");
}

TEST(Duration, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"", " ", "s", "-5s", "1.5h", "5 s", "5x", "1h-", "infinite", "5S"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_NE(why(parse_duration("99999999999999999999s")).find("too long"), std::string::npos);
  EXPECT_NE(why(parse_duration("9223372036854775807w")).find("too long"), std::string::npos);
}

TEST(Size, CountsBy1024ButUnitsThatEndInBBy1000) {
  EXPECT_EQ(*parse_size("512"), 512u);
  EXPECT_EQ(*parse_size("64k"), 65536u);
  EXPECT_EQ(*parse_size("10M"), 10u << 20);
  EXPECT_EQ(*parse_size("1GiB"), 1u << 30);
  EXPECT_EQ(*parse_size("1 MiB"), 1u << 20);
  EXPECT_EQ(*parse_size("2TiB"), 2ull << 40);
  EXPECT_EQ(*parse_size("5MB"), 5'000'000u);
  EXPECT_EQ(*parse_size("1kB"), 1000u);
  EXPECT_EQ(*parse_size("3B"), 3u);
}

TEST(Size, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"", "k", "-1", "1.5M", "1KiBB", "1 2", "1e3", "inf"})
    EXPECT_FALSE(parse_size(text)) << text;
  EXPECT_NE(why(parse_size("8388608TiB")).find("too large"), std::string::npos);
  EXPECT_TRUE(parse_size("8388607TiB"));
}

TEST(Bool, IsAnyOfTheUsualWords) {
  for (const char* text : {"true", "yes", "on", "1", "True", " YES "}) EXPECT_TRUE(*parse_bool(text)) << text;
  for (const char* text : {"false", "no", "off", "0", "OFF"}) EXPECT_FALSE(*parse_bool(text)) << text;
  EXPECT_EQ(why(parse_bool("maybe")), "\"maybe\" is neither true nor false");
}

TEST(Integer, SaysWhichNumbersArePossible) {
  EXPECT_EQ(*parse_integer(" -42 "), -42);
  EXPECT_EQ(*parse_integer("+7"), 7);
  EXPECT_EQ(why(parse_integer("7x")), "\"7x\" is not a whole number");
  EXPECT_EQ(why(parse_integer("")), "\"\" is not a whole number");
  EXPECT_EQ(why(parse_integer("11", 1, 10)), "\"11\" is out of range: 1 to 10");
  EXPECT_EQ(why(parse_integer("0", 1)), "\"0\" is too small: at least 1");
  EXPECT_FALSE(parse_integer("9223372036854775808"));
  EXPECT_FALSE(parse_integer("-9223372036854775809"));
}

TEST(Format, WritesTimesAndSizesAsPeopleDo) {
  EXPECT_EQ(format_duration(604'800'000ms), "7d");
  EXPECT_EQ(format_duration(90min), "1h30m");
  EXPECT_EQ(format_duration(1500ms), "1s500ms");
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(forever), "inf");
  EXPECT_EQ(format_size(100u << 20), "100MiB");
  EXPECT_EQ(format_size(1'048'588), "1048588");
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(human_size(1u << 20), "1 MiB");
  EXPECT_EQ(human_size(1'288'490'189), "1.2 GiB");
  EXPECT_EQ(human_size(17), "17 B");
}

TEST(Format, IsReadBackAsTheSameValue) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; i++) {
    const auto number = static_cast<std::int64_t>(random() >> (1 + random() % 63));
    const std::uint64_t bytes = (random() >> (1 + random() % 63)) & ~((1ull << (random() % 20)) - 1);
    EXPECT_EQ(parse_duration(format_duration(Milliseconds(number)))->count(), number);
    EXPECT_EQ(*parse_size(format_size(bytes)), bytes);
  }
}

TEST(Split, TrimsItsPartsAndFindsNoneInABlank) {
  EXPECT_EQ(split(" a, b ,,c", ','), (std::vector<std::string_view>{"a", "b", "", "c"}));
  EXPECT_TRUE(split("  ", ',').empty());
}

TEST(Closest, IsAtMostTwoTypingErrorsAway) {
  const std::vector<std::string_view> words{"storage.data", "storage.tail", "log.level"};
  EXPECT_EQ(closest("storage.dta", words), "storage.data");
  EXPECT_EQ(closest("log.leevl", words), "log.level");
  EXPECT_EQ(closest("logging.level", words), "");
  EXPECT_EQ(closest("storage.tai", words), "storage.tail");
}

}  // namespace
}  // namespace mq::core
