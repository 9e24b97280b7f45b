// SPDX-License-Identifier: Apache-2.0
#include "core/config/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace mq::core {
namespace {

struct Unit {
  std::string_view name;  // lower case
  std::uint64_t factor;
};

// Those that format_duration() uses, largest first; then the week, which is only read.
constexpr std::array<Unit, 6> durations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}, {"w", 604'800'000}}};

constexpr std::uint64_t kibi = 1024;
constexpr std::array<Unit, 14> sizes{{{"tib", kibi* kibi* kibi* kibi},
                                      {"gib", kibi* kibi* kibi},
                                      {"mib", kibi* kibi},
                                      {"kib", kibi},
                                      {"t", kibi* kibi* kibi* kibi},
                                      {"g", kibi* kibi* kibi},
                                      {"m", kibi* kibi},
                                      {"k", kibi},
                                      {"tb", 1'000'000'000'000},
                                      {"gb", 1'000'000'000},
                                      {"mb", 1'000'000},
                                      {"kb", 1000},
                                      {"b", 1},
                                      {"", 1}}};
constexpr std::array<std::string_view, 4> size_names{"TiB", "GiB", "MiB", "KiB"};  // of the first four

constexpr std::uint64_t value_max = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

template <std::size_t n>
const Unit* find_unit(const std::array<Unit, n>& units, std::string_view name) {
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : &*found;
}

// Takes digits from the front of `rest`; nothing when there are none or the number is too large.
std::optional<std::uint64_t> take_number(std::string_view& rest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc() || number > value_max) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return number;
}

bool add_product(std::uint64_t& sum, std::uint64_t number, std::uint64_t factor) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(number, factor, &product)) return false;
  return !__builtin_add_overflow(sum, product, &sum) && sum <= value_max;
}

}  // namespace

Parsed<Milliseconds> parse_duration(std::string_view text) {
  std::string_view rest = trim(text);
  if (rest == "inf") return forever;
  if (rest == "0") return Milliseconds(0);
  const Wrong wrong{quote(text) + " is not a duration such as 250ms, 10s, 5m, 2h, 7d, 1h30m or inf"};
  if (rest.empty()) return wrong;

  std::uint64_t sum = 0;
  while (!rest.empty()) {
    if (!is_digit(rest.front())) return wrong;
    const auto number = take_number(rest);
    if (!number) return Wrong{quote(text) + " is too long a time"};
    const auto unit_end = std::find_if(rest.begin(), rest.end(), is_digit);
    const auto name = rest.substr(0, static_cast<std::size_t>(unit_end - rest.begin()));
    if (name.empty()) return Wrong{quote(text) + " needs a unit: ms, s, m, h, d or w"};
    const Unit* unit = find_unit(durations, name);
    if (!unit) return wrong;
    if (!add_product(sum, *number, unit->factor)) return Wrong{quote(text) + " is too long a time"};
    rest.remove_prefix(name.size());
  }
  return Milliseconds(static_cast<std::int64_t>(sum));
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = trim(text);
  const Wrong wrong{quote(text) + " is not a size such as 512, 64k, 10M, 1GiB or 5MB"};
  if (rest.empty() || !is_digit(rest.front())) return wrong;
  const auto number = take_number(rest);
  if (!number) return Wrong{quote(text) + " is too large"};
  const Unit* unit = find_unit(sizes, lower(trim(rest)));
  if (!unit) return wrong;
  std::uint64_t bytes = 0;
  if (!add_product(bytes, *number, unit->factor)) return Wrong{quote(text) + " is too large"};
  return bytes;
}

Parsed<bool> parse_bool(std::string_view text) {
  const std::string word = lower(trim(text));
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return Wrong{quote(text) + " is neither true nor false"};
}

Parsed<std::int64_t> parse_integer(std::string_view text, std::int64_t min, std::int64_t max) {
  std::string_view digits = trim(text);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
    return Wrong{quote(text) + " is not a whole number"};
  if (error == std::errc() && value >= min && value <= max) return value;
  if (value < min) return Wrong{quote(text) + " is too small: at least " + std::to_string(min)};
  if (max == std::numeric_limits<std::int64_t>::max()) return Wrong{quote(text) + " is out of range"};
  return Wrong{quote(text) + " is out of range: " + std::to_string(min) + " to " + std::to_string(max)};
}

Parsed<double> parse_real(std::string_view text, double min, double max) {
  const std::string_view digits = trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value))
    return Wrong{quote(text) + " is not a number"};
  if (value >= min && value <= max) return value;
  char bounds[64];
  std::snprintf(bounds, sizeof bounds, "%g to %g", min, max);
  return Wrong{quote(text) + " is out of range: " + bounds};
}

std::string format_duration(Milliseconds duration) {
  if (duration == forever) return "inf";
  if (duration.count() < 0) return std::to_string(duration.count()) + "ms";
  if (duration.count() == 0) return "0s";
  auto rest = static_cast<std::uint64_t>(duration.count());
  std::string text;
  for (const Unit& unit : durations) {
    if (rest < unit.factor) continue;
    text += std::to_string(rest / unit.factor) + std::string(unit.name);
    rest %= unit.factor;
    if (rest == 0) break;
  }
  return text;
}

std::string format_size(std::uint64_t bytes) {
  for (std::size_t i = 0; i < size_names.size() && bytes > 0; i++)
    if (bytes % sizes[i].factor == 0)
      return std::to_string(bytes / sizes[i].factor) + std::string(size_names[i]);
  return std::to_string(bytes);
}

std::string human_size(std::uint64_t bytes) {
  for (std::size_t i = 0; i < size_names.size(); i++) {
    if (bytes < sizes[i].factor) continue;
    char text[32];
    const double value = static_cast<double>(bytes) / static_cast<double>(sizes[i].factor);
    std::snprintf(text, sizeof text, bytes % sizes[i].factor == 0 ? "%.0f " : "%.1f ", value);
    return text + std::string(size_names[i]);
  }
  return std::to_string(bytes) + " B";
}

std::string quote(std::string_view text) {
  return '"' + std::string(text.substr(0, 80)) + '"';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  if (trim(text).empty()) return parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

namespace {

// Edits (insert, delete, replace) between two words; `limit` + 1 when there are more.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); i++) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); j++) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return std::min(row[b.size()], limit + 1);
}

}  // namespace

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::size_t limit = word.size() <= 3 ? 1 : 2;
  std::string_view best;
  std::size_t best_distance = limit + 1;
  if (word.size() > 128) return best;
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = distance(word, candidate, limit);
    if (edits >= best_distance) continue;
    best = candidate;
    best_distance = edits;
  }
  return best;
}

}  // namespace mq::core
