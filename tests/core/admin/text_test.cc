// SPDX-License-Identifier: Apache-2.0
#include "core/admin/text.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

using Views = std::vector<std::string_view>;

TEST(ValuesInJson, AreWhatStandsThereToTheLastDigit) {
  EXPECT_EQ(values_in_json(R"({"a":1.0,"b":[1,2],"c":{"d":","},"e":"\"]},:"})"),
            (Views{"1.0", "[1,2]", R"({"d":","})", R"("\"]},:")"}));
  EXPECT_EQ(values_in_json(R"([1e400, {"a":[2]} ,"x,y",[]])"),
            (Views{"1e400", R"( {"a":[2]} )", R"("x,y")", "[]"}));
}

TEST(ValuesInJson, OfNothingThereAreNone) {
  for (const char* text : {"{}", "[]", " { } ", "[ \n]"}) EXPECT_EQ(values_in_json(text), Views{}) << text;
}

}  // namespace
}  // namespace mq::admin
