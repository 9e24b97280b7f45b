// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/plan.h"

#include <gmock/gmock.h>

#include "cli/frame/parse.h"
#include "tests/cli/support/streams.h"

namespace mq::cli::plan_test {
namespace {

using testing::HasSubstr;

const Command sample{.name = "sample", .summary = "For tests.", .uses = connects | rows | changes};

Arguments given(const std::vector<std::string>& words) {
  return parse(sample, words, [](std::string_view) { return std::nullopt; });
}

Plan plan(Risk risk) {
  Plan made{.risk = risk, .table = {.columns = {{"topic", "TOPIC"}}, .name = "topic"}};
  made.rows = {{{"topic", "a"}}, {{"topic", "b"}}};
  made.summary = "2 topics";
  made.word = "2";
  made.word_is = "the number of topics";
  return made;
}

std::optional<Exit> asked(Streams& streams, Risk risk, const std::vector<std::string>& words, bool terminal) {
  streams.context.in_tty = streams.context.err_tty = terminal;
  return go_ahead(streams.context, given(words), plan(risk));
}

TEST(Plan, APlainChangeIsNotAskedAbout) {
  Streams streams;
  EXPECT_EQ(asked(streams, Risk::plain, {}, false), std::nullopt);
  EXPECT_EQ(streams.err(), "");
}

TEST(Plan, WithoutATerminalAGuardedChangeNeedsYes) {
  Streams streams;
  EXPECT_EQ(asked(streams, Risk::guarded, {}, false), Exit::refused);
  EXPECT_THAT(streams.err(), HasSubstr("-y"));
  EXPECT_EQ(asked(streams, Risk::guarded, {"-y"}, false), std::nullopt);
}

TEST(Plan, OnATerminalThePlanIsShownAndTheAnswerCounts) {
  for (const auto& [answer, end] : std::map<std::string, std::optional<Exit>>{{"y\n", std::nullopt},
                                                                              {"yes\n", std::nullopt},
                                                                              {"n\n", Exit::refused},
                                                                              {"\n", Exit::refused},
                                                                              {"", Exit::refused}}) {
    Streams streams(answer);
    EXPECT_EQ(asked(streams, Risk::guarded, {}, true), end) << answer;
    EXPECT_THAT(streams.err(), HasSubstr("TOPIC\na\nb\n2 topics\nProceed? [y/N] "));
    EXPECT_EQ(streams.out(), "");
  }
}

TEST(Plan, NoInputMeansNoQuestion) {
  Streams streams("y\n");
  streams.context.no_input = true;
  EXPECT_EQ(asked(streams, Risk::guarded, {}, true), Exit::refused);
}

TEST(Plan, ASevereChangeWantsTheWordAndYesIsNotEnough) {
  Streams streams;
  EXPECT_EQ(asked(streams, Risk::severe, {"-y"}, false), Exit::refused);
  EXPECT_THAT(streams.err(), HasSubstr("--confirm 2"));
  EXPECT_EQ(asked(streams, Risk::severe, {"--confirm", "3"}, false), Exit::refused);
  EXPECT_EQ(asked(streams, Risk::severe, {"--confirm", "2"}, false), std::nullopt);
  Streams right("2\n"), wrong("y\n");
  EXPECT_EQ(asked(right, Risk::severe, {}, true), std::nullopt);
  EXPECT_EQ(asked(wrong, Risk::severe, {}, true), Exit::refused);
}

TEST(Plan, ADryRunPrintsThePlanAndEndsWell) {
  for (const Risk risk : {Risk::plain, Risk::guarded, Risk::severe}) {
    Streams streams;
    streams.context.output = "json";
    EXPECT_EQ(asked(streams, risk, {"--dry-run"}, false), Exit::ok);
    EXPECT_EQ(streams.out(),
              "[{\"topic\":\"a\",\"status\":\"would\"},{\"topic\":\"b\",\"status\":\"would\"}]\n");
  }
}

}  // namespace
}  // namespace mq::cli::plan_test
