// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/pattern.h"

#include <gmock/gmock.h>

namespace mq::core {
namespace {

TEST(Pattern, MatchesWholeNames) {
  const Pattern pattern("orders-.*");
  EXPECT_EQ(pattern.trouble(), "");
  EXPECT_TRUE(pattern.matches("orders-eu"));
  EXPECT_FALSE(pattern.matches("my-orders-eu"));
  EXPECT_TRUE(Pattern("^orders-.*$").matches("orders-eu"));
}

TEST(Pattern, IsFoundAnywhereInAnyBytes) {
  EXPECT_TRUE(Pattern("ERR(OR)?").found_in("an ERROR"));
  EXPECT_FALSE(Pattern("^ERR").found_in("an ERROR"));
  EXPECT_TRUE(Pattern("(?i)error").found_in("\xff ERROR \x00\xff"));
  EXPECT_TRUE(Pattern("^.$").found_in("ü"));
  EXPECT_FALSE(Pattern("orders-(").found_in("orders-("));
}

TEST(Pattern, WhatIsNotValidSaysWhyAndMatchesNothing) {
  const Pattern pattern("orders-(");
  EXPECT_THAT(pattern.trouble(), testing::HasSubstr("not valid"));
  EXPECT_FALSE(pattern.matches("orders-("));
  EXPECT_NE(Pattern("(a)\\1").trouble(), "") << "RE2 has no references to what matched";
}

TEST(Pattern, ThoseThatExplodeElsewhereAreHarmless) {
  EXPECT_NE(Pattern(std::string(Pattern::length_max + 1, 'a')).trouble(), "");
  EXPECT_NE(Pattern("((a{1,1000}){1,1000}){1,1000}").trouble(), "");
  const Pattern pattern("(a*)*(a*)*(a*)*b");
  EXPECT_EQ(pattern.trouble(), "");
  EXPECT_FALSE(pattern.matches(std::string(249, 'a')));
}

}  // namespace
}  // namespace mq::core
