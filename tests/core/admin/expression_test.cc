// SPDX-License-Identifier: Apache-2.0
#include "core/admin/expression.h"

#include <gmock/gmock.h>

#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

using testing::HasSubstr;

Record one_order() {
  Record r;
  r.topic = "orders", r.partition = 2, r.offset = 17, r.timestamp = 1'795'352'659'123;
  r.key = "eu-42";
  r.value = R"({"user":{"id":42,"name":"Jo"},"total":12.5,"items":[{"sku":"a b"}],"paid":false,"note":null})";
  r.headers = {{"trace", "aa"}, {"trace", "ab"}, {"tries", "3"}, {"empty", std::nullopt}, {"a.b", "c"}};
  return r;
}

bool holds(std::string_view expression, const Record& record = one_order()) {
  return Expression(expression).matches(record);
}

// What is said about it, or "" when there is nothing wrong.
std::string wrong_expression(std::string_view expression) {
  try {
    Expression made(expression);
    return "";
  } catch (const UsageError& error) {
    return error.what() + (error.hint.empty() ? "" : " (" + error.hint + ")");
  }
}

TEST(Expression, ComparesFieldsOfTheValue) {
  EXPECT_TRUE(holds(".user.id == 42 && .total > 10"));
  EXPECT_TRUE(holds(".items[0].sku == 'a b' && .user[\"name\"] == \"Jo\" && .\"total\" == 12.50"));
  EXPECT_TRUE(holds("value.user.id >= 42.0 && 42 <= .user.id"));
  EXPECT_FALSE(holds(".user.id < 42 || .user.id > 42 || .user.id != 42"));
  Record r = one_order();
  r.value = "17", r.key = R"({"id":1})";
  EXPECT_TRUE(holds(". == 17 && key.id == 1", r));
}

TEST(Expression, ComparesTheRecordByTheNamesOfItsEnvelope) {
  EXPECT_TRUE(holds(R"(key =~ "^eu-" && headers.trace == "ab" && value_size < 1M)"));
  EXPECT_TRUE(holds("topic == 'orders' && partition == 2 && offset >= 17 && key_size == 5"));
  EXPECT_TRUE(holds("timestamp >= '2026-11-22T13' && timestamp < '2026-11-22T14' && ts == 1795352659123"));
  EXPECT_TRUE(holds("!transactional && producer_id == -1"));
  Record r = one_order();
  r.attributes = 1 << 4;
  EXPECT_TRUE(holds("transactional == true", r));
}

TEST(Expression, AndBindsCloserThanOrAndNotClosest) {
  EXPECT_TRUE(holds("true || false && false"));
  EXPECT_FALSE(holds("(true || false) && false"));
  EXPECT_TRUE(holds("!false && !(true && false)"));
  EXPECT_TRUE(holds("! .user.id == 7")) << "what is compared is negated, not what it is compared with";
  EXPECT_TRUE(holds("!!true"));
}

TEST(Expression, AFieldAloneIsThereAndNeitherNullNorFalse) {
  EXPECT_TRUE(holds(".user && .total && headers.trace && key"));
  EXPECT_FALSE(holds(".paid || .note || .nope || headers.empty || headers.nope"));
  EXPECT_TRUE(holds(".note == null && headers.empty == null && .paid == false"));
}

TEST(Expression, WhatIsMissingIsEqualToNothing) {
  EXPECT_FALSE(holds(".nope == null || .nope == 0 || .nope == '' || .nope == false || .nope == .nope"));
  EXPECT_FALSE(holds(".nope < 1 || .nope > 1 || .nope <= .nope || .nope =~ ''"));
  EXPECT_TRUE(holds(".nope != null && .nope != 0 && .nope !~ 'x' && !.nope"));
  Record tombstone;
  tombstone.value.reset(), tombstone.key = "k";
  EXPECT_TRUE(holds("value == null && value_size == -1 && !.x && .x != null", tombstone));
}

TEST(Expression, KindsAreNotEqualToEachOther) {
  Record r;
  r.value = R"({"s":"42","n":42,"b":true,"a":[1],"o":{}})";
  EXPECT_FALSE(
      holds(".s == 42 || .n == '42' || .b == 1 || .b == 'true' || .a == 1 || .a == .a || .o == null", r));
  EXPECT_FALSE(holds(".s > 1 || .b > false || .n =~ '4'", r));
  EXPECT_TRUE(holds(".n != .s && .a && .o", r));
}

TEST(Expression, NumbersAreExactHoweverLongTheyAre) {
  Record r;
  r.value =
      R"({"id":9007199254740993,"max":9223372036854775807,"long":123456789012345678901234567890,"x":1e400})";
  EXPECT_TRUE(holds(".id == 9007199254740993 && .id != 9007199254740992", r));
  EXPECT_TRUE(holds(".max == 9223372036854775807 && .max < 9223372036854775808", r));
  EXPECT_TRUE(holds(".long > 123456789012345678901234567889 && .x > .long", r));
  r.offset = 9007199254740993;
  EXPECT_TRUE(holds("offset == .id && offset > 9007199254740992", r));
}

TEST(Expression, BytesWithoutAKindAreNumbersToANumber) {
  EXPECT_TRUE(
      holds("headers.tries == 3 && headers.tries > 2.5 && headers.tries == '3' && 3 == headers.tries"));
  EXPECT_FALSE(holds("headers.trace > 0 || headers.trace < 0 || headers.trace == 0"));
  Record r;
  r.key = "007", r.value = "1.50";
  EXPECT_TRUE(holds("key == 7 && key != '7' && value == 1.5 && value < 2", r));
}

TEST(Expression, SizesAreNumbers) {
  Record r;
  const std::string large(1025, 'x');
  r.value = large;
  EXPECT_TRUE(holds("value_size > 1k && value_size > 1KiB && value_size < 2kB && value_size < 1M", r));
  EXPECT_TRUE(holds("value_size == 1.025e3", r));
}

TEST(Expression, TextsHaveTheEscapesOfFormatsAndPatternsNone) {
  Record r;
  r.key = std::string_view("a\t\"\xff\0", 5), r.value = "x.1";
  EXPECT_TRUE(holds(R"(key == "a\t\"\xff\0" && key == 'a\t"\xff\0')", r));
  EXPECT_TRUE(holds(R"(value =~ "^x\.\d$" && value !~ 'x\\' && value =~ '')", r));
  EXPECT_TRUE(holds("value =~ \"it's|x\" && value !~ 'it\\'s'", r));
}

TEST(Expression, NamesMayHoldHyphensAndAnyLetter) {
  Record r = one_order();
  r.value = "{\"trace-id\":1,\"größe\":2,\"a.b\":3,\"$ref\":4,\"5\":5}";
  r.headers = {{"content-type", "x"}, {"a.b", "c"}};
  EXPECT_TRUE(
      holds(R"(.trace-id == 1 && .größe == 2 && ."a.b" == 3 && .["a.b"] == 3 && .$ref == 4 && .5 == 5)", r));
  EXPECT_TRUE(holds(R"(headers.content-type == "x" && headers["a.b"] == "c" && headers."a.b" == 'c')", r));
  EXPECT_TRUE(holds(".trace-id>-1&&.trace-id<2", r));
}

TEST(Expression, AMistakeIsToldWithItsPlace) {
  EXPECT_EQ(wrong_expression(".id = 42"), R"(character 5, at "= 42": equal is written ==)");
  EXPECT_EQ(wrong_expression(".id == 42 and .x"), R"(character 11, at "and .x": and is written &&)");
  EXPECT_EQ(wrong_expression(".a or .b"), R"(character 4, at "or .b": or is written ||)");
  EXPECT_EQ(wrong_expression(".a & .b"), R"(character 4, at "& .b": and is written &&)");
  EXPECT_EQ(wrong_expression("not .a"), R"(character 1, at "not .a": not is written !)");
  EXPECT_EQ(wrong_expression(".a == "), "character 7, at the end: a value is missing");
  EXPECT_EQ(wrong_expression(""), "character 1, at the end: a value is missing");
  EXPECT_EQ(wrong_expression(".größe == 'x"),
            R"(character 11, at "'x": the text does not end: its ' is missing)");
  EXPECT_EQ(wrong_expression("(.a"),
            R"x(character 4, at the end: the ")" is missing to "(" at character 1)x");
  EXPECT_EQ(wrong_expression(".a)"), R"x(character 3, at ")": there is no "(" to it)x");
  EXPECT_EQ(wrong_expression("1 < .a < 2"),
            R"(character 8, at "< 2": one comparison at a time: join two with &&)");
  EXPECT_EQ(wrong_expression("5"), R"(character 1, at "5": this is compared with nothing)");
  EXPECT_EQ(wrong_expression("len(.a) > 1"), "character 1, at \"len(.a) > 1\": there are no functions");
  EXPECT_EQ(wrong_expression("keys == 'a'"),
            R"x(character 1, at "keys == 'a'": "keys" is no field of a record (did you mean "key"?))x");
  EXPECT_THAT(wrong_expression("userid == 'a'"), HasSubstr("begins with a dot: .userid"));
  EXPECT_THAT(wrong_expression(".a > 1h"),
              HasSubstr(R"(character 6, at "1h": "1h" is no number, nor a size)"));
  EXPECT_THAT(wrong_expression("key =~ 'a('"),
              HasSubstr(R"(character 8, at "'a('": the regular expression is not valid: )"));
  EXPECT_THAT(wrong_expression("key =~ ^a"), HasSubstr("a regular expression is missing"));
  EXPECT_THAT(wrong_expression("key =~ /a/"), HasSubstr("is written as a text"));
  EXPECT_THAT(wrong_expression("headers == 'a'"), HasSubstr("a header's name is missing"));
  EXPECT_THAT(wrong_expression("headers.a.b == 'c'"), HasSubstr("headers[\"a.b\"]"));
  EXPECT_THAT(wrong_expression("topic.a"), HasSubstr("topic has no fields"));
  EXPECT_THAT(wrong_expression(".a[x]"), HasSubstr("in brackets is a place"));
  EXPECT_THAT(wrong_expression(".a[1"), HasSubstr("\"]\" is missing"));
  EXPECT_THAT(wrong_expression(".a."), HasSubstr("a field's name is missing"));
  EXPECT_THAT(wrong_expression(R"(key == "\q")"), HasSubstr("of escapes"));
  EXPECT_THAT(wrong_expression(".a == 1 .b == 2"), HasSubstr("&& or || is missing"));
  EXPECT_THAT(wrong_expression(".a == 'an error that is far from \033 the end"), HasSubstr("…\""));
  EXPECT_THAT(wrong_expression("a\x1b"), testing::Not(HasSubstr("\x1b")));
}

TEST(Expression, IsBounded) {
  const auto chain = [](std::size_t comparisons) {
    std::string text = ".a == 0";
    for (std::size_t i = 1; i < comparisons; i++) text += "||.a == 0";
    return text;
  };
  EXPECT_EQ(wrong_expression(chain(Expression::nodes_max / 2)), "");
  EXPECT_THAT(wrong_expression(chain(Expression::nodes_max / 2 + 1)), HasSubstr("at most 128 conditions"));
  EXPECT_EQ(wrong_expression(std::string(32, '(') + ".a" + std::string(32, ')')), "");
  EXPECT_THAT(wrong_expression(std::string(33, '(') + ".a" + std::string(33, ')')),
              HasSubstr("nested too deep"));
  EXPECT_THAT(wrong_expression(std::string(4000, '!') + ".a"), HasSubstr("nested too deep"));
  EXPECT_THAT(wrong_expression(std::string(5000, ' ') + ".a"), HasSubstr("at most 4096 bytes"));
  std::string deep, many = ".f0";
  for (int i = 0; i < 128; i++) deep += ".a";
  EXPECT_THAT(wrong_expression(deep), HasSubstr("nested too deep"));
  for (int i = 1; i < 33; i++) many += "||.f" + std::to_string(i);
  EXPECT_THAT(wrong_expression(many), HasSubstr("at most 32 fields"));
  EXPECT_EQ(wrong_expression("key == '\xff'"), "an expression is UTF-8");
}

}  // namespace
}  // namespace mq::admin
