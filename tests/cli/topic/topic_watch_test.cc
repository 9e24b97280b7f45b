// SPDX-License-Identifier: Apache-2.0
// What is added to the topics that are read is read, too.
#include <gmock/gmock.h>

#include <functional>

#include "tests/cli/support/group_command.h"
#include "tests/cli/support/stuck.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;

class AddedPartitions : public GroupCommand {
 protected:
  // The words, what makes them see it soon, and what ends them whatever happens.
  std::vector<std::string> soon(std::vector<std::string> words) {
    words.insert(words.end(), {"--refresh", "50ms", "-o", "value", "-b", address()});
    return words;
  }
  void add_partition(const std::string& topic) {
    ASSERT_EQ(run({"topic", "alter", topic, "-p", "2", "-y"}), Exit::ok) << err();
    ASSERT_EQ(run({"produce", topic, "-p", "1", "-m", "new"}), Exit::ok) << err();
  }
};

TEST_F(AddedPartitions, AreReadFromTheirBeginning) {
  const std::vector<std::vector<std::string>> readers = {
      {"consume", "-n", "2", "--max-time", "20s"},
      {"consume", "-n", "2", "--max-time", "20s", "--from", "-1"},
      {"consume", "-n", "2", "--max-time", "20s", "-g", "classic"},
      {"consume", "-n", "2", "--max-time", "20s", "-g", "consumer", "--protocol", "consumer"}};
  for (std::size_t i = 0; i < readers.size(); i++) {
    const std::string topic = "t" + std::to_string(i);
    fill(topic, "old\n");
    auto words = soon(readers[i]);
    words.push_back(topic);
    Stuck reader(words);
    EXPECT_EQ(reader.take(), "old\n") << i;
    add_partition(topic);
    EXPECT_EQ(reader.go_on(), "new\n") << i << reader.err();
    EXPECT_EQ(reader.exit(), Exit::ok) << reader.err();
  }
}

TEST_F(AddedPartitions, AreReadByTail) {
  fill("t", "old\n");
  auto words = soon({"tail", "t", "-n", "1"});
  Stuck reader(words);
  EXPECT_EQ(reader.take(), "old\n");
  add_partition("t");
  EXPECT_EQ(reader.take(), "new\n");
  reader.close();
}

TEST_F(AddedPartitions, OnlyThoseThatAreMeant) {
  fill("t", "old\n");
  Stuck reader(soon({"consume", "t:0", "-n", "2", "--max-time", "20s"}));
  EXPECT_EQ(reader.take(), "old\n");
  add_partition("t");
  ASSERT_EQ(run({"produce", "t", "-p", "0", "-m", "old"}), Exit::ok) << err();
  EXPECT_EQ(reader.go_on(), "old\n");
}

TEST_F(AddedPartitions, TopicsThatAPatternMatchesLaterAreReadFromTheirBeginning) {
  const std::vector<std::vector<std::string>> readers = {
      {"consume", "--max-time", "20s", "-n", "2"},
      {"consume", "--max-time", "20s", "-n", "2", "-g", "classic"},
      {"consume", "--max-time", "20s", "-n", "2", "-g", "consumer", "--protocol", "consumer"}};
  for (std::size_t i = 0; i < readers.size(); i++) {
    const std::string prefix = "p" + std::to_string(i);
    auto words = soon(readers[i]);
    words.push_back(prefix + "-*");
    Stuck reader(words);
    EXPECT_TRUE(reader.says("no topic matches \"" + prefix + "-*\" yet")) << reader.err();
    fill(prefix + "-first", "a\n");
    EXPECT_EQ(reader.take(), "a\n") << i << reader.err();
    fill(prefix + "-second", "b\n");
    EXPECT_EQ(reader.go_on(), "b\n") << i << reader.err();
    EXPECT_EQ(reader.exit(), Exit::ok) << reader.err();
  }
}

TEST_F(AddedPartitions, APatternThatMatchesNothingIsAnErrorWhereThereIsAnEnd) {
  EXPECT_EQ(run({"consume", "nope-*", "-e"}), Exit::not_found);
  EXPECT_EQ(run({"consume", "nope-*", "--last", "3"}), Exit::not_found);
  EXPECT_EQ(run({"consume", "nope"}), Exit::not_found) << "a name is not waited for";
}

}  // namespace
}  // namespace mq::cli
