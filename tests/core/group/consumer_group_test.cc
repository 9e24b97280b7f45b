// SPDX-License-Identifier: Apache-2.0
#include "core/group/consumer_group.h"

#include "tests/core/group/consumer_group_fixture.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

// ---------------------------------------------------------------------------------------------- joining

TEST_F(ConsumerGroupTest, TheFirstMemberGetsEverythingAtOnce) {
  const auto answer = join("m1");
  EXPECT_EQ(answer.error, Error::none);
  EXPECT_EQ(answer.epoch, 1);
  EXPECT_EQ(answer.assignment, t({0, 1, 2, 3}));
  EXPECT_EQ(group.state(), ConsumerGroupState::stable);
}

TEST_F(ConsumerGroupTest, AJoinWritesTheMemberItsTargetAndWhatItOwns) {
  join("m1");
  for (const Kind kind : {Kind::member, Kind::target, Kind::ownership}) EXPECT_TRUE(wrote(kind, "m1"));
  for (const Kind kind : {Kind::group, Kind::target_epoch}) EXPECT_TRUE(wrote(kind));
}

TEST_F(ConsumerGroupTest, AHeartbeatThatChangesNothingWritesNothingAndRepeatsNothing) {
  join("m1");
  const auto answer = beat("m1", 1);
  EXPECT_EQ(answer.epoch, 1);
  EXPECT_FALSE(answer.assignment);
  EXPECT_TRUE(rows.empty());
}

TEST_F(ConsumerGroupTest, WhoSaysEverythingHearsEverything) {
  join("m1");
  auto request = joining("m1");
  request.epoch = 1;
  request.owned = t({0, 1, 2, 3});
  EXPECT_EQ(send(request).assignment, t({0, 1, 2, 3}));
  EXPECT_TRUE(rows.empty());
}

TEST_F(ConsumerGroupTest, JoiningAgainUnderTheSameIdIsNoNewMember) {
  join("m1");
  const auto again = join("m1");
  EXPECT_EQ(again.epoch, 1);
  EXPECT_EQ(again.assignment, t({0, 1, 2, 3}));
  EXPECT_EQ(group.epoch(), 1);
}

TEST_F(ConsumerGroupTest, AFullGroupTakesNobody) {
  limits.members_max = 1;
  ConsumerGroup small(limits, topics);
  small.heartbeat(joining("m1"), now, rows);
  EXPECT_EQ(small.heartbeat(joining("m2"), now, rows).error, Error::group_max_size_reached);
  EXPECT_EQ(small.heartbeat(joining("m1"), now, rows).error, Error::none);
}

TEST_F(ConsumerGroupTest, TopicsThatDoNotExistAreSimplyNotAssigned) {
  EXPECT_EQ(send(joining("m1", {"nowhere"})).assignment, Assignment{});
  EXPECT_EQ(group.state(), ConsumerGroupState::stable);
}

TEST_F(ConsumerGroupTest, AnAssignorNobodyKnowsIsRefused) {
  auto request = joining("m1");
  request.assignor = "sticky";
  EXPECT_EQ(send(request).error, Error::unsupported_assignor);
  EXPECT_TRUE(group.members().empty());
}

TEST_F(ConsumerGroupTest, TheAssignorMostMembersWantIsUsed) {
  auto request = joining("m1");
  request.assignor = "range";
  send(request);
  EXPECT_EQ(group.assignor(), "range");
  request = joining("m2");
  request.assignor = "uniform";
  send(request);
  EXPECT_EQ(group.assignor(), "uniform") << "as many: the default";
}

// ---------------------------------------------------------------------------------------------- rebalancing

TEST_F(ConsumerGroupTest, WhatAnotherOwnsIsWaitedFor) {
  join("m1");
  const auto answer = join("m2");
  EXPECT_EQ(answer.epoch, 2);
  EXPECT_EQ(answer.assignment, Assignment{});
  EXPECT_EQ(group.find("m2")->owns.state, MemberState::unreleased_partitions);
  EXPECT_EQ(group.state(), ConsumerGroupState::reconciling);
}

TEST_F(ConsumerGroupTest, AnOwnerIsToldToGiveUpAndStaysInItsEpochUntilItHas) {
  join("m1");
  join("m2");
  const auto told = beat("m1", 1);
  EXPECT_EQ(told.epoch, 1);
  EXPECT_EQ(size_of(*told.assignment), 2u);
  EXPECT_EQ(group.find("m1")->owns.state, MemberState::unrevoked_partitions);

  EXPECT_EQ(beat("m1", 1).epoch, 1) << "it says nothing about what it owns";
  EXPECT_EQ(beat("m1", 1, t({0, 1, 2, 3})).epoch, 1) << "it still owns everything";
  EXPECT_EQ(beat("m2", 2).assignment, std::nullopt);

  EXPECT_EQ(beat("m1", 1, told.assignment).epoch, 2);
  EXPECT_EQ(size_of(*beat("m2", 2).assignment), 2u);
  EXPECT_EQ(group.state(), ConsumerGroupState::stable);
}

TEST_F(ConsumerGroupTest, WhatIsFreeIsGivenWhileTheRestIsWaitedFor) {
  join("m1");
  topics.put("t", 6);
  const auto answer = join("m2");
  EXPECT_EQ(size_of(*answer.assignment), 2u) << "the two new partitions";
  EXPECT_EQ(group.find("m2")->owns.state, MemberState::unreleased_partitions);
}

TEST_F(ConsumerGroupTest, WhoDoesNotGiveUpInTimeIsRemoved) {
  two();
  EXPECT_EQ(*group.wake_at(), now + 30s);
  now += 30s;
  rows.clear();
  group.expire(now, rows);
  EXPECT_EQ(group.find("m1"), nullptr);
  EXPECT_TRUE(wrote(Kind::member, "m1"));
  EXPECT_EQ(size_of(*beat("m2", 2).assignment), 4u);
  EXPECT_EQ(beat("m1", 1).error, Error::unknown_member_id);
}

TEST_F(ConsumerGroupTest, HeartbeatsDoNotPutOffGivingUp) {
  two();
  now += 20s;
  beat("m1", 1);
  now += 10s;
  group.expire(now, rows);
  EXPECT_EQ(group.find("m1"), nullptr);
}

TEST_F(ConsumerGroupTest, WhoLeavesLeavesItsPartitionsToTheOthers) {
  two();
  beat("m1", 1, group.find("m1")->owns.assigned);
  beat("m2", 2);
  EXPECT_EQ(beat("m1", -1).epoch, -1);
  EXPECT_EQ(group.state(), ConsumerGroupState::assigning);
  EXPECT_EQ(size_of(*beat("m2", 2).assignment), 4u);
  EXPECT_EQ(group.epoch(), 3);
}

TEST_F(ConsumerGroupTest, TheLastOneLeavesAnEmptyGroupWhoseEpochGoesOn) {
  join("m1");
  beat("m1", -1);
  EXPECT_EQ(group.state(), ConsumerGroupState::empty);
  EXPECT_EQ(join("m2").epoch, 3);
}

// ---------------------------------------------------------------------------------------------- epochs

TEST_F(ConsumerGroupTest, AnEpochOfTheFutureIsFenced) {
  join("m1");
  EXPECT_EQ(beat("m1", 2).error, Error::fenced_member_epoch);
}

TEST_F(ConsumerGroupTest, AnOldEpochIsFencedUnlessTheAnswerMayHaveBeenLost) {
  two();
  const Assignment half = group.find("m1")->owns.assigned;
  beat("m1", 1, half);  // now in epoch 2, but it never heard so
  EXPECT_EQ(beat("m1", 1).error, Error::fenced_member_epoch) << "it does not say what it owns";
  EXPECT_EQ(beat("m1", 1, t({0, 1, 2, 3})).error, Error::fenced_member_epoch) << "more than it may";
  EXPECT_EQ(beat("m1", 1, half).epoch, 2);
  EXPECT_EQ(beat("m1", 0, half).epoch, 2) << "joining is always possible";
}

TEST_F(ConsumerGroupTest, AMemberNobodyKnowsIsToldSo) {
  join("m1");
  EXPECT_EQ(beat("m2", 1).error, Error::unknown_member_id);
  EXPECT_EQ(beat("m2", -1).error, Error::unknown_member_id);
}

TEST_F(ConsumerGroupTest, OnlyAMemberInItsEpochMayAskForOffsets) {
  EXPECT_EQ(group.may_fetch("", -1), Error::none) << "nobody is there";
  join("m1");
  EXPECT_EQ(group.may_fetch("m1", 1), Error::none);
  EXPECT_EQ(group.may_fetch("m1", 0), Error::stale_member_epoch);
  EXPECT_EQ(group.may_fetch("m1", 2), Error::stale_member_epoch);
  EXPECT_EQ(group.may_fetch("m2", 1), Error::unknown_member_id);
  EXPECT_EQ(group.may_fetch("", -1), Error::unknown_member_id);
}

TEST_F(ConsumerGroupTest, AMemberMayCommitWhatHasBeenItsOwnSinceTheEpochItSays) {
  two();
  const Assignment half = group.find("m1")->owns.assigned;
  const auto may = [&](const std::string& id, Epoch epoch, std::int32_t partition) {
    return group.may_commit(id, epoch, {}, half.begin()->first, partition);
  };
  const std::int32_t kept = *half.begin()->second.begin();
  EXPECT_EQ(may("m1", 1, kept), Error::none);
  for (std::int32_t given_up = 0; given_up < 4; given_up++) {
    if (half.begin()->second.contains(given_up)) continue;
    EXPECT_EQ(may("m1", 1, given_up), Error::none) << "it is in that epoch, and may still own it";
  }
  beat("m1", 1, half);
  ASSERT_EQ(group.find("m1")->owns.epoch, 2);
  EXPECT_EQ(may("m1", 2, kept), Error::none);
  EXPECT_EQ(may("m1", 1, kept), Error::none) << "the answer with the new epoch may be on its way";
  EXPECT_EQ(may("m1", 3, kept), Error::stale_member_epoch);
  EXPECT_EQ(may("m1", 0, kept), Error::stale_member_epoch);
  EXPECT_EQ(may("m1", -1, kept), Error::stale_member_epoch);
  beat("m2", 2);
  for (std::int32_t moved = 0; moved < 4; moved++) {
    if (half.begin()->second.contains(moved)) continue;
    EXPECT_EQ(may("m1", 1, moved), Error::stale_member_epoch) << "another has it now";
    EXPECT_EQ(may("m2", 2, moved), Error::none);
    EXPECT_EQ(may("m2", 1, moved), Error::stale_member_epoch) << "it was not its own then";
  }
  EXPECT_EQ(may("nobody", 1, kept), Error::unknown_member_id);
}

// ---------------------------------------------------------------------------------------------- sessions

TEST_F(ConsumerGroupTest, WhoIsSilentForASessionIsRemoved) {
  join("m1");
  EXPECT_EQ(*group.wake_at(), now + 45s);
  now += 44s;
  beat("m1", 1);
  now += 1s;
  group.expire(now, rows);
  EXPECT_NE(group.find("m1"), nullptr);
  EXPECT_EQ(*group.wake_at(), now + 44s) << "the next look is when it can expire";
  now += 44s;
  group.expire(now, rows);
  EXPECT_EQ(group.find("m1"), nullptr);
  EXPECT_EQ(group.wake_at(), std::nullopt) << "nobody is left to look at";
}

// ---------------------------------------------------------------------------------------------- statics

class StaticMemberTest : public ConsumerGroupTest {
 protected:
  ConsumerGroup::Answer join_as(const std::string& id, const std::string& instance) {
    auto request = joining(id);
    request.instance_id = instance;
    return send(request);
  }
  ConsumerGroup::Answer beat_as(const std::string& id, const std::string& instance, Epoch epoch) {
    ConsumerGroup::Heartbeat request;
    request.member_id = id;
    request.instance_id = instance;
    request.epoch = epoch;
    return send(request);
  }
};

TEST_F(StaticMemberTest, AnInstanceThatIsThereIsNotReplaced) {
  join_as("m1", "i");
  EXPECT_EQ(join_as("m2", "i").error, Error::unreleased_instance_id);
}

TEST_F(StaticMemberTest, WhoComesBackUnderAnotherIdGoesOnWithWhatItHad) {
  join_as("m1", "i");
  EXPECT_EQ(beat_as("m1", "i", -2).epoch, -2);
  EXPECT_EQ(group.epoch(), 1);
  const auto answer = join_as("m2", "i");
  EXPECT_EQ(answer.error, Error::none);
  EXPECT_EQ(answer.assignment, t({0, 1, 2, 3}));
  EXPECT_EQ(group.epoch(), 1) << "nobody else is disturbed";
  EXPECT_EQ(group.find("m1"), nullptr);
  EXPECT_TRUE(wrote(Kind::member, "m1")) << "the old id is taken off the log";
  EXPECT_EQ(beat_as("m1", "i", 1).error, Error::fenced_instance_id);
}

TEST_F(StaticMemberTest, OnlyWhoHasTheInstanceCommitsInItsName) {
  join_as("m1", "i");
  beat_as("m1", "i", -2);
  join_as("m2", "i");
  EXPECT_EQ(group.may_fetch("m1", 1, "i"), Error::fenced_instance_id);
  EXPECT_EQ(group.may_fetch("m1", 1), Error::unknown_member_id);
  EXPECT_EQ(group.may_fetch("m2", 1, "nobody"), Error::unknown_member_id);
  EXPECT_EQ(group.may_fetch("m2", 1, "i"), Error::none);
}

TEST_F(StaticMemberTest, WhatItOwnedIsKeptWhileItIsAway) {
  join_as("m1", "i");
  beat_as("m1", "i", -2);
  EXPECT_EQ(join("m2").assignment, Assignment{});
  now += 45s;
  group.expire(now, rows);
  EXPECT_EQ(group.find("m1"), nullptr);
}

TEST_F(StaticMemberTest, AnInstanceNobodyHasIsUnknown) {
  join("m1");
  EXPECT_EQ(beat_as("m1", "i", 1).error, Error::unknown_member_id);
}

// ---------------------------------------------------------------------------------------------- topics

TEST_F(ConsumerGroupTest, MorePartitionsAreAssignedWithoutAnybodyAsking) {
  join("m1");
  topics.put("t", 5);
  const auto answer = beat("m1", 1);
  EXPECT_EQ(answer.epoch, 2);
  EXPECT_EQ(answer.assignment, t({0, 1, 2, 3, 4}));
}

TEST_F(ConsumerGroupTest, ATopicNobodyReadsChangesNothing) {
  join("m1");
  topics.put("other", 5);
  EXPECT_EQ(beat("m1", 1).epoch, 1);
  EXPECT_TRUE(rows.empty());
}

TEST_F(ConsumerGroupTest, ATopicThatIsRemovedAndMadeAgainIsAnotherOne) {
  join("m1");
  topics.remove("t");
  topics.put("t", 4);
  const auto told = beat("m1", 1);
  EXPECT_EQ(told.assignment, Assignment{}) << "first it gives up the old one";
  EXPECT_EQ(beat("m1", 1, Assignment{}).assignment, t({0, 1, 2, 3}));
}

TEST_F(ConsumerGroupTest, APatternReadsWhatMatchesNowAndLater) {
  auto request = joining("m1");
  request.topics.reset();
  request.pattern = "t.*";
  EXPECT_EQ(send(request).assignment, t({0, 1, 2, 3}));
  EXPECT_TRUE(wrote(Kind::pattern, "t.*"));
  EXPECT_TRUE(group.reads("t"));
  topics.put("tt", 1);
  EXPECT_EQ(size_of(*beat("m1", 1).assignment), 5u);
}

TEST_F(ConsumerGroupTest, ABrokenPatternIsRefusedAndChangesNothing) {
  auto request = joining("m1");
  request.pattern = "(";
  EXPECT_EQ(send(request).error, Error::invalid_regular_expression);
  EXPECT_TRUE(group.members().empty());
}

TEST_F(ConsumerGroupTest, AnEmptyPatternTakesItBack) {
  auto request = joining("m1", {});
  request.pattern = "t";
  send(request);
  request.epoch = 1;
  request.pattern = "";
  request.owned.reset();
  EXPECT_EQ(send(request).assignment, Assignment{});
  EXPECT_TRUE(group.patterns().empty());
  EXPECT_TRUE(wrote(Kind::pattern, "t"));
}

}  // namespace
}  // namespace mq::core
