// SPDX-License-Identifier: Apache-2.0
#include "core/admin/decimal.h"

#include <algorithm>
#include <charconv>

namespace mq::admin {
namespace {

constexpr std::int64_t exponent_max = 1'000'000'000'000;  // beyond it all are alike

std::string_view take_digits(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const std::string_view digits = rest.substr(0, end);
  rest.remove_prefix(end);
  return digits;
}

bool accept(std::string_view& rest, std::string_view any_of) {
  if (rest.empty() || any_of.find(rest.front()) == any_of.npos) return false;
  rest.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_exponent(std::string_view& rest) {
  const bool negative = rest.starts_with('-');
  accept(rest, "+-");
  const std::string_view digits = take_digits(rest);
  if (digits.empty()) return std::nullopt;
  std::int64_t n = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (read.ec != std::errc{}) n = exponent_max;
  n = std::min(n, exponent_max);
  return negative ? -n : n;
}

}  // namespace

Decimal::Decimal(std::int64_t n) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  *this = *parse({text, static_cast<std::size_t>(end - text)});
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal number;
  number.is_negative_ = accept(text, "-");
  const std::string_view whole = take_digits(text);
  const bool has_point = accept(text, ".");
  const std::string_view fraction = has_point ? take_digits(text) : std::string_view{};
  if (whole.empty() || (has_point && fraction.empty())) return std::nullopt;
  std::int64_t exponent = 0;
  if (accept(text, "eE")) {
    const auto given = take_exponent(text);
    if (!given) return std::nullopt;
    exponent = *given;
  }
  if (!text.empty()) return std::nullopt;

  number.digits_.reserve(whole.size() + fraction.size());
  number.digits_.append(whole).append(fraction);
  const std::size_t first = number.digits_.find_first_not_of('0');
  if (first == std::string::npos) return Decimal{};
  number.digits_.erase(number.digits_.find_last_not_of('0') + 1);
  number.digits_.erase(0, first);
  number.magnitude_ = static_cast<std::int64_t>(whole.size()) - static_cast<std::int64_t>(first) + exponent;
  return number;
}

// Both without their signs.
std::strong_ordering Decimal::compare_size(const Decimal& other) const {
  if (digits_.empty() || other.digits_.empty()) return other.digits_.empty() <=> digits_.empty();
  if (magnitude_ != other.magnitude_) return magnitude_ <=> other.magnitude_;
  return digits_.compare(other.digits_) <=> 0;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  if (is_negative_ != other.is_negative_)
    return is_negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  return is_negative_ ? other.compare_size(*this) : compare_size(other);
}

}  // namespace mq::admin
