// SPDX-License-Identifier: Apache-2.0
#include "core/admin/envelope.h"

#include <gtest/gtest.h>

#include <random>

#include "core/admin/text.h"
#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

Record record() {
  Record r;
  r.topic = "orders", r.partition = 2, r.offset = 17, r.timestamp = 1'795'352'659'123;
  r.key = "u-42", r.value = "{\"id\":1}";
  r.headers = {{"trace", "ab12"}};
  return r;
}

std::string written(const Record& r, Envelope envelope = {}) {
  std::string to;
  envelope.write(to, r);
  return to;
}

TEST(Envelope, IsOneLineOfJson) {
  EXPECT_EQ(
      written(record()),
      R"({"topic":"orders","partition":2,"offset":17,"timestamp":"2026-11-22T13:04:19.123Z","ts":1795352659123,)"
      R"("key":"u-42","value":"{\"id\":1}","headers":[{"key":"trace","value":"ab12"}]})");
}

TEST(Envelope, NullsAreNullAndBytesAreBase64) {
  Record r = record();
  r.headers.clear();
  r.timestamp = -1;
  r.key.reset(), r.value = "\xff\x00";
  r.value = std::string_view("\xff\x00", 2);
  EXPECT_EQ(written(r), R"({"topic":"orders","partition":2,"offset":17,"key":null,"value_b64":"/wA="})");
}

TEST(Envelope, HasALevelForEveryTaste) {
  EXPECT_EQ(written(record(), {.level = Envelope::Level::min}), R"({"key":"u-42","value":"{\"id\":1}"})");
  const std::string full = written(record(), {.level = Envelope::Level::full});
  for (const char* field : {"leader_epoch", "producer_id", "producer_epoch", "sequence", "transactional",
                            "control", "compression", "key_size", "value_size", "batch_offset"})
    EXPECT_NE(full.find("\"" + std::string(field) + "\":"), std::string::npos) << field;
  const std::string meta = written(record(), {.meta_only = true});
  EXPECT_EQ(meta.find("\"value\":\"{"), std::string::npos);
  EXPECT_NE(meta.find("\"value_size\":8"), std::string::npos);
}

TEST(Envelope, EmbedsJsonWhenAskedAndItParses) {
  Record r = record();
  r.value = "{ \"id\": 12345678901234567890123, \"a b\": [1,\n2] }";
  EXPECT_NE(written(r, {.json_value = true}).find(R"("value":{"id":12345678901234567890123,"a b":[1,2]})"),
            std::string::npos);
  r.value = "not json";
  EXPECT_NE(written(r, {.json_value = true}).find(R"("value":"not json")"), std::string::npos);
}

// What reading this line says, and what it makes of it.
struct Reading {
  explicit Reading(std::string text) : line(std::move(text)), wrong(read_envelope(line, record, decoded)) {}

  std::string line;
  Record record;
  Decoded decoded;
  std::string wrong;
};

TEST(Envelope, ReadsEmbeddedJsonCompactlyAndToTheLastDigit) {
  const Reading read(
      R"({"value":{"a": [1, true], "n": 12345678901234567890123, "t": "x \" y"},"key": 1.50 ,"offset":3})");
  EXPECT_EQ(read.wrong, "");
  EXPECT_EQ(read.record.value, R"({"a":[1,true],"n":12345678901234567890123,"t":"x \" y"})");
  EXPECT_EQ(read.record.key, "1.50");
  EXPECT_EQ(read.record.offset, -1) << "an offset cannot be chosen";
}

TEST(Envelope, ReadsTimesEitherWay) {
  const Reading text(R"({"value":"","timestamp":"2026-11-22T13:04:19.123Z"})");
  EXPECT_EQ(text.record.timestamp, 1'795'352'659'123);
  const Reading both(R"({"value":"","ts":1795352659123,"timestamp":"2026-11-22T14:04:19.123+01:00"})");
  EXPECT_EQ(both.wrong, "");
  EXPECT_EQ(both.record.timestamp, 1'795'352'659'123);
}

TEST(Envelope, HasNoValueOnlyWhereItSaysNull) {
  EXPECT_EQ(Reading(R"({"key":"k","value":null})").wrong, "");
  EXPECT_FALSE(Reading(R"({"key":"k","value":null})").record.value);
  for (const char* line : {R"({"key":"k"})", R"({})", R"({"key":"k","value_size":7})"})
    EXPECT_NE(Reading(line).wrong.find("no \"value\""), std::string::npos) << line;
}

TEST(Envelope, NamesAFieldThatNobodyKnows) {
  for (const char* name : {"Value", "VALUE", "vaule", "payload", "user", "key_B64"}) {
    const Reading read(R"({"key":"k","value":"v",")" + std::string(name) + R"(":"x"})");
    EXPECT_NE(read.wrong.find(in_quotes(name)), std::string::npos) << read.wrong;
  }
  EXPECT_NE(Reading(R"({"key":"k","Value":"v"})").wrong.find("did you mean \"value\"?"), std::string::npos);
  EXPECT_NE(Reading(R"({"key":"k","payload":"v"})").wrong.find("did you mean \"value\"?"), std::string::npos);
}

TEST(Envelope, ReadsAllThatItWrites) {
  std::string all = written(record(), {.level = Envelope::Level::full});
  EXPECT_EQ(Reading(all).wrong, "");
  EXPECT_EQ(Reading(written(record(), {.level = Envelope::Level::min})).wrong, "");
  EXPECT_NE(Reading(written(record(), {.meta_only = true})).wrong, "") << "there would be no value";
}

TEST(Envelope, ReadsWhatKcatPrints) {
  const Reading read(
      R"({"topic":"t","partition":3,"offset":17,"tstype":"create","ts":1795352659123,"broker":1,)"
      R"("headers":["a","1","b",null,"a","2"],"key":"k","payload":"v"})");
  EXPECT_EQ(read.wrong, "");
  EXPECT_EQ(read.record.key, "k");
  EXPECT_EQ(read.record.value, "v");
  EXPECT_EQ(read.record.timestamp, 1'795'352'659'123);
  EXPECT_EQ(read.record.partition, 3);
  EXPECT_EQ(read.record.headers, (std::vector<RecordHeader>{{"a", "1"}, {"b", std::nullopt}, {"a", "2"}}));
  const Reading null(R"({"topic":"t","partition":3,"offset":17,"key":null,"payload":null})");
  EXPECT_EQ(null.wrong, "");
  EXPECT_FALSE(null.record.value);
}

TEST(Envelope, ReadsWhatRpkPrintsWhoseTimestampIsMilliseconds) {
  const Reading read(
      R"({"topic":"t","key":"k","value":"v","headers":[{"key":"a","value":"1"}],"timestamp":1795352659123,)"
      R"("partition":3,"offset":17})");
  EXPECT_EQ(read.wrong, "");
  EXPECT_EQ(read.record.value, "v");
  EXPECT_EQ(read.record.timestamp, 1'795'352'659'123);
  EXPECT_NE(Reading(R"({"topic":"t","timestamp":1795352659123,"partition":3,"offset":17})").wrong, "")
      << "it leaves out an empty value as well as none";
}

TEST(Envelope, TakesNothingForKcatsOrRpksThatMayBeSomethingElse) {
  for (const char* event :
       {R"({"topic":"t","payload":"v"})", R"({"key":"k","payload":"v"})",
        R"({"topic":"t","partition":0,"offset":1,"key":"k","payload":"v","value_schema_id":7})",
        R"({"key":"k","value":"v","timestamp":1795352659})"})
    EXPECT_NE(Reading(event).wrong, "") << event;
}

TEST(Envelope, SaysWhatIsWrong) {
  for (const char* wrong : {"",
                            "{",
                            "[]",
                            "7",
                            R"({"value_b64":"???"})",
                            R"({"value":"","headers":7})",
                            R"({"value":"","headers":[{}]})",
                            R"({"value":"","headers":[{"key":"a"}]})",
                            R"({"value":"","headers":[{"key":"a","value":"b","more":1}]})",
                            R"({"value":"","ts":"x"})",
                            R"({"value":"","ts":-2})",
                            R"({"value":"","timestamp":"soon"})",
                            R"({"value":"","timestamp":"1969-12-31"})",
                            R"({"value":"","ts":1,"timestamp":"soon"})",
                            R"({"value":"","ts":1,"timestamp":"2026-11-22"})",
                            R"({"value":"","partition":"x"})",
                            R"({"value":"","partition":-1})",
                            R"({"value":"","topic":7})",
                            R"({"value":"a","value":"b"})",
                            R"({"value":"a","value_b64":"Yg=="})",
                            R"({"key":"a","key_b64":"Yg==","value":"b"})",
                            R"({"value":"a","control":true})"})
    EXPECT_NE(Reading(wrong).wrong, "") << wrong;
}

std::optional<std::string> random_bytes(std::mt19937& random, bool may_be_null) {
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  if (may_be_null && pick(5) == 0) return std::nullopt;
  std::string bytes;
  const int kind = pick(3);
  for (int n = pick(40); n > 0; n--)
    bytes += kind == 0   ? static_cast<char>(pick(256))
             : kind == 1 ? static_cast<char>(pick(128))
                         : "é\"\\"[pick(4)];
  return bytes;
}

TEST(Envelope, CarriesEveryRecordByteForByte) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; i++) {
    const auto key = random_bytes(random, true), value = random_bytes(random, true);
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    for (auto n = random() % 4; n > 0; n--)
      headers.emplace_back(*random_bytes(random, false), random_bytes(random, true));
    Record r;
    r.topic = "t", r.partition = 0, r.offset = i, r.timestamp = static_cast<std::int64_t>(random()) - 1;
    if (key) r.key = *key;
    if (value) r.value = *value;
    for (const auto& [name, text] : headers)
      r.headers.push_back({name, text ? std::optional<std::string_view>(*text) : std::nullopt});
    const std::string line = written(r);
    EXPECT_TRUE(valid_utf8(line));
    EXPECT_EQ(line.find('\n'), line.npos);
    Record back;
    Decoded decoded;
    ASSERT_EQ(read_envelope(line, back, decoded), "") << line;
    EXPECT_EQ(back.key, r.key) << line;
    EXPECT_EQ(back.value, r.value) << line;
    EXPECT_EQ(back.headers, r.headers) << line;
    EXPECT_EQ(back.timestamp, r.timestamp) << line;
  }
}

TEST(Text, Utf8IsCheckedStrictly) {
  for (const char* good : {"", "plain", "é", "€", "😀", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(valid_utf8(good)) << good;
  for (const char* bad :
       {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "12345678\xc3"})
    EXPECT_FALSE(valid_utf8(bad));
}

TEST(Text, CannotDriveATerminal) {
  std::string to;
  append_escaped(to, "a\x1b[31m\xc2\x9b\x07é\\\n");
  EXPECT_EQ(to, "a\\x1b[31m\\xc2\\x9b\\x07é\\\\\\n");
}

TEST(Text, GoesToATerminalAsItIsUnlessItCouldDriveIt) {
  const auto shown = [](std::string_view bytes) {
    std::string to;
    append_for_terminal(to, bytes);
    return to;
  };
  EXPECT_EQ(shown("a\\b\n\té"), "a\\b\n\té");
  EXPECT_EQ(shown("\x1b[31m\n"), "\\x1b[31m\\n");
  EXPECT_EQ(shown("\xc2\x9b"), "\\xc2\\x9b");
  EXPECT_EQ(shown("\xff"), "\\xff");
}

TEST(Text, JsonHoldsNothingThatCouldDriveATerminal) {
  std::string to;
  append_json(to, "\x1b \x7f \xc2\x9b é");
  EXPECT_EQ(to, "\"\\u001b \\u007f \\u009b é\"");
}

TEST(Text, Base64AndHexReadBack) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe"}) {
    std::string text;
    append_base64(text, bytes);
    EXPECT_EQ(from_base64(text), bytes);
    text.clear();
    append_hex(text, bytes);
    EXPECT_EQ(from_hex(text), bytes);
  }
  for (const char* wrong : {"a", "ab=c", "====", "a===", "ab!="}) EXPECT_FALSE(from_base64(wrong)) << wrong;
}

}  // namespace
}  // namespace mq::admin
