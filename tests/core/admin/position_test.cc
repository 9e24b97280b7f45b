// SPDX-License-Identifier: Apache-2.0
#include "core/admin/position.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

constexpr std::int64_t noon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z
const Now now{noon, true};

std::int64_t time_of(std::string_view text) {
  const auto at = parse_time(text, now);
  return at ? *at : -12345;
}

TEST(Time, IsWrittenInManyWays) {
  EXPECT_EQ(time_of("2026-11-22T12:00:00Z"), noon);
  EXPECT_EQ(time_of("2026-11-22T12:00:00.25Z"), noon + 250);
  EXPECT_EQ(time_of("2026-11-22T14:30:00+02:30"), noon);
  EXPECT_EQ(time_of("2026-11-22T07:00:00-05:00"), noon);
  EXPECT_EQ(time_of("2026-11-22"), noon - 12 * 3'600'000);
  EXPECT_EQ(time_of("2026-11-22 12:00"), noon);
  EXPECT_EQ(time_of("2026-11-22T12:00"), noon);
  EXPECT_EQ(time_of("2026-11-22 12:00:05"), noon + 5000);
  EXPECT_EQ(time_of("12:01"), noon + 60'000);
  EXPECT_EQ(time_of("1795348800"), noon);
  EXPECT_EQ(time_of("1795348800123"), noon + 123);
  EXPECT_EQ(time_of("now"), noon);
  EXPECT_EQ(time_of("today"), noon - 12 * 3'600'000);
  EXPECT_EQ(time_of("yesterday"), noon - 36 * 3'600'000);
  EXPECT_EQ(time_of("-90m"), noon - 5'400'000);
}

TEST(Time, RefusesWhatIsNoTimeAndSaysHowToWriteOne) {
  for (const char* text :
       {"", "12", "2026-13-01", "2026-02-30", "2026-11-22T25:00", "2026-11-22T12:00:00Zx",
        "2026-11-22T12:00:00+2", "tomorrow", "123456789012", "-90", "2026-11-22T12:00:00."})
    EXPECT_FALSE(parse_time(text, now)) << text;
  EXPECT_NE(parse_time("tomorrow", now).error().why.find("-90m"), std::string::npos);
}

TEST(Time, SinceADurationIsThatLongAgo) {
  EXPECT_EQ(*parse_since("15m", now), noon - 900'000);
  EXPECT_EQ(*parse_since("-15m", now), noon - 900'000);
  EXPECT_EQ(*parse_since("2026-11-22T12:00Z", now), noon);
  EXPECT_FALSE(parse_since("15", now));
  EXPECT_EQ(*parse_since("1969-12-31T23:59:59.999Z", now), 0) << "-1 would be the end";
  EXPECT_EQ(*parse_since("30000d", now), 0);
  EXPECT_EQ(parse_position("@1960-01-01", now)->n, 0);
}

TEST(Position, HasSevenForms) {
  using Kind = Position::Kind;
  EXPECT_EQ(*parse_position("start", now), (Position{Kind::start}));
  EXPECT_EQ(*parse_position("end", now), (Position{Kind::end}));
  EXPECT_EQ(*parse_position("stored", now), (Position{Kind::stored}));
  EXPECT_EQ(*parse_position("17", now), (Position{Kind::offset, 17}));
  EXPECT_EQ(*parse_position("+17", now), (Position{Kind::after_start, 17}));
  EXPECT_EQ(*parse_position("-17", now), (Position{Kind::before_end, 17}));
  EXPECT_EQ(*parse_position("@-1h", now), (Position{Kind::time, noon - 3'600'000}));
  for (const char* text : {"", "-", "+", "@", "beginning", "1.5", "--1", "99999999999999999999"})
    EXPECT_FALSE(parse_position(text, now)) << text;
  EXPECT_EQ(parse_position("beginning", now).error().why.find("stored"), std::string::npos)
      << "no flag takes it: it is not offered";
}

TEST(Time, OfAClockHasADateUnlessItIsTodaysAndAZoneUnlessItIsLocal) {
  const Now utc{noon, true}, local{noon, false};
  EXPECT_EQ(format_clock(noon - 5, utc), "11:59:59.995Z");
  EXPECT_EQ(format_clock(noon - 86'400'000, utc), "2026-11-21 12:00:00.000Z");
  EXPECT_EQ(format_clock(noon + 86'400'000, utc), "2026-11-23 12:00:00.000Z");
  EXPECT_EQ(format_clock(noon, local), format_time(noon, "%H:%M:%S", false) + ".000");
}

TEST(Time, IsPrintedSoThatItReadsBack) {
  EXPECT_EQ(format_time(noon + 7), "2026-11-22T12:00:00.007Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(noon, "%F %T", true), "2026-11-22 12:00:00");
  EXPECT_EQ(time_of(format_time(noon + 123, false)), noon + 123);
}

}  // namespace
}  // namespace mq::admin
