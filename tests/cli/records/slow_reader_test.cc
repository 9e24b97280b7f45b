// SPDX-License-Identifier: Apache-2.0
// A pipe whose reader is slow or stands still holds up what is written into it, and nothing else.
#include <gmock/gmock.h>

#include <map>

#include "net/kafka/messages/every.h"
#include "tests/cli/support/group_command.h"
#include "tests/cli/support/stuck.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t line_bytes = 16;

// Lines of 16 bytes, all different.
std::string lines(int from, int count) {
  std::string all;
  char line[32];
  for (int i = from; i < from + count; i++) {
    std::snprintf(line, sizeof line, "record %08d\n", i);
    all += line;
  }
  return all;
}

std::map<std::string, int> counted_lines(const std::string& text) {
  std::map<std::string, int> seen;
  for (std::size_t at = 0; at < text.size(); at += line_bytes) seen[text.substr(at, line_bytes)]++;
  return seen;
}

class SlowReader : public GroupCommand {
 protected:
  // Half of them in each partition.
  void fill_both(const std::string& topic, int count) {
    fill(topic, "", "2");
    ASSERT_EQ(run({"produce", topic, "-p", "0"}, lines(0, count / 2)), Exit::ok) << err();
    ASSERT_EQ(run({"produce", topic, "-p", "1"}, lines(count / 2, count - count / 2)), Exit::ok) << err();
  }
  std::int64_t committed(const std::string& group, const std::string& topic, int partitions) {
    kafka::OffsetFetchRequest request;
    request.group_id = group;
    auto& asked = request.topics.emplace().emplace_back();
    asked.name = topic;
    for (int i = 0; i < partitions; i++) asked.partition_indexes.push_back(i);
    const auto answer = broker_.connect().call<kafka::OffsetFetchResponse>(request, 7);
    std::int64_t sum = 0;
    for (const auto& partition : answer.topics.at(0).partitions)
      sum += std::max<std::int64_t>(0, partition.committed_offset);
    return sum;
  }
  bool comes_to(std::int64_t expected, const std::function<std::int64_t()>& value) {
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    while (Clock::now() < deadline)
      if (value() == expected) return true;
    return false;
  }
};

TEST_F(SlowReader, WhatThePipeHasTakenIsCommittedWhileTheRestWaits) {
  fill("t", lines(0, 100'000));
  for (const std::string when : {"written", "each"}) {
    Stuck reader({"consume", "t", "-g", when, "--commit", when, "-n", "1000", "-b", address()});
    ASSERT_TRUE(reader.waits());
    EXPECT_TRUE(comes_to(4096 / line_bytes, [&] { return committed(when, "t", 1); })) << when;
    EXPECT_EQ(reader.go_on(), lines(0, 1000));
    EXPECT_EQ(committed(when, "t", 1), 1000) << when;
  }
}

TEST_F(SlowReader, APartitionThatIsTakenAwayGoesAtOnceAndNothingOfItComesTwice) {
  constexpr int count = 200'000;
  for (const std::string protocol : {"classic", "consumer"}) {
    const std::string topic = "t-" + protocol;
    fill_both(topic, count);
    const std::vector<std::string> words{"consume",    topic,    "-g", "g-" + protocol,
                                         "--protocol", protocol, "-b", address()};
    auto first_words = words, second_words = words;
    first_words.push_back("-e");
    second_words.insert(second_words.end(), {"-n", "1000", "--max-time", "30s"});
    Stuck first(first_words);
    ASSERT_TRUE(first.waits());
    EXPECT_EQ(run(second_words), Exit::ok) << err();
    const std::string second = out();
    EXPECT_EQ(second.size(), 1000 * line_bytes) << "the first one has not handed its partition back";
    const std::string of_first = first.go_on();
    EXPECT_EQ(first.exit(), Exit::ok) << first.err();
    EXPECT_EQ(run({"consume", topic, "-g", "g-" + protocol, "--protocol", protocol, "-e"}), Exit::ok)
        << err();
    const auto seen = counted_lines(second + of_first + out());
    EXPECT_EQ(seen.size(), count);
    EXPECT_TRUE(std::ranges::all_of(seen, [](const auto& one) { return one.second == 1; }))
        << "read by both, " << protocol;
  }
}

TEST_F(SlowReader, GetsAllOfItInTheEnd) {
  fill("t", lines(0, 300'000));
  Stuck reader({"consume", "t", "-e", "-b", address()});
  ASSERT_TRUE(reader.waits());
  EXPECT_EQ(reader.go_on(), lines(0, 300'000));
  EXPECT_EQ(reader.exit(), Exit::ok) << reader.err();
}

TEST_F(SlowReader, TransactionsEndWhenTheyAreDueThoughNobodyTakesTheCopy) {
  fill("t", "");
  Stuck writer({"produce", "t", "--tee", "--txn", "--txn-every", "50ms", "-b", address()}, lines(0, 200'000));
  ASSERT_TRUE(writer.waits());
  const auto readable = [&] {
    EXPECT_EQ(run({"consume", "t", "-n", "1", "--idle", "50ms"}), Exit::ok) << err();
    return static_cast<std::int64_t>(out().size());
  };
  EXPECT_TRUE(comes_to(line_bytes, readable));
  EXPECT_EQ(writer.go_on(), lines(0, 200'000));
  EXPECT_EQ(writer.exit(), Exit::ok) << writer.err();
}

}  // namespace
}  // namespace mq::cli
