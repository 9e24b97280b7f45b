// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/print.h"

#include <gmock/gmock.h>

#include "tests/cli/support/streams.h"

namespace mq::cli::print_test {
namespace {

using testing::HasSubstr;

const Table table{.columns = {{"topic", "TOPIC"},
                              {"records", "RECORDS", Unit::count},
                              {"size_bytes", "SIZE", Unit::bytes},
                              {"replicas", "REPLICAS", Unit::plain, true},
                              {"note", "NOTE"}},
                  .name = "topic"};

std::vector<json::object> sample() {
  return {{{"topic", "orders"},
           {"records", 1204311},
           {"size_bytes", 870318080},
           {"replicas", {1, 2}},
           {"note", "a,\"b\""}},
          {{"topic", "audit"},
           {"records", 0},
           {"size_bytes", 0},
           {"replicas", json::array{}},
           {"note", nullptr}}};
}

std::string shown(const std::string& format, Layout layout = {}, Shape shape = Shape::list) {
  layout.format = format;
  return render(table, sample(), layout, shape, Context{});
}

TEST(Print, ATableIsAlignedWithNumbersToTheRight) {
  EXPECT_EQ(shown("table"),
            "TOPIC   RECORDS     SIZE  NOTE\n"
            "orders    1.2 M  830 MiB  a,\"b\"\n"
            "audit         0      0 B  –\n");
}

TEST(Print, WideHasMoreColumnsAndExactNumbers) {
  Layout layout;
  layout.exact = true;
  EXPECT_EQ(shown("wide", layout),
            "TOPIC   RECORDS       SIZE  REPLICAS  NOTE\n"
            "orders  1204311  870318080  1,2       a,\"b\"\n"
            "audit         0          0            –\n");
}

TEST(Print, JsonIsOneDocumentAndKeepsNullAndOrder) {
  EXPECT_EQ(shown("json"),
            "[{\"topic\":\"orders\",\"records\":1204311,\"size_bytes\":870318080,\"replicas\":[1,2],\"note\":"
            "\"a,\\\"b\\\"\"},"
            "{\"topic\":\"audit\",\"records\":0,\"size_bytes\":0,\"replicas\":[],\"note\":null}]\n");
}

TEST(Print, ASingleRowIsAnObjectWhereTheCommandSaysSo) {
  Layout layout;
  layout.format = "json";
  layout.limit = 1;
  layout.fields = {"topic"};
  EXPECT_EQ(render(table, sample(), layout, Shape::single, Context{}), "{\"topic\":\"orders\"}\n");
  EXPECT_EQ(render(table, sample(), layout, Shape::list, Context{}), "[{\"topic\":\"orders\"}]\n");
}

TEST(Print, NothingIsAnEmptyList) {
  Layout layout;
  layout.format = "json";
  EXPECT_EQ(render(table, {}, layout, Shape::list, Context{}), "[]\n");
  layout.format = "jsonl";
  EXPECT_EQ(render(table, {}, layout, Shape::list, Context{}), "");
}

TEST(Print, JsonIsIndentedForATerminal) {
  Layout layout;
  layout.indent = true;
  layout.fields = {"topic", "replicas"};
  layout.limit = 1;
  EXPECT_EQ(shown("json", layout),
            "[\n  {\n    \"topic\": \"orders\",\n    \"replicas\": [\n      1,\n      2\n    ]\n  }\n]\n");
}

TEST(Print, JsonLinesAreOneObjectEach) {
  Layout layout;
  layout.fields = {"topic"};
  EXPECT_EQ(shown("jsonl", layout), "{\"topic\":\"orders\"}\n{\"topic\":\"audit\"}\n");
}

TEST(Print, YamlHoldsTheSameData) {
  EXPECT_EQ(shown("yaml"),
            "- topic: orders\n  records: 1204311\n  size_bytes: 870318080\n  replicas:\n    - 1\n    - 2\n  "
            "note: \"a,\\\"b\\\"\"\n"
            "- topic: audit\n  records: 0\n  size_bytes: 0\n  replicas: []\n  note: null\n");
}

TEST(Print, YamlQuotesWhatWouldBeReadAsSomethingElse) {
  for (const std::string text :
       {"true", "No", "null", "12", "1e3", "", "a: b", "- a", "#x", "2026-01-01", "~"})
    EXPECT_EQ(to_yaml(json::object{{"v", text}}), "v: " + json::serialize(json::string(text)) + "\n") << text;
  EXPECT_EQ(to_yaml(json::object{{"v", "orders.v1"}}), "v: orders.v1\n");
}

TEST(Print, CsvQuotesAndTsvEscapes) {
  Layout layout;
  layout.fields = {"topic", "note"};
  EXPECT_EQ(shown("csv", layout), "topic,note\norders,\"a,\"\"b\"\"\"\naudit,\n");
  const std::vector<json::object> rows{{{"topic", "a\tb\nc\\d"}}};
  layout.fields = {"topic"};
  layout.format = "tsv";
  EXPECT_EQ(render(table, rows, layout, Shape::list, Context{}), "topic\na\\tb\\nc\\\\d\n");
}

TEST(Print, NameIsOneIdentifierALine) {
  EXPECT_EQ(shown("name"), "orders\naudit\n");
}

TEST(Print, EveryFormatHasTheSameNumberOfRows) {
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  Layout layout;
  layout.headers = false;
  layout.fields = {"topic"};
  for (const char* format : {"table", "wide", "jsonl", "yaml", "csv", "tsv", "name"})
    EXPECT_EQ(lines(shown(format, layout)), 2) << format;
}

TEST(Print, RowsAreSortedByNumberOrTextAndLimited) {
  Layout layout;
  layout.sort = "size_bytes";
  EXPECT_EQ(shown("name", layout), "audit\norders\n");
  layout.sort = "-size_bytes";
  layout.limit = 1;
  EXPECT_EQ(shown("name", layout), "orders\n");
  layout.sort = "topic";
  EXPECT_EQ(shown("name", layout), "audit\n");
}

TEST(Print, AnUnknownFieldIsAnsweredWithTheNearestOne) {
  Layout layout;
  layout.sort = "recrds";
  try {
    shown("table", layout);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.hint, HasSubstr("did you mean \"records\"?"));
  }
}

TEST(Print, LinesAreCutOnlyForATerminal) {
  Layout layout;
  layout.fields = {"note"};
  const std::vector<json::object> rows{{{"note", std::string(100, 'x')}}};
  layout.format = "table";
  EXPECT_THAT(render(table, rows, layout, Shape::list, Context{}), HasSubstr(std::string(100, 'x')));
  layout.width = 10;
  EXPECT_EQ(render(table, rows, layout, Shape::list, Context{}), "NOTE\nxxxxxxxxx…\n");
}

TEST(Print, ControlCharactersCannotDriveATerminal) {
  const std::vector<json::object> rows{{{"topic", "a\033[2J"}}};
  Layout layout;
  layout.fields = {"topic"};
  layout.headers = false;
  EXPECT_EQ(render(table, rows, layout, Shape::list, Context{}), "a\\x1b[2J\n");
}

TEST(Print, WhatIsCountedAgreesWithItsNumber) {
  EXPECT_EQ(counted(0, "record"), "0 records");
  EXPECT_EQ(counted(1, "record"), "1 record");
  EXPECT_EQ(counted(2, "batch"), "2 batches");
  EXPECT_EQ(counted(1, "batch"), "1 batch");
  EXPECT_EQ(counted(1'200'000, "record"), "1200000 records");
  EXPECT_EQ(counted(1'200'000, "record", false), "1.2 M records");
}

TEST(Print, TimesHaveOneFormForPeople) {
  EXPECT_EQ(human_ms(250), "250 ms");
  EXPECT_EQ(human_ms(4123), "4.1 s");
  EXPECT_EQ(human_ms(59'999), "59.9 s");
  EXPECT_EQ(human_ms(677'174), "11 m 17 s");
  EXPECT_EQ(human_ms(7'440'000), "2 h 4 m");
  EXPECT_EQ(human_ms(200'000'000), "2 d 7 h");
  const Table lag{.columns = {{"time_lag_ms", "TIME LAG", Unit::milliseconds}}, .name = "time_lag_ms"};
  Layout layout;
  layout.headers = false;
  EXPECT_EQ(render(lag, {{{"time_lag_ms", 677'174}}}, layout, Shape::list, Context{}), "11 m 17 s\n");
}

TEST(Print, CountsAreShortenedFromAMillionUp) {
  EXPECT_EQ(human_count(999'999, false), "999999");
  EXPECT_EQ(human_count(1'000'000, false), "1.0 M");
  EXPECT_EQ(human_count(12'300'000'000, false), "12.3 G");
  EXPECT_EQ(human_count(12'300'000'000, true), "12300000000");
}

}  // namespace
}  // namespace mq::cli::print_test
