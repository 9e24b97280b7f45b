// SPDX-License-Identifier: Apache-2.0
// What is called a record is one that a reader gets; offsets that nothing is behind do not count.
#include <gmock/gmock.h>

#include "net/kafka/messages/every.h"
#include "tests/cli/support/group_command.h"
#include "tests/cli/support/open_transaction.h"
#include "tests/cli/support/stuck.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class Visible : public GroupCommand {
 protected:
  // A transaction of `values` that is not committed: input that is too large comes last.
  void abort(const std::string& topic, const std::string& values) {
    ASSERT_EQ(run({"topic", "alter", topic, "-c", "max.message.bytes=1000"}), Exit::ok) << err();
    EXPECT_EQ(run({"produce", topic, "--txn", "-z", "none", "--batch", "200"},
                  values + std::string(3000, 'x') + "\n"),
              Exit::failed);
    ASSERT_THAT(err(), HasSubstr("aborted"));
  }
  void commit(const std::string& topic, const std::string& values) {
    ASSERT_EQ(run({"produce", topic, "--txn"}, values), Exit::ok) << err();
  }
  // As a client does that commits behind the last record it has got.
  void put_group_at(const std::string& group, const std::string& topic, client::Offset offset) {
    kafka::OffsetCommitRequest request;
    request.group_id = group;
    request.generation_id_or_member_epoch = -1;
    auto& asked = request.topics.emplace_back();
    asked.name = topic;
    asked.partitions.emplace_back().committed_offset = offset;
    const auto answer = broker_.connect().call<kafka::OffsetCommitResponse>(request, 7);
    ASSERT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
  }
  boost::json::object partition_of(const std::string& group) {
    EXPECT_EQ(run({"group", "describe", group, "-o", "json"}), Exit::ok) << err();
    return result().at("partition_details").at(0).as_object();
  }
};

TEST_F(Visible, TheNewestRecordsAreFoundBehindMarkersAndWhatWasAborted) {
  fill("t", "a\nb\nc\n");
  commit("t", "d\n");
  EXPECT_EQ(run({"consume", "t", "--last", "1"}), Exit::ok) << err();
  EXPECT_EQ(out(), "d\n") << "its marker is the last offset";
  std::string many;
  for (int i = 0; i < 100; i++) many += "aborted\n";
  abort("t", many);
  EXPECT_EQ(run({"consume", "t", "--last", "2"}), Exit::ok) << err();
  EXPECT_EQ(out(), "c\nd\n");
  EXPECT_EQ(run({"consume", "t", "--last", "10"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\nb\nc\nd\n");
  EXPECT_EQ(run({"consume", "t", "--last", "3", "--follow", "-n", "3"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\nc\nd\n");
}

TEST_F(Visible, PeekShowsSoManyRecordsOnEachSide) {
  fill("t", "a\nb\n");
  commit("t", "c\n");
  commit("t", "d\n");
  commit("t", "e\n");
  put_group_at("g", "t", 4);  // behind the marker after c
  ASSERT_EQ(run({"group", "peek", "g", "-B", "2", "-A", "2", "-o", "value"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\nc\nd\ne\n");
}

TEST_F(Visible, PeekOfAGroupBeyondTheEndShowsWhatLiesBeforeIt) {
  fill("t", "a\nb\nc\n");
  put_group_at("g", "t", 777);
  ASSERT_EQ(run({"group", "peek", "g", "-B", "2", "-o", "value"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\nc\n");
  fill("u", "a\n");
  leave_open(broker_.port(), "tool", "u");
  put_group_at("h", "u", 2);
  ASSERT_EQ(run({"group", "peek", "h", "-o", "value"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\n");
}

TEST_F(Visible, WithinAPartitionTheOffsetDecidesWhateverClocksSay) {
  fill("t", "");
  for (const auto& [value, time] : {std::pair{"a", "2026-01-03"}, {"b", "2026-01-01"}, {"c", "2026-01-02"}})
    ASSERT_EQ(run({"produce", "t", "-m", value, "--timestamp", time}), Exit::ok) << err();
  EXPECT_EQ(run({"consume", "t", "--last", "2"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\nc\n");
  EXPECT_EQ(run({"consume", "t", "--last", "3"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\nb\nc\n");
  EXPECT_EQ(run({"consume", "t", "--last", "3", "--follow", "-n", "3"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\nb\nc\n");
}

TEST_F(Visible, AGroupThatHasReadAllThereIsHasNoLag) {
  fill("t", "a\n");
  commit("t", "b\n");
  put_group_at("g", "t", 2);  // behind b: only its marker is left
  EXPECT_EQ(partition_of("g").at("lag"), 0);
  EXPECT_EQ(run({"group", "lag", "g", "--max", "0"}), Exit::ok) << out() << err();
  abort("t", "c\nd\n");
  EXPECT_EQ(partition_of("g").at("lag"), 0);
  fill("t", "e\n");
  EXPECT_EQ(partition_of("g").at("lag"), 1);
  EXPECT_EQ(run({"group", "lag", "g", "--max", "0"}), Exit::condition);
}

TEST_F(Visible, ACommitBeyondTheEndIsSaid) {
  fill("t", "a\n");
  put_group_at("g", "t", 100);
  const auto partition = partition_of("g");
  EXPECT_EQ(partition.at("lag"), -99);
  EXPECT_THAT(err(), HasSubstr("t[0]: group g has committed 100, beyond the end at 1"));
  EXPECT_EQ(run({"group", "lag", "g", "--max", "0"}), Exit::condition);
  EXPECT_EQ(run({"group", "list", "--lagging", "-o", "name"}), Exit::ok);
  EXPECT_EQ(out(), "g\n");
}

TEST_F(Visible, WhereReadersOfCommittedRecordsStandIsShownBesideTheEnd) {
  fill("t", "a\n");
  leave_open(broker_.port(), "tool", "t");
  ASSERT_EQ(run({"topic", "offsets", "t", "-o", "json"}), Exit::ok) << err();
  EXPECT_EQ(result().at(0).at("stable_offset"), 1);
  EXPECT_EQ(result().at(0).at("end_offset"), 2);
  ASSERT_EQ(run({"topic", "describe", "t", "-o", "json"}), Exit::ok) << err();
  EXPECT_EQ(result().at("partition_details").at(0).at("stable_offset"), 1);
  put_group_at("g", "t", 1);
  EXPECT_EQ(partition_of("g").at("stable_offset"), 1);
  for (const auto& words : {std::vector<std::string>{"topic", "offsets", "t"},
                            {"topic", "describe", "t"},
                            {"group", "describe", "g"}}) {
    ASSERT_EQ(run(words), Exit::ok) << err();
    EXPECT_THAT(out(), HasSubstr("STABLE")) << words[0] << words[1];
  }
}

TEST_F(Visible, AFollowerThatStandsBeforeAnOpenTransactionSaysWhose) {
  fill("t", "a\n");
  leave_open(broker_.port(), "tool", "t");
  Stuck reader({"consume", "t", "-o", "value", "-b", address()});
  EXPECT_EQ(reader.take(), "a\n");
  EXPECT_TRUE(reader.says("t[0]: waits at offset 1 for the transaction \"tool\" of producer "))
      << reader.err();
  EXPECT_TRUE(reader.says("open since 2")) << reader.err();
  reader.close();
}

}  // namespace
}  // namespace mq::cli
