// SPDX-License-Identifier: Apache-2.0
// A decimal number as somebody wrote it, of any length. Compared digit for digit: 9007199254740993 is not
// 9007199254740992, 1.0 is 1, and 1e400 is larger than all of them. Pure; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mq::admin {

class Decimal {
 public:
  Decimal() = default;  // 0
  explicit Decimal(std::int64_t n);

  // -12.50, 1e3, 007: a sign, digits, a fraction, an exponent, and nothing else. In time linear in the text.
  static std::optional<Decimal> parse(std::string_view text);

  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal&) const = default;

 private:
  std::strong_ordering compare_size(const Decimal& other) const;

  // 0.digits × 10^magnitude, without zeros at either end of the digits; 0 has none.
  bool is_negative_ = false;
  std::string digits_;
  std::int64_t magnitude_ = 0;
};

}  // namespace mq::admin
