// SPDX-License-Identifier: Apache-2.0
// Where in a topic: POSITION (`start end stored N +N -N @TIME`) and TIME as people write them. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/config/scalars.h"

namespace mq::admin {

std::int64_t now_ms();  // by the wall clock, since 1970

struct Now {
  std::int64_t ms = 0;  // since 1970
  bool utc = false;     // times without a zone are UTC; otherwise local
  static Now here(bool utc);
};

// Milliseconds since 1970. RFC 3339; 2026-11-22; 2026-11-22 13:04[:05[.123]] (a T instead of the blank is
// fine); 13:04[:05] of today; 10 or 13 digits (epoch s or ms); now, today, yesterday; -90m (relative to now).
core::Parsed<std::int64_t> parse_time(std::string_view text, const Now& now);

// No record is older than 1970, and a negative time means something else to a broker (-1: the end).
std::int64_t since_1970(std::int64_t ms);

// The same, and a bare duration means that long ago: 15m is -15m.
core::Parsed<std::int64_t> parse_since(std::string_view text, const Now& now);

struct Position {
  enum class Kind { start, end, stored, offset, after_start, before_end, time };
  Kind kind = Kind::start;
  std::int64_t n = 0;  // an offset, a number of records, or a time in milliseconds
  bool operator==(const Position&) const = default;
};
core::Parsed<Position> parse_position(std::string_view text, const Now& now);

// 2026-11-22T13:04:19.123Z, or with the local zone's offset instead of the Z.
std::string format_time(std::int64_t ms, bool utc = true);
std::string format_time(std::int64_t ms, const char* pattern, bool utc);  // strftime's pattern
// For people who watch: 13:04:19.123, with the date before it unless it is today's, and a Z behind it when it
// is UTC that was asked for.
std::string format_clock(std::int64_t ms, const Now& now);
void append_iso_time(std::string& to, std::int64_t ms);  // UTC, without asking the C library

}  // namespace mq::admin
