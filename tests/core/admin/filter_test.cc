// SPDX-License-Identifier: Apache-2.0
#include "core/admin/filter.h"

#include <gmock/gmock.h>

#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

using testing::HasSubstr;

Record record() {
  Record r;
  r.key = "eu-42", r.value = R"({"level":"ERROR"})";
  r.headers = {{"trace", "aa"}, {"trace", "ab"}, {"none", std::nullopt}};
  return r;
}

bool matches(const FilterTexts& texts, const Record& r = record()) {
  return Filter(texts).matches(r);
}

std::string wrong(const FilterTexts& texts, std::string_view dashes = {}) {
  try {
    Filter made(texts, dashes);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(Filter, WithoutConditionsEveryRecordIsLikeIt) {
  EXPECT_TRUE(Filter().matches(record()));
  EXPECT_TRUE(Filter().matches_all());
  EXPECT_TRUE(Filter(FilterTexts{}).matches_all());
  EXPECT_FALSE(Filter({.grep = {"x"}}).matches_all());
}

TEST(Filter, GrepFindsInTheValueAndKeyIsAllOfTheKey) {
  EXPECT_TRUE(matches({.grep = {"ERR"}}));
  EXPECT_FALSE(matches({.grep = {"^ERR"}}));
  EXPECT_FALSE(matches({.grep = {"eu"}})) << "not in the key";
  EXPECT_TRUE(matches({.key = {"eu-*"}}));
  EXPECT_FALSE(matches({.key = {"eu"}}));
}

TEST(Filter, AHeaderIsThereOrOneOfItsNameIsLikeTheGlob) {
  EXPECT_TRUE(matches({.header = {"trace"}}));
  EXPECT_TRUE(matches({.header = {"none"}}));
  EXPECT_FALSE(matches({.header = {"nope"}}));
  EXPECT_TRUE(matches({.header = {"trace=aa"}}));
  EXPECT_TRUE(matches({.header = {"trace=ab"}}));
  EXPECT_TRUE(matches({.header = {"trace=a?"}}));
  EXPECT_FALSE(matches({.header = {"trace="}}));
  EXPECT_FALSE(matches({.header = {"none=*"}})) << "null is like nothing";
}

TEST(Filter, AllConditionsHoldOrWithInvertNotAll) {
  FilterTexts texts{
      .grep = {"ERR", "level"}, .key = {"eu-*"}, .header = {"trace"}, .where = {".level == 'ERROR'"}};
  EXPECT_TRUE(matches(texts));
  texts.invert = true;
  EXPECT_FALSE(matches(texts));
  texts.key = {"us-*"};
  EXPECT_TRUE(matches(texts));
  texts.invert = false;
  EXPECT_FALSE(matches(texts));
}

TEST(Filter, NullsAreLikeNoPattern) {
  const Record tombstone;
  EXPECT_FALSE(matches({.grep = {""}}, tombstone));
  EXPECT_FALSE(matches({.key = {"*"}}, tombstone));
  EXPECT_TRUE(matches({.grep = {""}, .invert = true}, tombstone));
  EXPECT_TRUE(matches({.where = {"value == null"}}, tombstone));
}

TEST(Filter, WhatIsWrongIsSaidByName) {
  EXPECT_THAT(wrong({.grep = {"a("}}), HasSubstr("grep: the regular expression is not valid"));
  EXPECT_THAT(wrong({.header = {"=x"}}), HasSubstr("header: \"=x\" has no name"));
  EXPECT_THAT(wrong({.where = {".a", ".a = 1"}}), HasSubstr("where: character 4, at \"= 1\""));
  EXPECT_THAT(wrong({.where = {"="}}, "--"), HasSubstr("--where: character 1, at \"=\""));
  EXPECT_THAT(wrong({.invert = true}), HasSubstr("invert: there is nothing to invert"));
}

TEST(Filter, IsBounded) {
  EXPECT_THAT(wrong({.grep = std::vector<std::string>(17, "a")}), HasSubstr("at most 16 conditions"));
  EXPECT_EQ(wrong({.grep = std::vector<std::string>(16, "a")}), "");
  EXPECT_THAT(wrong({.grep = std::vector<std::string>(16, std::string(1000, 'a'))}),
              HasSubstr("too large together"));
  EXPECT_THAT(wrong({.key = {std::string(257, '*')}}), HasSubstr("key: a glob has at most 256 bytes"));
  EXPECT_THAT(wrong({.header = {"a=" + std::string(257, '*')}}), HasSubstr("at most 256 bytes"));
  EXPECT_THAT(wrong({.where = {"key =~ 'x{900}'", "key =~ 'y{900}'", "key =~ 'z{900}'"}}),
              HasSubstr("too large together"));
}

}  // namespace
}  // namespace mq::admin
