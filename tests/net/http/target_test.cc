// SPDX-License-Identifier: Apache-2.0
#include "net/http/target.h"

#include <gtest/gtest.h>

namespace mq::net::http {
namespace {

using Strings = std::vector<std::string>;

TEST(HttpTarget, ItsPathIsCutAtSlashesBeforeItIsDecoded) {
  EXPECT_EQ(parse_target("/")->path, Strings{});
  EXPECT_EQ(parse_target("/topics/a%2Fb/x")->path, (Strings{"topics", "a/b", "x"}));
  EXPECT_EQ(parse_target("/topics/")->path, Strings{"topics"});
  EXPECT_EQ(parse_target("//topics")->path, (Strings{"", "topics"}));
  EXPECT_EQ(parse_target("/../%2e%2e/etc")->path, (Strings{"..", "..", "etc"})) << "names like others";
  EXPECT_EQ(parse_target("/a+b")->path, Strings{"a+b"});
}

TEST(HttpTarget, ItsQueryIsPairsInOrder) {
  const auto target = parse_target("/x?a=1&b=%26+c&a=2&d&=e&&f=g=h");
  ASSERT_TRUE(target);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(target->query, (Pairs{{"a", "1"}, {"b", "& c"}, {"a", "2"}, {"d", ""}, {"", "e"}, {"f", "g=h"}}));
  EXPECT_EQ(*target->value("a"), "1");
  EXPECT_EQ(target->value("z"), nullptr);
}

TEST(HttpTarget, WhatIsNoneIsNothing) {
  for (const char* text :
       {"", "x", "*", "http://host/x", "/%", "/%4", "/%4g", "/a b", "/a\x01", "/\xc3\xa9", "/?a=%"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(HttpTarget, WhatIsEncodedIsDecodedToTheSame) {
  std::string all;
  for (int byte = 0; byte < 256; byte++) all += static_cast<char>(byte);
  const std::string encoded = percent_encoded(all);
  EXPECT_EQ(parse_target("/" + encoded)->path.at(0), all);
  EXPECT_EQ(*parse_target("/?k=" + encoded)->value("k"), all);
}

}  // namespace
}  // namespace mq::net::http
