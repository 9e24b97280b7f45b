// SPDX-License-Identifier: Apache-2.0
#include "core/admin/filter.h"

#include <gmock/gmock.h>

#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

using testing::HasSubstr;

Record error_record() {
  Record r;
  r.key = "eu-42", r.value = R"({"level":"ERROR"})";
  r.headers = {{"trace", "aa"}, {"trace", "ab"}, {"none", std::nullopt}};
  return r;
}

bool is_like(const FilterTexts& texts, const Record& r = error_record()) {
  return Filter(texts).matches(r);
}

std::string wrong_filter(const FilterTexts& texts, std::string_view dashes = {}) {
  try {
    Filter made(texts, dashes);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(Filter, WithoutConditionsEveryRecordIsLikeIt) {
  EXPECT_TRUE(Filter().matches(error_record()));
  EXPECT_TRUE(Filter().matches_all());
  EXPECT_TRUE(Filter(FilterTexts{}).matches_all());
  EXPECT_FALSE(Filter({.grep = {"x"}}).matches_all());
}

TEST(Filter, GrepFindsInTheValueAndKeyIsAllOfTheKey) {
  EXPECT_TRUE(is_like({.grep = {"ERR"}}));
  EXPECT_FALSE(is_like({.grep = {"^ERR"}}));
  EXPECT_FALSE(is_like({.grep = {"eu"}})) << "not in the key";
  EXPECT_TRUE(is_like({.key = {"eu-*"}}));
  EXPECT_FALSE(is_like({.key = {"eu"}}));
}

TEST(Filter, AHeaderIsThereOrOneOfItsNameIsLikeTheGlob) {
  EXPECT_TRUE(is_like({.header = {"trace"}}));
  EXPECT_TRUE(is_like({.header = {"none"}}));
  EXPECT_FALSE(is_like({.header = {"nope"}}));
  EXPECT_TRUE(is_like({.header = {"trace=aa"}}));
  EXPECT_TRUE(is_like({.header = {"trace=ab"}}));
  EXPECT_TRUE(is_like({.header = {"trace=a?"}}));
  EXPECT_FALSE(is_like({.header = {"trace="}}));
  EXPECT_FALSE(is_like({.header = {"none=*"}})) << "null is like nothing";
}

TEST(Filter, AllConditionsHoldOrWithInvertNotAll) {
  FilterTexts texts{
      .grep = {"ERR", "level"}, .key = {"eu-*"}, .header = {"trace"}, .where = {".level == 'ERROR'"}};
  EXPECT_TRUE(is_like(texts));
  texts.invert = true;
  EXPECT_FALSE(is_like(texts));
  texts.key = {"us-*"};
  EXPECT_TRUE(is_like(texts));
  texts.invert = false;
  EXPECT_FALSE(is_like(texts));
}

TEST(Filter, NullsAreLikeNoPattern) {
  const Record tombstone;
  EXPECT_FALSE(is_like({.grep = {""}}, tombstone));
  EXPECT_FALSE(is_like({.key = {"*"}}, tombstone));
  EXPECT_TRUE(is_like({.grep = {""}, .invert = true}, tombstone));
  EXPECT_TRUE(is_like({.where = {"value == null"}}, tombstone));
}

TEST(Filter, WhatIsWrongIsSaidByName) {
  EXPECT_THAT(wrong_filter({.grep = {"a("}}), HasSubstr("grep: the regular expression is not valid"));
  EXPECT_THAT(wrong_filter({.header = {"=x"}}), HasSubstr("header: a name is missing"));
  EXPECT_THAT(wrong_filter({.where = {".a", ".a = 1"}}), HasSubstr("where: character 4, at \"= 1\""));
  EXPECT_THAT(wrong_filter({.where = {"="}}, "--"), HasSubstr("--where: character 1, at \"=\""));
  EXPECT_THAT(wrong_filter({.invert = true}), HasSubstr("invert: there is nothing to invert"));
}

TEST(Filter, IsBounded) {
  EXPECT_THAT(wrong_filter({.grep = std::vector<std::string>(17, "a")}), HasSubstr("at most 16 conditions"));
  EXPECT_EQ(wrong_filter({.grep = std::vector<std::string>(16, "a")}), "");
  EXPECT_THAT(wrong_filter({.grep = std::vector<std::string>(16, std::string(1000, 'a'))}),
              HasSubstr("too large together"));
  EXPECT_THAT(wrong_filter({.key = {std::string(257, '*')}}), HasSubstr("key: a glob has at most 256 bytes"));
  EXPECT_THAT(wrong_filter({.header = {"a=" + std::string(257, '*')}}), HasSubstr("at most 256 bytes"));
  EXPECT_THAT(wrong_filter({.where = {"key =~ 'x{900}'", "key =~ 'y{900}'", "key =~ 'z{900}'"}}),
              HasSubstr("too large together"));
}

}  // namespace
}  // namespace mq::admin
