// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/label_value.h"

#include <gtest/gtest.h>

namespace mq::core {
namespace {

TEST(LabelValue, TextStaysAsItIs) {
  for (const char* text :
       {"", "orders", "_other", "a\"b\\c\nd", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(label_value(text), text);
  const std::string zero("a\0b", 3);
  EXPECT_EQ(label_value(zero), zero);
}

TEST(LabelValue, EachByteOfNoCharacterIsReplaced) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(label_value("a\xff\x62"), "a" + r + "b");
  EXPECT_EQ(label_value("\x80"), r);
  EXPECT_EQ(label_value("\xc0\xaf"), r + r);          // overlong
  EXPECT_EQ(label_value("\xe0\x9f\xbf"), r + r + r);  // overlong
  EXPECT_EQ(label_value("\xf0\x8f\xbf\xbf"), r + r + r + r);
  EXPECT_EQ(label_value("\xed\xa0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(label_value("\xf4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(label_value("\xe2\x82"), r + r);                  // ends too early
  EXPECT_EQ(label_value("\xe2\x82z"), r + r + "z");
  EXPECT_EQ(label_value("\xf0\x9f\x98"), r + r + r);
  EXPECT_EQ(label_value("\xc3"), r);
}

TEST(LabelValue, IsCutAfterACharacterAt256Bytes) {
  EXPECT_EQ(label_value(std::string(256, 'a')), std::string(256, 'a'));
  EXPECT_EQ(label_value(std::string(40'000, 'a')), std::string(256, 'a'));
  EXPECT_EQ(label_value(std::string(254, 'a') + "\xe2\x82\xac"), std::string(254, 'a'));
  EXPECT_EQ(label_value(std::string(253, 'a') + "\xe2\x82\xac").size(), 256u);
  EXPECT_EQ(label_value(std::string(1000, '\xff')).size(), 255u);  // 85 of three bytes
}

}  // namespace
}  // namespace mq::core
