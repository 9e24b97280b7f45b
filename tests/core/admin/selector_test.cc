// SPDX-License-Identifier: Apache-2.0
#include "core/admin/selector.h"

#include <gmock/gmock.h>

#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

using testing::ElementsAre;

TEST(Selector, ANameIsNeverAPattern) {
  const Selector selector("orders.v1");
  EXPECT_FALSE(selector.is_pattern());
  EXPECT_TRUE(selector.matches("orders.v1"));
  EXPECT_FALSE(selector.matches("ordersXv1"));
}

TEST(Selector, AGlobMatchesTheWholeName) {
  EXPECT_TRUE(Selector("logs-*").matches("logs-eu"));
  EXPECT_FALSE(Selector("logs-*").matches("my-logs-eu"));
  EXPECT_TRUE(Selector("*").matches("anything"));
  EXPECT_TRUE(Selector("a?c").matches("abc"));
  EXPECT_TRUE(Selector("[ab]x").matches("bx"));
  EXPECT_FALSE(Selector("[!ab]x").matches("bx"));
  EXPECT_TRUE(Selector("t[0-9]").matches("t7"));
  EXPECT_TRUE(Selector("a*b*c").matches("a1b2b3c"));
  EXPECT_FALSE(Selector("a*b*c").matches("a1b2b3"));
}

TEST(Selector, ARegularExpressionMatchesAnywhere) {
  const Selector selector("/^eu-[0-9]+$/");
  EXPECT_TRUE(selector.is_pattern());
  EXPECT_TRUE(selector.matches("eu-12"));
  EXPECT_FALSE(selector.matches("eu-"));
  EXPECT_TRUE(Selector("/log/").matches("my-logs"));
  EXPECT_THROW(Selector("/(/"), UsageError);
}

TEST(Selector, PartitionsAreAListOfNumbersAndRanges) {
  const Selector selector("orders:0,2,5-7");
  EXPECT_EQ(selector.topic(), "orders");
  EXPECT_THAT(selector.partitions(), ElementsAre(0, 2, 5, 6, 7));
  EXPECT_TRUE(selector.has(6));
  EXPECT_FALSE(selector.has(1));
  EXPECT_TRUE(Selector("orders").has(99));
  for (const char* wrong : {"orders:", "orders:x", "orders:1-", "orders:-1", "orders:9999999", ":1"})
    EXPECT_THROW(Selector{wrong}, UsageError) << wrong;
}

TEST(Selector, AGlobTakesNoTimeOnHardNames) {
  EXPECT_FALSE(matches_glob(std::string(50, '*') + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace mq::admin
