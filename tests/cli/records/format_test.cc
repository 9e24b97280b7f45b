// SPDX-License-Identifier: Apache-2.0
#include "cli/records/format.h"

#include <gtest/gtest.h>

#include "core/admin/text.h"

namespace mq::cli::format_test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

admin::Record record() {
  admin::Record r;
  r.topic = "orders", r.partition = 2, r.offset = 17, r.timestamp = 1'795'352'659'123;
  r.key = "u-42", r.value = "{\"id\":1}";
  r.headers = {{"a", "1"}, {"b", std::nullopt}};
  r.leader_epoch = 5, r.producer_id = 9, r.producer_epoch = 1, r.attributes = 3;
  r.number = 4, r.log_start = 10, r.high_watermark = 30, r.left = 12;
  return r;
}

std::string written(std::string_view format, const admin::Record& r = record()) {
  const auto compiled = Format::compile(format, Format::Direction::write);
  if (!compiled) return "error: " + compiled.error().why;
  std::string to;
  compiled->write(to, r);
  return to;
}

admin::Record read(std::string_view format, std::string_view text,
                   FormatReader::Outcome expected = FormatReader::Outcome::record, bool at_end = true) {
  static std::optional<Format> compiled;
  static std::optional<FormatReader> reader;
  auto parsed = Format::compile(format, Format::Direction::read);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().why);
  compiled = std::move(*parsed);
  reader.emplace(*compiled);
  admin::Record r;
  EXPECT_EQ(reader->read(text, at_end, r).outcome, expected) << format;
  return r;
}

TEST(FormatWrites, EveryVerb) {
  EXPECT_EQ(written("%v|%s"), "{\"id\":1}|{\"id\":1}");
  EXPECT_EQ(written("%V|%S|%k|%K"), "8|8|u-42|4");
  EXPECT_EQ(written("%t|%p|%o"), "orders|2|17");
  EXPECT_EQ(written("%d|%T"), "1795352659123|1795352659123");
  EXPECT_EQ(written("%h|%H"), "a=1,b=|2");
  EXPECT_EQ(written("%h{%k: %v\\n}"), "a: 1\nb: \n");
  EXPECT_EQ(written("%e %i %x %y %a"), "5 4 9 1 3");
  EXPECT_EQ(written("%L %l %W"), "10 12 30");
  EXPECT_EQ(written("%R"), "\0\0\0\x08"s);
  EXPECT_EQ(written("%%%{%}"), "%{}");
}

TEST(FormatWrites, EveryModifier) {
  admin::Record r = record();
  r.value = "\x01\x02 'q'";
  EXPECT_EQ(written("%v{hex}", r), "010220277127");
  EXPECT_EQ(written("%v{base64}", r), "AQIgJ3En");
  EXPECT_EQ(written("%v{esc}", r), "\\x01\\x02 'q'");
  EXPECT_EQ(written("%v{raw}", r), "\x01\x02 'q'");
  EXPECT_EQ(written("%v{json}", r), "\"\\u0001\\u0002 'q'\"");
  r.value = "it's";
  EXPECT_EQ(written("%v{q}", r), "'it'\\''s'");
  EXPECT_EQ(written("%t{len}"), "6");
  EXPECT_EQ(written("%V{u32be}%V{u16le}%V{i8}"), "\0\0\0\x08\x08\0\x08"s);
  EXPECT_EQ(written("%o{hex8} %o{hex16} %o{hex32} %o{hex64}"), "11 0011 00000011 0000000000000011");
  EXPECT_EQ(written("%d{ms} %d{s} %d{iso}"), "1795352659123 1795352659 2026-11-22T13:04:19.123Z");
  EXPECT_EQ(written("%d{strftime:%F %T}"), "2026-11-22 13:04:19");
  r.value = "\x01\x00\x00\x00\x05\xff\xffxy"sv;
  EXPECT_EQ(written("%v{unpack:>bIhs}", r), "1 5 -1 xy");
  EXPECT_EQ(written("%v{unpack:<bI}", r), "1 83886080");
  EXPECT_NE(written("%v{pretty}").find("\"id\": 1"), std::string::npos);
}

TEST(FormatWrites, NullsAsTheirLengthSaysAndAsTheTextGiven) {
  admin::Record r = record();
  r.value.reset();
  EXPECT_EQ(written("[%v] %V %v{json}", r), "[] -1 null");
  auto format = *Format::compile("%v", Format::Direction::write);
  format.null_text = "NULL";
  std::string to;
  format.write(to, r);
  EXPECT_EQ(to, "NULL");
}

TEST(FormatWrites, Escapes) {
  EXPECT_EQ(written("\\n\\t\\r\\0\\\\\\x41"), "\n\t\r\0\\A"s);
}

TEST(FormatWrites, NothingOfARecordThatCouldDriveATerminal) {
  Format format = *Format::compile("\\x1b[2m%k\\x1b[0m %v %v{q} %h\\n", Format::Direction::write);
  format.for_terminal = true;
  admin::Record r;
  r.key = "a\nb", r.value = "\x1b]0;x\x07";
  r.headers = {{"\xc2\x9b", "\xff"}};
  std::string text;
  format.write(text, r);
  EXPECT_TRUE(text.starts_with("\x1b[2ma\nb\x1b[0m \\x1b]0;x\\x07 "))
      << "what the format says, it may: " << text;
  EXPECT_FALSE(admin::has_controls(std::string_view(text).substr(12)));
  EXPECT_TRUE(text.ends_with(" \\xc2\\x9b=\\xff\n")) << text;
}

TEST(Format, SaysWhatItDoesNotUnderstand) {
  for (const char* wrong :
       {"", "%", "%z", "%v{nope}", "%V{u33}", "%v{", "\\q", "%R{u32}", "%h{%t}", "%d{hex}"})
    EXPECT_FALSE(Format::compile(wrong, Format::Direction::write)) << wrong;
  for (const char* wrong : {"%T", "%e", "%i", "%v%k", "%k%v", "%v{pretty}", "%d%v"})
    EXPECT_FALSE(Format::compile(wrong, Format::Direction::read)) << wrong;
}

TEST(FormatReads, TextUpToTheNextLiteral) {
  const admin::Record r = read("%k\\t%v\\n", "a\tb\n");
  EXPECT_EQ(r.key, "a");
  EXPECT_EQ(r.value, "b");
}

TEST(FormatReads, ALastRecordWithoutItsLastLiteral) {
  EXPECT_EQ(read("%v\\n", "last").value, "last");
}

TEST(FormatReads, LengthsBeforeTexts) {
  admin::Record r = read("%V{u32be}%v", "\0\0\0\x03xyz"sv);
  EXPECT_EQ(r.value, "xyz");
  EXPECT_EQ(read("%R%v", "\0\0\0\x01q"sv).value, "q");
  r = read("%K %V\\n%k%v", "1 3\nkabc");
  EXPECT_EQ(r.key, "k");
  EXPECT_EQ(r.value, "abc");
  EXPECT_FALSE(read("%V %v\\n", "-1 \n").value) << "-1 is a null";
}

TEST(FormatReads, TopicPartitionOffsetAndTime) {
  const admin::Record r = read("%t %p %o %d{iso} %v\\n", "orders 2 17 2026-11-22T13:04:19.123Z x\n");
  EXPECT_EQ(r.topic, "orders");
  EXPECT_EQ(r.partition, 2);
  EXPECT_EQ(r.timestamp, 1'795'352'659'123);
  EXPECT_EQ(r.value, "x");
  EXPECT_EQ(read("%d{s};%v", "1795352659;x").timestamp, 1'795'352'659'000);
  EXPECT_EQ(read("%d;%v", "12;x").timestamp, 12);
}

TEST(FormatReads, Headers) {
  admin::Record r = read("%h;%v\\n", "a=1,b=2;x\n");
  ASSERT_EQ(r.headers.size(), 2u);
  EXPECT_EQ(r.headers[1], (admin::RecordHeader{"b", "2"}));
  r = read("%H;%h{%k=%v,}%v\\n", "2;a=1,b=2,x\n");
  ASSERT_EQ(r.headers.size(), 2u);
  EXPECT_EQ(r.headers[0], (admin::RecordHeader{"a", "1"}));
  EXPECT_EQ(r.value, "x");
  r = read("%h{%k: %v\\n}\\n%v\\n", "a: 1\nb: 2\n\nx\n");
  ASSERT_EQ(r.headers.size(), 2u);
  EXPECT_EQ(r.value, "x");
}

TEST(FormatReads, EncodingsExpressionsAndFixedLengths) {
  EXPECT_EQ(read("%v{hex}\\n", "4142\n").value, "AB");
  EXPECT_EQ(read("%v{base64}\\n", "QUI=\n").value, "AB");
  EXPECT_EQ(read("%v{json}\\n", "\"a\\nb\"\n").value, "a\nb");
  const admin::Record r = read("%k{re:[0-9]+}%v{3}", "12abc");
  EXPECT_EQ(r.key, "12");
  EXPECT_EQ(r.value, "abc");
}

TEST(FormatReads, WaitsForMoreAndRefusesWhatDoesNotFit) {
  using Outcome = FormatReader::Outcome;
  read("%k\\t%v\\n", "a\tb", Outcome::more, false);
  read("%V{u32be}%v", "\0\0"s, Outcome::more, false);
  read("%V{u32be}%v", "\0\0\0\x09xyz"s, Outcome::more, false);
  read("%p %v\\n", "x y\n", Outcome::broken);
  read("[%v]\\n", "(x)\n", Outcome::broken);
  read("%v{hex}\\n", "4g\n", Outcome::broken);
  read("%k\\t%v\\n", "no tab\n", Outcome::broken);
}

TEST(Format, ReadsBackWhatItWrote) {
  for (const char* format : {"%K{u32be}%k%V{i32be}%v%p{u16le}%d{ms};", "%t %p %d %k{hex} %v{base64}\\n"}) {
    admin::Record r = record();
    r.key = "k\0\n\xff"sv, r.value = "v\xfe\t"sv;
    const std::string text = written(format, r);
    const admin::Record back = read(format, text);
    EXPECT_EQ(back.key, r.key) << format;
    EXPECT_EQ(back.value, r.value);
    EXPECT_EQ(back.partition, r.partition);
    EXPECT_EQ(back.timestamp, r.timestamp);
  }
}

}  // namespace
}  // namespace mq::cli::format_test
