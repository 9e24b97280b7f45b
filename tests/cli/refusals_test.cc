// SPDX-License-Identifier: Apache-2.0
// What is asked for and cannot be, against a broker: the exit code, and words that name the reason.
#include <gmock/gmock.h>

#include "tests/cli/support/streams.h"
#include "tests/support/test_broker.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;

class Refusals : public testing::Test {
 protected:
  Exit run(std::vector<std::string> words, std::string_view input = {}) {
    words.insert(words.end(), {"-b", "127.0.0.1:" + std::to_string(broker_->port())});
    return run_locally(std::move(words), input);
  }
  Exit run_locally(const std::vector<std::string>& words, std::string_view input = {}) {
    streams_ = std::make_unique<Streams>(input);
    return cli::run(streams_->context, words);
  }
  std::string out() const { return streams_->out(); }
  std::string err() const { return streams_->err(); }

  test::TempDir dir_;
  std::unique_ptr<test::TestBroker> broker_ = std::make_unique<test::TestBroker>(dir_.path());
  std::unique_ptr<Streams> streams_;
};

TEST_F(Refusals, APartitionToWriteToIsThere) {
  ASSERT_EQ(run({"topic", "create", "t", "-p", "3"}), Exit::ok) << err();
  EXPECT_EQ(run({"produce", "t", "-p", "-1"}, "x\n"), Exit::usage);
  EXPECT_THAT(err(), HasSubstr("--partition"));
  EXPECT_EQ(run({"produce", "t", "-p", "7"}, "x\n"), Exit::not_found);
  EXPECT_THAT(err(), HasSubstr("topic \"t\" has no partition 7 (it has 3)"));
  EXPECT_EQ(run({"produce", "t", "-p", "7"}), Exit::not_found) << "also when there is nothing to write";
  EXPECT_EQ(run({"produce", "t", "-p", "2"}, "x\n"), Exit::ok) << err();
}

TEST_F(Refusals, AFileToWriteCanBeRead) {
  ASSERT_EQ(run({"topic", "create", "t"}), Exit::ok) << err();
  EXPECT_EQ(run({"produce", "t", (dir_.path() / "nofile").string()}), Exit::usage);
  EXPECT_THAT(err(), HasSubstr("nofile: No such file"));
  EXPECT_EQ(run({"produce", "t", dir_.path().string()}), Exit::usage);
}

TEST_F(Refusals, CodecsWithoutLevelsHaveNone) {
  ASSERT_EQ(run({"topic", "create", "t"}), Exit::ok) << err();
  for (const char* wrong : {"snappy:3", "none:1", "lz4:13", "gzip:10", "zstd:23", "zstd:0", "brotli"})
    EXPECT_EQ(run({"produce", "t", "-z", wrong}, "x\n"), Exit::usage) << wrong;
  for (const char* right : {"snappy", "lz4:12", "gzip:9", "zstd:22"})
    EXPECT_EQ(run({"produce", "t", "-z", right}, "x\n"), Exit::ok) << right << err();
}

TEST_F(Refusals, PartitionsToReadAreThere) {
  ASSERT_EQ(run({"topic", "create", "t", "-p", "3"}), Exit::ok) << err();
  EXPECT_EQ(run({"consume", "t", "-e", "-p", "9"}), Exit::not_found);
  EXPECT_EQ(run({"consume", "t", "-e", "--start-at", "9=5"}), Exit::not_found);
  EXPECT_THAT(err(), HasSubstr("topic \"t\" has no partition 9"));
  EXPECT_EQ(run({"consume", "t:0", "-e", "-p", "1"}), Exit::usage);
  EXPECT_THAT(err(), HasSubstr("no partition in common"));
}

TEST_F(Refusals, PartitionsOfOneTopicMayBeNamedOneByOne) {
  ASSERT_EQ(run({"topic", "create", "t", "-p", "4"}), Exit::ok) << err();
  ASSERT_EQ(run({"topic", "offsets", "t:3", "t:0", "t:0,1", "-o", "csv", "--columns", "partition"}), Exit::ok)
      << err();
  EXPECT_EQ(out(), "partition\n0\n1\n3\n");
}

TEST_F(Refusals, MetadataAloneIsForJson) {
  ASSERT_EQ(run({"topic", "create", "t"}), Exit::ok) << err();
  EXPECT_EQ(run({"consume", "t", "-e", "--meta-only"}), Exit::usage);
  EXPECT_EQ(run({"consume", "t", "-e", "--meta-only", "-o", "json"}), Exit::ok) << err();
}

TEST_F(Refusals, StatesAreThoseThereAre) {
  EXPECT_EQ(run({"group", "list", "--state", "Foo"}), Exit::usage);
  EXPECT_THAT(err(), HasSubstr("Stable, Empty"));
  EXPECT_EQ(run({"txn", "list", "--state", "Empty,Foo"}), Exit::usage);
  EXPECT_THAT(err(), HasSubstr("Ongoing"));
  EXPECT_EQ(run({"group", "list", "--state", "stable,EMPTY", "--state", "Reconciling"}), Exit::ok) << err();
  EXPECT_EQ(run({"txn", "list", "--state", "ongoing"}), Exit::ok) << err();
}

TEST_F(Refusals, ACompactedTopicIsNotTrimmedAndSaysWhy) {
  ASSERT_EQ(run({"topic", "create", "t", "-c", "cleanup.policy=compact"}), Exit::ok) << err();
  ASSERT_EQ(run({"produce", "t", "-K:"}, "k:v\nk:w\n"), Exit::ok) << err();
  EXPECT_EQ(run({"topic", "trim", "t", "--before", "end", "-y"}), Exit::failed);
  EXPECT_THAT(err(), HasSubstr("is compacted"));
  EXPECT_THAT(err(), HasSubstr("POLICY_VIOLATION"));
}

TEST_F(Refusals, AnInternalTopicIsNotDeletedAndSaysWhy) {
  ASSERT_EQ(run({"produce", "t", "--create"}, "x\n"), Exit::ok) << err();
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  EXPECT_EQ(run({"topic", "delete", "__consumer_offsets", "-y"}), Exit::usage);
  EXPECT_THAT(err(), HasSubstr("is internal and cannot be deleted"));
}

TEST_F(Refusals, WhatIsDumpedFromADirectoryIsInIt) {
  ASSERT_EQ(run({"produce", "t", "--create"}, "x\n"), Exit::ok) << err();
  broker_.reset();
  EXPECT_EQ(run_locally({"storage", "dump", dir_.path().string(), "nope"}), Exit::not_found);
  EXPECT_THAT(err(), HasSubstr("\"nope\""));
  EXPECT_EQ(run_locally({"storage", "dump", dir_.path().string(), "t:1"}), Exit::not_found);
  EXPECT_EQ(run_locally({"storage", "dump", dir_.path().string(), "t:0"}), Exit::ok) << err();
  ASSERT_EQ(run_locally({"storage", "verify", dir_.path().string()}), Exit::ok) << err();
  EXPECT_THAT(out(), testing::Not(HasSubstr(" 1 segments"))) << "what is counted agrees with its number";
  EXPECT_THAT(out(), HasSubstr("no damage"));
}

}  // namespace
}  // namespace mq::cli
