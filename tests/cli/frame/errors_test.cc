// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/errors.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/cli/support/streams.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;

TEST(Errors, EveryKafkaCodeHasItsExitClass) {
  const std::map<Exit, std::set<int>> expected{
      {Exit::not_found, {3, 57, 62, 69, 85, 91, 100, 102, 105}},
      {Exit::denied, {29, 30, 31, 33, 34, 53, 58, 63, 64, 65, 66}},
      {Exit::unreachable, {8, 13}},
      {Exit::timeout, {7}},
      {Exit::conflict, {27, 36, 51, 60, 68, 82, 86, 101, 111}},
      {Exit::usage, {17, 24, 26, 37, 38, 39, 40, 92, 93}},
  };
  for (int code = -1; code <= 200; code++) {
    Exit wanted = code == 0 ? Exit::ok : Exit::failed;
    for (const auto& [exit, codes] : expected)
      if (codes.contains(code)) wanted = exit;
    EXPECT_EQ(exit_of_kafka(code), wanted) << code;
  }
}

TEST(Errors, CodesInTheTableAreKafkasAndStandOnce) {
  std::set<int> seen;
  for (const KafkaClass& row : kafka_classes()) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    EXPECT_NE(client::refused(static_cast<std::int16_t>(row.code)).name(), "UNKNOWN_SERVER_ERROR")
        << row.code;
  }
}

TEST(Errors, ExitCodesAreDistinctAndNamed) {
  std::set<Exit> exits;
  std::set<std::string_view> names;
  for (const ExitClass& row : exit_classes()) {
    EXPECT_TRUE(exits.insert(row.exit).second);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_EQ(name_of(row.exit), row.name);
  }
}

TEST(Errors, AnUnknownTopicIsSaidInOneSentenceWithKafkasNameAndTheBroker) {
  const client::Broker broker{2, "mq2", 9092, ""};
  const Failure failure = failure_from(client::refused(std::int16_t{3}, broker, "ordres"));
  EXPECT_EQ(failure.exit, Exit::not_found);
  Streams streams;
  EXPECT_EQ(report(streams.context, failure), Exit::not_found);
  EXPECT_EQ(
      streams.err(),
      "mq: error: topic \"ordres\" does not exist (UNKNOWN_TOPIC_OR_PARTITION, broker 2 at mq2:9092)\n");
}

TEST(Errors, ARefusalWithoutWordsIsSaidInKafkasMeaningOfTheCode) {
  const Failure failure = failure_from(client::refused(std::int16_t{44}, {}, "t"));
  EXPECT_EQ(failure.message, "topic \"t\": a policy of the cluster forbids this");
  EXPECT_EQ(failure.kafka, "POLICY_VIOLATION");
}

TEST(Errors, TheHintHasALineOfItsOwn) {
  Streams streams;
  report(streams.context, {.exit = Exit::usage, .message = "no", .hint = "yes"});
  EXPECT_EQ(streams.err(), "mq: error: no\nmq: hint: yes\n");
}

TEST(Errors, ProgramsGetOneObject) {
  Streams streams;
  streams.context.output = "json";
  report(streams.context,
         {.exit = Exit::not_found, .message = "m", .kafka = "K", .target = "t", .broker = "b", .hint = "h"});
  EXPECT_EQ(streams.err(),
            "{\"error\":{\"code\":\"NOT_FOUND\",\"exit\":3,\"kafka\":\"K\",\"message\":\"m\",\"target\":"
            "\"t\",\"broker\":\"b\","
            "\"retriable\":false,\"hint\":\"h\"}}\n");
}

TEST(Errors, WhenNothingCouldBeReachedEachAddressIsNamed) {
  client::Failure failure;
  failure.what = client::Failure::What::unreachable;
  failure.attempts = {{"127.0.0.1:1", "connection refused"}, {"[::1]:1", "timed out after 3 s"}};
  const Failure told = failure_from(failure);
  EXPECT_EQ(told.exit, Exit::unreachable);
  EXPECT_EQ(told.message, "no broker could be reached");
  EXPECT_THAT(told.details,
              testing::ElementsAre("127.0.0.1:1: connection refused", "[::1]:1: timed out after 3 s"));
  failure.attempts.back().outcome = client::Attempt::Outcome::silent;
  EXPECT_EQ(failure_from(failure).exit, Exit::timeout) << "somebody was there";
}

TEST(Errors, TheHintIsChosenByWhatWasMet) {
  using Outcome = client::Attempt::Outcome;
  client::Failure failure;
  failure.what = client::Failure::What::unreachable;
  const std::pair<Outcome, const char*> met[] = {
      {Outcome::unreachable, "firewall"}, {Outcome::unknown_host, "name"}, {Outcome::refused, "mq serve"},
      {Outcome::silent, "--timeout"},     {Outcome::closed, "TLS"},        {Outcome::tls, "TLS"},
      {Outcome::not_kafka, "port"}};
  for (const auto& [outcome, word] : met) {
    failure.attempts = {{"a:1", "why", outcome}, {"b:1", "why", Outcome::unreachable}};
    const Failure told = failure_from(failure);
    EXPECT_THAT(told.hint, HasSubstr(word));
    EXPECT_EQ(told.hint.find("is one running?") != told.hint.npos, outcome == Outcome::refused) << told.hint;
  }
}

}  // namespace
}  // namespace mq::cli
