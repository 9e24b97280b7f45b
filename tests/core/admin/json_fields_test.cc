// SPDX-License-Identifier: Apache-2.0
#include "core/admin/json_fields.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

using FieldKind = JsonField::Kind;
using FieldPath = JsonFields::Path;

JsonField field_at(FieldPath path, std::string_view json) {
  JsonFields fields;
  fields.add(std::move(path));
  return fields.find(json).at(0);
}

FieldKind kind_at(FieldPath path, std::string_view json) {
  return field_at(std::move(path), json).kind;
}

constexpr std::string_view order_json =
    R"({"id":9223372036854775808123, "user":{"name":"J\u00f6rg \"x\"","tags":["a",{"b":null},[1,2]]},
  "paid":true, "":1, "total":12.50})";

TEST(JsonFields, AreFoundByPath) {
  EXPECT_EQ(field_at({"user", "name"}, order_json).text, "Jörg \"x\"");
  EXPECT_EQ(field_at({"user", "tags", std::size_t{0}}, order_json).text, "a");
  EXPECT_EQ(kind_at({"user", "tags", std::size_t{1}, "b"}, order_json), FieldKind::null);
  EXPECT_EQ(field_at({"user", "tags", std::size_t{2}, std::size_t{1}}, order_json).text, "2");
  EXPECT_TRUE(field_at({"paid"}, order_json).truth);
  EXPECT_EQ(field_at({""}, order_json).text, "1");
  EXPECT_EQ(kind_at({"user"}, order_json), FieldKind::structure);
  EXPECT_EQ(kind_at({}, order_json), FieldKind::structure);
  EXPECT_EQ(field_at({}, " 42 ").text, "42");
}

TEST(JsonFields, DigitsStayAsTheyWereWritten) {
  EXPECT_EQ(field_at({"id"}, order_json).text, "9223372036854775808123");
  EXPECT_EQ(field_at({"total"}, order_json).text, "12.50");
  EXPECT_EQ(field_at({}, "1e400").text, "1e400");
  EXPECT_EQ(field_at({}, "-0.0").text, "-0.0");
}

TEST(JsonFields, WhatIsNotThereIsMissing) {
  for (const FieldPath& path :
       {FieldPath{"nope"}, FieldPath{"user", "nope"}, FieldPath{"id", "x"}, FieldPath{std::size_t{0}},
        FieldPath{"user", "tags", "0"}, FieldPath{"user", "tags", std::size_t{3}}, FieldPath{"name"}})
    EXPECT_EQ(kind_at(path, order_json), FieldKind::missing);
}

TEST(JsonFields, ManyAreFoundAtOnceAndTheSameOneHasOneNumber) {
  JsonFields fields;
  EXPECT_EQ(fields.add({"a"}), 0u);
  EXPECT_EQ(fields.add({"a", "b"}), 1u);
  EXPECT_EQ(fields.add({"c"}), 2u);
  EXPECT_EQ(fields.add({"a", "b"}), 1u);
  const auto found = fields.find(R"({"x":[{"c":9}],"a":{"b":5,"c":6},"c":"d"})");
  EXPECT_EQ(found[0].kind, FieldKind::structure);
  EXPECT_EQ(found[1].text, "5");
  EXPECT_EQ(found[2].text, "d");
}

TEST(JsonFields, OfTwoOfTheSameNameItIsTheLast) {
  EXPECT_EQ(field_at({"a"}, R"({"a":1,"a":2})").text, "2");
  EXPECT_EQ(kind_at({"a", "b"}, R"({"a":{"b":1},"a":{"c":2}})"), FieldKind::missing);
  EXPECT_EQ(kind_at({"a", "b"}, R"({"a":{"b":1},"a":2})"), FieldKind::missing);
}

TEST(JsonFields, ATextThatIsNoJsonHasNone) {
  for (const char* text : {"", "x", R"({"a":1)", R"({"a":1}x)", R"({"a":1,})", R"({"a":1} {"a":1})",
                           "{\"a\":1,\"b\":\"\xff\"}", R"({'a':1})", R"({"a":01})", "\xef\xbb\xbf{\"a\":1}"})
    EXPECT_EQ(kind_at({"a"}, text), FieldKind::missing) << text;
}

TEST(JsonFields, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return R"({"a":1,"b":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(kind_at({"a"}, nested(JsonFields::depth_max)), FieldKind::number);
  EXPECT_EQ(kind_at({"a"}, nested(JsonFields::depth_max + 1)), FieldKind::missing);
  EXPECT_EQ(kind_at({"a"}, nested(1'000'000)), FieldKind::missing);
}

TEST(JsonFields, AsManyAsThereMayBeAreFound) {
  JsonFields fields;
  std::string json;
  for (std::size_t i = 0; i < JsonFields::paths_max; i++) {
    EXPECT_FALSE(fields.full());
    fields.add({"f" + std::to_string(i)});
    json += (i == 0 ? "{\"f" : ",\"f") + std::to_string(i) + "\":" + std::to_string(i);
  }
  EXPECT_TRUE(fields.full());
  const auto found = fields.find(json + "}");
  for (std::size_t i = 0; i < found.size(); i++) EXPECT_EQ(found[i].text, std::to_string(i));
}

}  // namespace
}  // namespace mq::admin
