// SPDX-License-Identifier: Apache-2.0
#include "cli/envelope.h"

#include <gtest/gtest.h>

#include <random>

#include "cli/text.h"

namespace mq::cli {
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

TEST(Envelope, ReadsEmbeddedJsonCompactlyAndIgnoresWhatItDoesNotKnow) {
  Record r;
  Decoded decoded;
  EXPECT_EQ(read_envelope(R"({"value":{"a": [1, true]},"key":7,"more":{},"offset":3})", r, decoded), "");
  EXPECT_EQ(r.value, R"({"a":[1,true]})");
  EXPECT_EQ(r.key, "7");
  EXPECT_EQ(r.offset, -1) << "an offset cannot be chosen";
}

TEST(Envelope, ReadsTimesEitherWay) {
  Record r;
  Decoded decoded;
  EXPECT_EQ(read_envelope(R"({"timestamp":"2026-11-22T13:04:19.123Z"})", r, decoded), "");
  EXPECT_EQ(r.timestamp, 1'795'352'659'123);
  EXPECT_FALSE(r.value);
}

TEST(Envelope, SaysWhatIsWrong) {
  Record r;
  Decoded decoded;
  for (const char* wrong :
       {"", "{", "[]", "7", R"({"value_b64":"???"})", R"({"headers":7})", R"({"headers":[{}]})",
        R"({"ts":"x"})", R"({"timestamp":"soon"})", R"({"partition":"x"})"})
    EXPECT_NE(read_envelope(wrong, r, decoded), "") << wrong;
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
}  // namespace mq::cli
