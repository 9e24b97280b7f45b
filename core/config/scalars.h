// SPDX-License-Identifier: Apache-2.0
// How people write numbers: durations with a unit, sizes with a unit, yes and no. Both ways. Pure; any
// thread. A parser answers the value or a phrase that says what is wrong, written to follow "KEY: ".
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace mq::core {

struct Wrong {
  std::string why;  // `"10" needs a unit: 10ms, 10s, 10m, 10h, 10d or 10w`
};
template <class T>
using Parsed = boost::system::result<T, Wrong>;

using Milliseconds = std::chrono::duration<std::int64_t, std::milli>;
inline constexpr Milliseconds forever = Milliseconds::max();  // `inf`

Parsed<Milliseconds> parse_duration(
    std::string_view text);  // 250ms 10s 5m 2h 7d 1w 1h30m inf; a bare 0 is nothing
Parsed<std::uint64_t> parse_size(
    std::string_view text);                      // 512 64k 10M 1GiB "1 MiB"; kB MB GB TB count by 1000
Parsed<bool> parse_bool(std::string_view text);  // true false yes no on off 1 0
Parsed<std::int64_t> parse_integer(std::string_view text,
                                   std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                                   std::int64_t max = std::numeric_limits<std::int64_t>::max());
Parsed<double> parse_real(std::string_view text, double min, double max);

// What the parsers read back as the same value: 7d, 1h30m, inf; 100MiB, 1048588.
std::string format_duration(Milliseconds duration);
std::string format_size(std::uint64_t bytes);

// For tables and logs, rounded: "1.2 GiB", "512 B".
std::string human_size(std::uint64_t bytes);

std::string quote(std::string_view text);      // in quotation marks, shortened: for messages
std::string_view trim(std::string_view text);  // without blanks at both ends
std::vector<std::string_view> split(std::string_view text,
                                    char separator);  // trimmed parts; none for a blank text

// The closest candidate that is at most two typing errors away; empty when there is none.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace mq::core
