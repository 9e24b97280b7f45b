// SPDX-License-Identifier: Apache-2.0
#include "cli/records/input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <random>

#include "cli/records/record_source.h"

namespace mq::cli::input_test {
namespace {

std::vector<std::string> cut(Splitter& splitter, const std::vector<std::string>& blocks) {
  std::vector<std::string> records;
  Splitter::Record record;
  const auto keep = [&] { records.push_back(record.too_large ? "TOO LARGE" : std::string(record.bytes)); };
  for (const std::string& block : blocks) {
    splitter.feed(block);
    while (splitter.next(record)) keep();
  }
  if (splitter.rest(record)) keep();
  return records;
}

using Texts = std::vector<std::string>;

TEST(Splitter, CutsAtDelimitersAndKeepsALastRecordWithoutOne) {
  Splitter lines("\n");
  EXPECT_EQ(cut(lines, {"a\n\nbc\nd"}), (Texts{"a", "", "bc", "d"}));
  Splitter ended("\n");
  EXPECT_EQ(cut(ended, {"a\n"}), (Texts{"a"}));
}

TEST(Splitter, DoesNotCareWhereBlocksEnd) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 500; i++) {
    const std::string delimiter = Texts{"\n", "ab", "aab", "aaa"}[random() % 4];
    std::string text;
    for (auto n = random() % 60; n > 0; n--) text += "ab\n"[random() % 3];
    Splitter whole(delimiter), parts(delimiter);
    Texts blocks;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t n = 1 + random() % 5;
      blocks.push_back(text.substr(at, n));
      at += n;
    }
    EXPECT_EQ(cut(parts, blocks), cut(whole, {text})) << text << " at " << delimiter;
  }
}

TEST(Splitter, PassesOverARecordThatIsTooLarge) {
  Splitter lines("\n", 4);
  EXPECT_EQ(cut(lines, {"ok\n123", "456", "789012345678\nab\n", "12345\nend"}),
            (Texts{"ok", "TOO LARGE", "ab", "TOO LARGE", "end"}));
}

struct Reading {
  static client::Task<std::string> all(std::shared_ptr<Input> input) {
    std::string text;
    for (;;) {
      const Input::Block block = co_await input->next();
      if (block.bytes.empty()) co_return text;
      text += block.bytes;
    }
  }
};

std::string run(boost::asio::io_context& loop, client::Task<std::string> task) {
  std::optional<std::string> result;
  boost::asio::co_spawn(loop, std::move(task),
                        [&](std::exception_ptr, std::string text) { result = std::move(text); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  loop.restart();
  auto guard = boost::asio::make_work_guard(loop);
  while (!result && loop.run_one_until(deadline) > 0) continue;
  return result.value_or("not done in time");
}

TEST(Input, GivesAPipesBytesAsTheyComeToItsEnd) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  boost::asio::io_context loop;
  auto input = std::make_shared<Input>(loop, pipe_ends[0], 16);
  const std::string text(1000, 'x');
  ASSERT_EQ(::write(pipe_ends[1], text.data(), text.size()), 1000);
  ::close(pipe_ends[1]);
  EXPECT_EQ(run(loop, Reading::all(input)), text);
  EXPECT_EQ(run(loop, Reading::all(input)), "") << "the end stays the end";
  ::close(pipe_ends[0]);
}

TEST(Input, StopsThoughNothingComes) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  boost::asio::io_context loop;
  auto input = std::make_shared<Input>(loop, pipe_ends[0]);
  boost::asio::post(loop, [&] { input->stop(); });
  EXPECT_EQ(run(loop, Reading::all(input)), "");
  input.reset();  // would hang if the thread did not end
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(Input, LeavesTheFlagsOfTheDescriptorAlone) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  boost::asio::io_context loop;
  { Input input(loop, pipe_ends[0]); }
  EXPECT_EQ(::fcntl(pipe_ends[0], F_GETFL) & O_NONBLOCK, 0);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

// ---- what the bytes mean ----

struct Got {
  std::optional<std::string> key, value;
  bool operator==(const Got&) const = default;
};

std::vector<Got> read(std::unique_ptr<RecordSource> source, const Texts& blocks) {
  std::vector<Got> all;
  admin::Record record;
  const auto drain = [&] {
    for (;;) {
      const auto got = source->next(record);
      if (got == RecordSource::Got::more) return;
      if (got == RecordSource::Got::broken) {
        all.push_back({"broken " + std::to_string(source->line()), source->wrong()});
        continue;
      }
      all.push_back({record.key ? std::optional<std::string>(*record.key) : std::nullopt,
                     record.value ? std::optional<std::string>(*record.value) : std::nullopt});
    }
  };
  for (const std::string& block : blocks) {
    source->feed(block, false);
    drain();
  }
  source->feed("", true);
  drain();
  return all;
}

using Records = std::vector<Got>;

TEST(LineSource, SplitsKeysWhereTheSeparatorFirstOccurs) {
  SourceOptions options;
  options.key_separator = ":";
  EXPECT_EQ(read(line_source(options), {"a:1:2\nb", ":\n"}), (Records{{"a", "1:2"}, {"b", ""}}));
  const auto wrong = read(line_source(options), {"x\na:1\n"});
  EXPECT_EQ(wrong[0].key, "broken 1");
  EXPECT_EQ(wrong[1], (Got{"a", "1"}));
  options.key_optional = true;
  EXPECT_EQ(read(line_source(options), {"x\n"}), (Records{{std::nullopt, "x"}}));
}

TEST(LineSource, KnowsTombstonesMarkersBlankLinesAndCarriageReturns) {
  SourceOptions options;
  options.key_separator = ":";
  options.empty_null = true;
  EXPECT_EQ(read(line_source(options), {"b:\n"}), (Records{{"b", std::nullopt}}));
  options = {};
  options.null_marker = "NULL";
  options.skip_empty = true;
  options.crlf = true;
  EXPECT_EQ(read(line_source(options), {"\r\nNULL\r\nx\r\n\n"}),
            (Records{{std::nullopt, std::nullopt}, {std::nullopt, "x"}}));
}

TEST(LineSource, DecodesHexAndBase64) {
  SourceOptions options;
  options.value_encoding = SourceOptions::Encoding::hex;
  const auto all = read(line_source(options), {"4142\n4g\n"});
  EXPECT_EQ(all[0].value, "AB");
  EXPECT_EQ(all[1].key, "broken 2");
}

TEST(RawSource, TakesEverythingAsOneRecordAlsoNothing) {
  EXPECT_EQ(read(raw_source({}), {"a\n", "b\n"}), (Records{{std::nullopt, "a\nb\n"}}));
  EXPECT_EQ(read(raw_source({}), {}), (Records{{std::nullopt, ""}}));
}

TEST(LineSource, TakesAByteOrderMarkAtTheHeadForNoData) {
  EXPECT_EQ(read(line_source({}), {"\xef\xbb",
                                   "\xbf"
                                   "a\n\xef\xbb\xbf"
                                   "b\n"}),
            (Records{{std::nullopt, "a"},
                     {std::nullopt,
                      "\xef\xbb\xbf"
                      "b"}}));
  EXPECT_EQ(read(line_source({}), {"\xef\xbb\xbf\n"}), (Records{{std::nullopt, ""}}));
  EXPECT_EQ(read(line_source({}), {"\xef\xbb\xbf"}), Records{}) << "an empty file";
  EXPECT_EQ(read(raw_source({}), {"\xef\xbb\xbf"
                                  "a"}),
            (Records{{std::nullopt,
                      "\xef\xbb\xbf"
                      "a"}}));
}

TEST(JsonSource, ReadsEnvelopesAndSaysInWhichLineItCannot) {
  const auto all =
      read(json_source({}), {"\xef\xbb\xbf{\"key\":\"k\",\"val", "ue\":null}\r\n\n{oops\n{\"value\":\"v\"}"});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], (Got{"k", std::nullopt}));
  EXPECT_EQ(all[1].key, "broken 3");
  EXPECT_EQ(all[2], (Got{std::nullopt, "v"}));
}

TEST(JsonSource, ReadsObjectsThatLieOnSeveralLines) {
  const auto all = read(json_source({}), {"{\n  \"value\": {\n    \"a\": 1\n  }\n}\n{\n  \"valu\": 1\n}\n",
                                          "{\"value\":\"v\"}\n{\n  \"value\""});
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0], (Got{std::nullopt, "{\"a\":1}"}));
  EXPECT_EQ(all[1].key, "broken 6");
  EXPECT_EQ(all[2], (Got{std::nullopt, "v"}));
  EXPECT_EQ(all[3].key, "broken 10");
}

TEST(CsvSource, TakesColumnsByTheirNamesAndQuotesAsRfc4180) {
  const Texts whole{"value,key\r\n\"a,\"\"b\nc\",k\r\nplain,\n\n\"\",\"\"\r\n"};
  const Records wanted{{"k", "a,\"b\nc"}, {"", "plain"}, {"", ""}};
  EXPECT_EQ(read(csv_source({}), whole), wanted);
  Texts bytes;
  for (const char c : "\xef\xbb\xbf" + whole[0]) bytes.emplace_back(1, c);
  EXPECT_EQ(read(csv_source({}), bytes), wanted) << "a byte order mark, and blocks that end anywhere";
  EXPECT_EQ(read(csv_source({}), {"value,key\nonly\n"})[0].key, "broken 2");
}

TEST(CsvSource, UnderstandsAllColumnsOrNoRow) {
  for (const char* columns : {"nope", "key", "Value,key", "value,value", " value"}) {
    const auto all = read(csv_source({}), {std::string(columns) + "\nx,y\n"});
    ASSERT_EQ(all.size(), 2u) << columns;
    EXPECT_EQ(all[0].key, "broken 1") << columns;
    EXPECT_EQ(all[1].key, "broken 2") << columns;
  }
  EXPECT_EQ(read(csv_source({}), {"value,timestamp\nx,1969-12-31\n"})[0].key, "broken 2");
}

TEST(CsvSource, LosesNoQuoteAndNamesTheLineOfAWrongOne) {
  const auto all = read(csv_source({}), {"value\n\"a\nb\"\n5\" pipe\n\"x\" y\nz\n\"open\nend"});
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[0].value, "a\nb");
  EXPECT_EQ(all[1].key, "broken 4");
  EXPECT_EQ(all[2].key, "broken 5");
  EXPECT_EQ(all[3].value, "z");
  EXPECT_EQ(all[4].key, "broken 7");
}

TEST(CsvSource, PassesOverARowThatIsTooLarge) {
  SourceOptions options;
  options.record_bytes_max = 1000;
  const std::string commas(1000, ','), text(2000, 'x');
  const auto all = read(csv_source(options), {"key,value\n" + commas + "\na," + text + "\nb,c\n"});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], (Got{"broken 2", "the row is too large"}));
  EXPECT_EQ(all[1], (Got{"broken 3", "the row is too large"}));
  EXPECT_EQ(all[2], (Got{"b", "c"}));
}

TEST(FormatSource, TakesATimeBefore1970ForAMistakeAndNotForNone) {
  auto format = std::make_shared<const Format>(*Format::compile("%d %v\n", Format::Direction::read));
  const auto all = read(format_source({}, format), {"-5000 a\n-1 b\n1969-12-31 c\n"});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].key, "broken 1");
  EXPECT_EQ(all[1].value, "b");
  EXPECT_EQ(all[2].key, "broken 3");
}

TEST(FormatSource, ReadsRecordsThatLieInSeveralBlocks) {
  auto format = std::make_shared<const Format>(*Format::compile("%k=%v;", Format::Direction::read));
  EXPECT_EQ(read(format_source({}, format), {"a=1;b", "=2", ";c=3"}),
            (Records{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST(FormatSource, LeavesOutAnyNumberOfBlankLines) {
  auto format = std::make_shared<const Format>(*Format::compile("%v\n", Format::Direction::read));
  SourceOptions options;
  options.skip_empty = true;
  EXPECT_EQ(read(format_source(options, format), {std::string(1'000'000, '\n') + "a\n"}),
            (Records{{std::nullopt, "a"}}));
}

}  // namespace
}  // namespace mq::cli::input_test
