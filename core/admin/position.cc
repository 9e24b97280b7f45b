// SPDX-License-Identifier: Apache-2.0
#include "core/admin/position.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>

namespace mq::admin {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

// Reads from the front of a text; a failure is remembered, so that a parser is one straight line.
struct Scanner {
  std::string_view left;
  bool ok = true;

  int number(std::size_t width) {
    if (left.size() < width || !digits(left.substr(0, width))) return ok = false, 0;
    const auto n = integer(left.substr(0, width));
    left.remove_prefix(width);
    return static_cast<int>(*n);
  }
  bool accept(char c) {
    if (left.empty() || left.front() != c) return false;
    left.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok = accept(c) && ok; }
};

struct Civil {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;

  bool valid() const {
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    return date.ok() && hour < 24 && minute < 60 && second <= 60;
  }
  std::int64_t utc_ms() const {
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * day_ms + ((hour * 60 + minute) * 60LL + second) * 1000 + ms;
  }
  std::int64_t local_ms() const {
    std::tm tm{};
    tm.tm_year = year - 1900, tm.tm_mon = month - 1, tm.tm_mday = day;
    tm.tm_hour = hour, tm.tm_min = minute, tm.tm_sec = second, tm.tm_isdst = -1;
    return static_cast<std::int64_t>(std::mktime(&tm)) * 1000 + ms;
  }
};

Civil civil(const Now& now) {
  const std::time_t seconds = now.ms / 1000;
  std::tm tm{};
  now.utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm);
  return {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday};
}

std::int64_t midnight(const Now& now) {
  const Civil day = civil(now);
  return now.utc ? day.utc_ms() : day.local_ms();
}

void clock_of(Scanner& scan, Civil& at) {
  at.hour = scan.number(2);
  scan.expect(':');
  at.minute = scan.number(2);
  if (!scan.accept(':')) return;
  at.second = scan.number(2);
  if (!scan.accept('.')) return;
  int scale = 100;
  std::size_t read = 0;
  for (; !scan.left.empty() && digits(scan.left.substr(0, 1)); read++, scale /= 10)
    at.ms += scan.number(1) * scale;
  if (read == 0) scan.ok = false;
}

// A date, a clock or both, with or without a zone.
std::optional<std::int64_t> parse_civil(std::string_view text, const Now& now) {
  Scanner scan{text};
  Civil at = civil(now);
  if (text.size() > 2 && text[2] == ':') {
    clock_of(scan, at);
  } else {
    at.year = scan.number(4);
    scan.expect('-');
    at.month = scan.number(2);
    scan.expect('-');
    at.day = scan.number(2);
    if (scan.ok && (scan.accept('T') || scan.accept('t') || scan.accept(' '))) clock_of(scan, at);
  }
  if (!scan.ok || !at.valid()) return std::nullopt;
  if (scan.left.empty()) return now.utc ? at.utc_ms() : at.local_ms();
  if (scan.accept('Z') || scan.accept('z'))
    return scan.left.empty() ? std::optional(at.utc_ms()) : std::nullopt;
  const int sign = scan.accept('+') ? 1 : scan.accept('-') ? -1 : 0;
  const int hours = scan.number(2);
  scan.accept(':');
  const int minutes = scan.number(2);
  if (sign == 0 || !scan.ok || !scan.left.empty() || hours > 23 || minutes > 59) return std::nullopt;
  return at.utc_ms() - sign * (hours * 60LL + minutes) * 60'000;
}

core::Wrong no_time(std::string_view text) {
  return {"\"" + std::string(text) +
          "\" is no time: write 2026-11-22T13:04:05Z, 2026-11-22, 13:04, -90m or now"};
}

}  // namespace

Now Now::here(bool utc) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count(), utc};
}

core::Parsed<std::int64_t> parse_time(std::string_view text, const Now& now) {
  if (text == "now") return now.ms;
  if (text == "today") return midnight(now);
  if (text == "yesterday") {
    Now before = now;
    before.ms = midnight(now) - day_ms / 2;  // noon: safe from days of 23 and 25 hours
    return midnight(before);
  }
  if (digits(text) && text.size() == 10) return *integer(text) * 1000;
  if (digits(text) && text.size() == 13) return *integer(text);
  if (text.starts_with('-')) {
    const auto ago = core::parse_duration(text.substr(1));
    if (!ago) return ago.error();
    return now.ms - std::chrono::duration_cast<std::chrono::milliseconds>(*ago).count();
  }
  if (const auto at = parse_civil(text, now)) return *at;
  return no_time(text);
}

std::int64_t since_1970(std::int64_t ms) {
  return std::max<std::int64_t>(ms, 0);
}

core::Parsed<std::int64_t> parse_since(std::string_view text, const Now& now) {
  const auto at = parse_time(text, now);
  if (at) return since_1970(*at);
  const auto ago = core::parse_duration(text);
  if (!ago) return at;
  return since_1970(now.ms - std::chrono::duration_cast<std::chrono::milliseconds>(*ago).count());
}

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

core::Parsed<Position> parse_position(std::string_view text, const Now& now) {
  using To = Position::Kind;
  if (text == "start") return Position{To::start};
  if (text == "end") return Position{To::end};
  if (text == "stored") return Position{To::stored};
  if (text.starts_with('@')) {
    const auto at = parse_time(text.substr(1), now);
    if (!at) return at.error();
    return Position{To::time, since_1970(*at)};
  }
  const bool sign = text.starts_with('+') || text.starts_with('-');
  const auto rest = sign ? text.substr(1) : text;
  const auto n = digits(rest) ? integer(rest) : std::nullopt;
  if (n) return Position{!sign ? To::offset : text[0] == '+' ? To::after_start : To::before_end, *n};
  return core::Wrong{"\"" + std::string(text) +
                     "\" is no position: write start, end, an offset, +N after the start, -N before the "
                     "end, or @TIME"};
}

void append_iso_time(std::string& to, std::int64_t ms) {
  std::int64_t days = ms / day_ms, rest = ms % day_ms;
  if (rest < 0) rest += day_ms, days--;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  const int second = static_cast<int>(rest / 1000);
  char text[40];
  const int n = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                              unsigned(date.month()), unsigned(date.day()), second / 3600, second / 60 % 60,
                              second % 60, static_cast<int>(rest % 1000));
  to.append(text, static_cast<std::size_t>(n));
}

std::string format_time(std::int64_t ms, const char* pattern, bool utc) {
  std::int64_t seconds = ms / 1000;
  if (ms % 1000 < 0) seconds--;
  const std::time_t at = seconds;
  std::tm tm{};
  utc ? gmtime_r(&at, &tm) : localtime_r(&at, &tm);
  char text[256];
  return {text, std::strftime(text, sizeof text, pattern, &tm)};
}

std::string format_clock(std::int64_t ms, const Now& now) {
  const bool today = format_time(ms, "%Y-%m-%d", now.utc) == format_time(now.ms, "%Y-%m-%d", now.utc);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03d", static_cast<int>(((ms % 1000) + 1000) % 1000));
  return format_time(ms, today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", now.utc) + fraction + (now.utc ? "Z" : "");
}

std::string format_time(std::int64_t ms, bool utc) {
  std::string text;
  if (utc) {
    append_iso_time(text, ms);
    return text;
  }
  const std::int64_t part = ((ms % 1000) + 1000) % 1000;
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03d", static_cast<int>(part));
  std::string zone = format_time(ms, "%z", false);
  if (zone.size() == 5) zone.insert(3, ":");
  return format_time(ms, "%Y-%m-%dT%H:%M:%S", false) + fraction + zone;
}

}  // namespace mq::admin
