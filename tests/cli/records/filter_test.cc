// SPDX-License-Identifier: Apache-2.0
// consume and tail show the records that match, and count and say what they have read for it.
#include <gmock/gmock.h>

#include "tests/cli/support/group_command.h"
#include "tests/cli/support/stuck.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;

class Filters : public GroupCommand {
 protected:
  // Of each: key, value, headers; a line of JSON as `consume -o json` writes it.
  void fill_orders() {
    ASSERT_EQ(
        run({"produce", "t", "--create=1", "--input", "json"},
            R"({"key":"eu-1","value":"{\"id\":9007199254740993,\"total\":5}","headers":[{"key":"trace","value":"ab"}]}
{"key":"us-2","value":"{\"id\":9007199254740992,\"total\":50}"}
{"key":"eu-3","value":"ERROR no JSON"}
{"key":"eu-4","value":null}
{"key":"us-5","value":"{\"id\":1,\"total\":500.5}","headers":[{"key":"trace","value":"cd"}]}
)"),
        Exit::ok)
        << err();
  }
  std::string keys_of(std::vector<std::string> flags) {
    std::vector<std::string> words{"consume", "t", "-e", "-f", "%k "};
    words.insert(words.end(), flags.begin(), flags.end());
    EXPECT_EQ(run(words), Exit::ok) << err();
    return out();
  }
};

TEST_F(Filters, EachFlagChoosesRecords) {
  fill_orders();
  EXPECT_EQ(keys_of({"--grep", "ERR|500"}), "eu-3 us-5 ");
  EXPECT_EQ(keys_of({"--key", "eu-*"}), "eu-1 eu-3 eu-4 ");
  EXPECT_EQ(keys_of({"--header", "trace"}), "eu-1 us-5 ");
  EXPECT_EQ(keys_of({"--header", "trace=c*"}), "us-5 ");
  EXPECT_EQ(keys_of({"--where", ".total > 10"}), "us-2 us-5 ");
  EXPECT_EQ(keys_of({"--where", ".id == 9007199254740993"}), "eu-1 ") << "every digit counts";
  EXPECT_EQ(keys_of({"--where", "value == null || headers.trace == 'ab'"}), "eu-1 eu-4 ");
}

TEST_F(Filters, AllOfThemHoldOrNotAllWithInvert) {
  fill_orders();
  EXPECT_EQ(keys_of({"--key", "eu-*", "--where", ".total"}), "eu-1 ");
  EXPECT_EQ(keys_of({"--where", ".total", "--where", ".total > 10"}), "us-2 us-5 ");
  EXPECT_EQ(keys_of({"--key", "eu-*", "--where", ".total", "--invert"}), "us-2 eu-3 eu-4 us-5 ");
}

TEST_F(Filters, CountIsOfThoseThatMatchAndLastOfThoseThatAreRead) {
  fill_orders();
  EXPECT_EQ(keys_of({"--key", "eu-*", "-n", "2"}), "eu-1 eu-3 ");
  EXPECT_EQ(run({"consume", "t", "--last", "2", "-f", "%k ", "--key", "eu-*"}), Exit::ok) << err();
  EXPECT_EQ(out(), "eu-4 ") << "older ones are not searched for";
  EXPECT_EQ(keys_of({"--key", "us-*", "--ordered", "-f", "%i:%k "}), "1:us-2 2:us-5 ");
  EXPECT_EQ(keys_of({"--key", "us-*", "-f", "%i:%k "}), "1:us-2 2:us-5 ");
  EXPECT_EQ(run({"consume", "t", "--last", "4", "--follow", "-n", "2", "-f", "%k ", "--key", "us-*"}),
            Exit::ok);
  EXPECT_EQ(out(), "us-2 us-5 ");
}

TEST_F(Filters, TheSummarySaysHowManyWereScanned) {
  fill_orders();
  ASSERT_EQ(run({"consume", "t", "-e", "-v", "--key", "eu-*"}), Exit::ok);
  EXPECT_THAT(err(), testing::ContainsRegex("scanned 5 records \\([0-9]+ B\\), matched 3, in [0-9.]+ s\n"));
  ASSERT_EQ(run({"consume", "t", "--last", "2", "-v", "--ordered", "--key", "eu-*"}), Exit::ok);
  EXPECT_THAT(err(), HasSubstr("matched 1, in"));
  ASSERT_EQ(run({"consume", "t", "-e", "--key", "eu-*"}), Exit::ok);
  EXPECT_EQ(err(), "");
  ASSERT_EQ(run({"consume", "t", "-e", "-v"}), Exit::ok);
  EXPECT_THAT(err(), HasSubstr("5 records, "));
}

TEST_F(Filters, WhatDoesNotMatchCountsAsReadInAGroup) {
  fill_orders();
  for (const char* commit : {"written", "each"}) {
    const std::string group = std::string("g-") + commit;
    ASSERT_EQ(run({"consume", "t", "-g", group, "-e", "-f", "%k ", "--key", "us-2", "--commit", commit}),
              Exit::ok)
        << err();
    EXPECT_EQ(out(), "us-2 ");
    ASSERT_EQ(run({"consume", "t", "-g", group, "-e", "-f", "%k "}), Exit::ok) << err();
    EXPECT_EQ(out(), "") << commit;
  }
}

TEST_F(Filters, NothingThatMatchesIsNoFailure) {
  fill_orders();
  EXPECT_EQ(keys_of({"--grep", "nothing of that"}), "");
}

TEST_F(Filters, TailShowsThoseThatMatchAndGoesOn) {
  fill_orders();
  Stuck tail({"tail", "t", "-f", "%k\n", "--where", "key =~ '^us-[0-9]$'", "-n", "1", "-b", address()});
  const std::string first = tail.take();
  EXPECT_EQ(first, "us-5\n");
  ASSERT_EQ(run({"produce", "t", "--input", "json"},
                "{\"key\":\"eu-6\",\"value\":\"\"}\n{\"key\":\"us-7\",\"value\":\"\"}\n"),
            Exit::ok)
      << err();
  EXPECT_EQ(tail.take(), "us-7\n");
  tail.close();
}

TEST_F(Filters, AMistakeIsToldBeforeAnythingIsAsked) {
  const auto says = [&](std::vector<std::string> flags) {
    std::vector<std::string> words{"consume", "t", "-e", "-b", "127.0.0.1:1"};
    words.insert(words.end(), flags.begin(), flags.end());
    streams_ = std::make_unique<Streams>();
    EXPECT_EQ(cli::run(streams_->context, words), Exit::usage);
    return err();
  };
  EXPECT_EQ(says({"--where", ".id = 42"}),
            "mq: error: --where: character 5, at \"= 42\": equal is written ==\nmq: hint: mq help filters\n");
  EXPECT_THAT(says({"--where", "keys == 'a'"}), HasSubstr("did you mean \"key\"?"));
  EXPECT_THAT(says({"--grep", "a("}), HasSubstr("--grep: the regular expression is not valid"));
  EXPECT_THAT(says({"--header", "=x"}), HasSubstr("--header: a name is missing"));
  EXPECT_THAT(says({"--invert"}), HasSubstr("--invert: there is nothing to invert"));
}

}  // namespace
}  // namespace mq::cli
