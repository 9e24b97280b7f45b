// SPDX-License-Identifier: Apache-2.0
// Leadership of a group's partition is taken away and given back in the midst of things: nobody waits for
// ever, and what was answered is what the next coordinator knows.
#include "tests/core/group/coordinated_groups.h"

namespace mq::core::group_leadership_test {
namespace {

using kafka::Error;

class GroupLeadershipTest : public CoordinatedGroups {
 protected:
  void open() override {
    config.group_initial_rebalance_delay = std::chrono::seconds(3);
    CoordinatedGroups::open();
    make("t");
    EXPECT_EQ(run(topic->ensure()), Error::none);
  }
  std::int32_t partition() { return topic->partition_of("g"); }
  void take_away() { StoredTopics::take_away(offsets_topic, partition(), *groups); }
  void give_back() {
    StoredTopics::give_back(offsets_topic, partition(), *groups);
    while (groups->log().is_loading()) loop.run_one();
  }

  Task<std::vector<Error>> committing(Offset offset) {
    std::vector<PartitionCommit> commits;
    const Uuid id = topics->catalog.find("t")->id;
    commits.push_back({"t", 0, {.offset = offset, .committed_ms = clock.wall_ms()}, id});
    Commits::Committer who;
    who.group = "g";
    return groups->commits().commit(std::move(who), std::move(commits));
  }
  Offset committed() {
    const GroupPtr group = groups->registry().find("g");
    const Commit* commit = group ? group->offsets.find("t", 0) : nullptr;
    return commit ? commit->offset : -1;
  }
  static bool is_refusal(Error error) {
    return error == Error::not_coordinator || error == Error::coordinator_load_in_progress;
  }
};

TEST_F(GroupLeadershipTest, WhoIsLedElsewhereIsSentThere) {
  EXPECT_EQ(run(committing(5)).at(0), Error::none);
  take_away();
  EXPECT_EQ(groups->log().serves("g"), Error::not_coordinator);
  EXPECT_FALSE(groups->registry().find("g"));
  EXPECT_EQ(run(committing(6)).at(0), Error::not_coordinator);
  EXPECT_EQ(run(groups->classic().join("g", join_request())).error, Error::not_coordinator);
  give_back();
  EXPECT_EQ(committed(), 5);
  EXPECT_EQ(run(committing(6)).at(0), Error::none);
}

TEST_F(GroupLeadershipTest, WhoWaitsForARebalanceIsSentAway) {
  std::optional<Error> joined;
  asio::co_spawn(loop, groups->classic().join("g", join_request()),
                 [&](std::exception_ptr, ClassicGroup::JoinAnswer answer) { joined = answer.error; });
  while (groups->registry().all().empty()) loop.run_one();
  turns(100);
  EXPECT_FALSE(joined);
  take_away();
  while (!joined) loop.run_one();
  EXPECT_EQ(*joined, Error::not_coordinator);
}

TEST_F(GroupLeadershipTest, AtEveryTurnOfACommitWhatIsAnsweredIsKnownToTheNext) {
  Offset answered = -1;
  for (int turn = 0; turn < 60; turn++) {
    const Offset offset = 100 + turn;
    std::optional<Error> error;
    asio::co_spawn(loop, committing(offset),
                   [&](std::exception_ptr, std::vector<Error> answers) { error = answers.at(0); });
    turns(turn % 20);
    take_away();
    turns(turn % 7);
    give_back();
    while (!error) loop.run_one();
    EXPECT_TRUE(*error == Error::none || is_refusal(*error)) << static_cast<int>(*error);
    if (*error == Error::none) answered = offset;
    settle();
    // Once more, for who came while it was read already has what was written before.
    take_away();
    give_back();
    EXPECT_GE(committed(), answered) << "turn " << turn;
    EXPECT_LE(committed(), offset);
    if (*error == Error::none) {
      EXPECT_EQ(committed(), offset);
    }
  }
}

TEST_F(GroupLeadershipTest, WhatComesBackFromAnEarlierLeadershipChangesNothing) {
  EXPECT_EQ(run(committing(5)).at(0), Error::none);
  const GroupPtr before = groups->registry().find("g");
  std::optional<Error> error;
  asio::co_spawn(loop, groups->registry().remove("g"),
                 [&](std::exception_ptr, Error answer) { error = answer; });
  turns(3);
  take_away();
  give_back();
  while (!error) loop.run_one();
  const GroupPtr now = groups->registry().find("g");
  EXPECT_NE(now, before);
  EXPECT_TRUE(now || *error == Error::none || is_refusal(*error));
}

TEST_F(GroupLeadershipTest, OfTransactionsThatEndWhileItIsReadNoneIsMissed) {
  std::vector<PartitionCommit> commits;
  commits.push_back({"t", 0, {.offset = 9}, topics->catalog.find("t")->id});
  Commits::Committer who;
  who.group = "g";
  EXPECT_EQ(run(groups->commits().commit(who, commits, {7, 0, -1, true})).at(0), Error::none);
  EXPECT_EQ(committed(), -1);
  take_away();
  StoredTopics::give_back(offsets_topic, partition(), *groups);
  groups->commits().transaction_ended(partition(), 7, true);
  while (groups->log().is_loading()) loop.run_one();
  EXPECT_EQ(committed(), 9);
}

}  // namespace
}  // namespace mq::core::group_leadership_test
