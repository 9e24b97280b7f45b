// SPDX-License-Identifier: Apache-2.0
#include "core/admin/decimal.h"

#include <gtest/gtest.h>

#include <random>

namespace mq::admin {
namespace {

Decimal number(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Decimal{});
}

TEST(Decimal, EveryDigitCounts) {
  EXPECT_LT(number("9007199254740992"), number("9007199254740993")) << "alike as doubles";
  EXPECT_LT(number("9223372036854775807"), number("9223372036854775808"));
  EXPECT_LT(number("123456789012345678901234567890"), number("123456789012345678901234567891"));
  EXPECT_LT(number("0.1000000000000000000000000001"), number("0.1000000000000000000000000002"));
  EXPECT_GT(number("1e400"), number("1e399"));
  EXPECT_GT(number("-1e399"), number("-1e400"));
}

TEST(Decimal, HowItIsWrittenDoesNot) {
  for (const char* one : {"1", "1.0", "1.000", "10e-1", "0.1E1", "0.01e+2", "001"})
    EXPECT_EQ(number(one), number("1")) << one;
  for (const char* none : {"0", "-0", "0.00", "0e5", "-0.0e-7"}) EXPECT_EQ(number(none), Decimal{}) << none;
  EXPECT_EQ(number("-12.50"), number("-125e-1"));
  EXPECT_EQ(Decimal(INT64_MIN), number("-9223372036854775808"));
}

TEST(Decimal, OrderIsThatOfNumbers) {
  const char* ascending[] = {"-1e9", "-20",  "-3", "-0.5", "0",   "1e-9",
                             "0.5",  "0.51", "3",  "20",   "100", "1e9"};
  for (std::size_t i = 0; i < std::size(ascending); i++)
    for (std::size_t k = 0; k < std::size(ascending); k++)
      EXPECT_EQ(number(ascending[i]) <=> number(ascending[k]), i <=> k)
          << ascending[i] << " " << ascending[k];
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; i++) {
    const auto shift = random() % 64;
    const auto a = static_cast<std::int64_t>(random()) >> shift,
               b = static_cast<std::int64_t>(random()) >> shift;
    ASSERT_EQ(Decimal(a) <=> Decimal(b), a <=> b) << a << " " << b;
  }
}

TEST(Decimal, WhatIsNoNumberIsNone) {
  for (const char* text :
       {"", "-", "+1", "1.", ".5", "1e", "1e+", "1x", " 1", "1 ", "--1", "1.2.3", "inf", "0x1"})
    EXPECT_FALSE(Decimal::parse(text)) << text;
}

TEST(Decimal, AnExponentOfAnyLengthIsRead) {
  EXPECT_GT(number("1e99999999999999999999999"), number("1e999999999"));
  EXPECT_LT(number("1e-99999999999999999999999"), number("1e-999999999"));
  EXPECT_GT(number("1e-99999999999999999999999"), number("0"));
}

}  // namespace
}  // namespace mq::admin
