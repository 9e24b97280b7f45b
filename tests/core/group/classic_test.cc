// SPDX-License-Identifier: Apache-2.0
#include "tests/core/group/classic_script.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;
using testing::ElementsAre;

// ---- joining

TEST(ClassicGroup, TheFirstMemberLeadsAndLearnsWhoIsThere) {
  Script script;
  const auto& answer = script.join_answer(script.join({}));
  EXPECT_EQ(answer.error, Error::none);
  EXPECT_EQ(answer.member_id, "m1");
  EXPECT_EQ(answer.leader, "m1");
  EXPECT_EQ(answer.generation, 1);
  EXPECT_EQ(answer.protocol, "range");
  EXPECT_EQ(answer.protocol_type, "consumer");
  EXPECT_EQ(members_of(answer), (Members{{"m1", "topics"}}));
  EXPECT_EQ(script.group.state(), GroupState::completing_rebalance);
}

TEST(ClassicGroup, AnEmptyGroupWaitsForMoreMembersAsLongAsSomeCome) {
  Script script({.initial_rebalance_delay = 3s});
  const Ticket first = script.join({});
  script.pass(2s);
  const Ticket second = script.join({});
  script.pass(2s);
  EXPECT_FALSE(script.answered(first)) << "somebody came within the first three seconds";
  script.pass(2s);
  EXPECT_EQ(script.join_answer(first).members.size(), 2u);
  EXPECT_EQ(script.join_answer(second).generation, 1);
  EXPECT_EQ(script.join_answer(second).leader, "m1");
  EXPECT_TRUE(script.join_answer(second).members.empty()) << "only the leader has use for them";
}

TEST(ClassicGroup, TheWaitForMoreMembersEndsWithTheRebalanceTimeout) {
  Script script({.initial_rebalance_delay = 3s});
  const Ticket first = script.join({.rebalance = 5s});
  for (int i = 0; i < 4; i++) {
    script.pass(1s);
    script.join({.rebalance = 5s});
    EXPECT_FALSE(script.answered(first));
  }
  script.pass(1s);
  EXPECT_EQ(script.join_answer(first).members.size(), 5u);
}

TEST(ClassicGroup, ADynamicMemberComesAgainWithTheIdItIsGiven) {
  Script script;
  const Ticket asked = script.join({.id_first = true});
  EXPECT_EQ(script.join_answer(asked).error, Error::member_id_required);
  EXPECT_EQ(script.join_answer(asked).member_id, "m1");
  EXPECT_TRUE(script.group.members().empty());
  const Ticket again = script.join({.id = "m1", .id_first = true});
  EXPECT_EQ(script.join_answer(again).error, Error::none);
  EXPECT_EQ(script.join_answer(again).leader, "m1");
}

TEST(ClassicGroup, AnIdThatIsNotUsedIsForgottenAfterTheSessionTimeout) {
  Script script;
  script.join({.id_first = true});
  EXPECT_EQ(script.group.pending(), 1u);
  script.pass(11s);
  EXPECT_EQ(script.group.pending(), 0u);
  EXPECT_EQ(script.error(script.join({.id = "m1"})), Error::unknown_member_id);
}

TEST(ClassicGroup, ARebalanceWaitsForWhoWasGivenAnId) {
  Script script;
  script.stable(1);
  const Ticket asked = script.join({.id_first = true});
  const std::string id = script.join_answer(asked).member_id;
  const Ticket leader = script.join({.id = "m1"});
  EXPECT_FALSE(script.answered(leader));
  const Ticket second = script.join({.id = id, .id_first = true});
  EXPECT_EQ(script.join_answer(leader).members.size(), 2u);
  EXPECT_EQ(script.error(second), Error::none);
}

TEST(ClassicGroup, ARebalanceWaitsForAnIdNoLongerThanForMembers) {
  const Asks asks{.session = 1000s, .rebalance = 20s};
  Script script;
  script.stable(1, asks);
  script.join({.session = 1000s, .rebalance = 20s, .id_first = true});
  const Ticket leader = script.join({.id = "m1", .session = 1000s, .rebalance = 20s});
  script.pass(19s);
  EXPECT_FALSE(script.answered(leader));
  script.pass(1s);
  EXPECT_EQ(script.join_answer(leader).members.size(), 1u);
}

TEST(ClassicGroup, ManyWhoComeAtOnceAreTheNextGeneration) {
  Script script;
  std::vector<std::string> ids;
  for (int i = 0; i < 8; i++) ids.push_back(script.join_answer(script.join({.id_first = true})).member_id);
  std::vector<Ticket> joins;
  for (const std::string& id : ids) joins.push_back(script.join({.id = id, .id_first = true}));
  EXPECT_EQ(script.join_answer(joins.front()).generation, 1) << "nobody else had come";
  EXPECT_EQ(script.heartbeat("m1"), Error::rebalance_in_progress);
  const Ticket leader = script.join({.id = "m1", .id_first = true});
  EXPECT_EQ(script.join_answer(leader).generation, 2);
  EXPECT_EQ(script.join_answer(leader).members.size(), 8u);
  for (const Ticket join : joins) EXPECT_EQ(script.error(join), Error::none);
}

TEST(ClassicGroup, StaticMembersGetTheirIdAtOnce) {
  Script script;
  EXPECT_EQ(script.error(script.join({.instance = "a", .id_first = true})), Error::none);
}

TEST(ClassicGroup, JoinsAreRefusedThatDoNotFitTheGroup) {
  Script script;
  EXPECT_EQ(script.error(script.join({.type = ""})), Error::inconsistent_group_protocol);
  EXPECT_EQ(script.error(script.join({.protocols = {}})), Error::inconsistent_group_protocol);
  EXPECT_EQ(script.error(script.join({.id = "nobody"})), Error::unknown_member_id);
  script.stable(1);
  EXPECT_EQ(script.error(script.join({.type = "connect"})), Error::inconsistent_group_protocol);
  EXPECT_EQ(script.error(script.join({.protocols = {{"sticky", ""}}})), Error::inconsistent_group_protocol);
  EXPECT_EQ(script.error(script.join({.id = "nobody"})), Error::unknown_member_id);
  EXPECT_EQ(script.group.state(), GroupState::stable) << "none of them disturbs the members";
}

TEST(ClassicGroup, AFullGroupTakesNobodyElse) {
  Script script({.members_max = 2});
  script.stable(2);
  const Ticket third = script.join({});
  EXPECT_EQ(script.join_answer(third).error, Error::group_max_size_reached);
  EXPECT_EQ(script.join_answer(third).member_id, "");
  EXPECT_EQ(script.group.state(), GroupState::stable);
  const Ticket leader = script.join({.id = "m1"});
  script.join({.id = "m2"});
  EXPECT_EQ(script.error(leader), Error::none) << "members may come again";
}

TEST(ClassicGroup, WhenAGroupIsTooLargeByNowTheLastToComeHaveToGo) {
  std::vector<ClassicMember> members(3);
  for (std::size_t i = 0; i < members.size(); i++) {
    members[i].id = "m" + std::to_string(i + 1);
    members[i].session_timeout = members[i].rebalance_timeout = 60s;
    members[i].protocols = {{"range", bytes("topics")}};
  }
  Script script({.members_max = 2});
  script.group.restore("consumer", "range", 5, "m1", 0, members, script.now);
  const Ticket leader = script.join({.id = "m1"});
  script.join({.id = "m2"});
  EXPECT_FALSE(script.answered(leader));
  EXPECT_EQ(script.error(script.join({.id = "m3"})), Error::group_max_size_reached);
  EXPECT_EQ(members_of(script.join_answer(leader)), (Members{{"m1", "topics"}, {"m2", "topics"}}));
  EXPECT_EQ(script.heartbeat("m3"), Error::unknown_member_id);
}

TEST(ClassicGroup, AProtocolThatIsNamedTwiceCountsOnce) {
  Script script({.initial_rebalance_delay = 1s});
  const Ticket leader = script.join({.protocols = {{"range", "a"}, {"range", "b"}, {"", ""}}});
  script.join({.protocols = {{"range", "c"}}});
  script.pass(3s);
  EXPECT_EQ(members_of(script.join_answer(leader)), (Members{{"m1", "a"}, {"m2", "c"}}));
}

TEST(ClassicGroup, TheProtocolThatMostLikeBestIsChosen) {
  Script script({.initial_rebalance_delay = 1s});
  const Ticket leader = script.join({.protocols = {{"range", "r1"}, {"sticky", "s1"}, {"own", ""}}});
  script.join({.protocols = {{"sticky", "s2"}, {"range", "r2"}}});
  script.join({.protocols = {{"odd", ""}, {"sticky", "s3"}, {"range", "r3"}}});
  script.pass(3s);
  EXPECT_EQ(script.join_answer(leader).protocol, "sticky");
  EXPECT_EQ(members_of(script.join_answer(leader)), (Members{{"m1", "s1"}, {"m2", "s2"}, {"m3", "s3"}}));
}

TEST(ClassicGroup, ANewMemberMakesTheOthersJoinAgain) {
  Script script;
  script.stable(2);
  const Ticket third = script.join({});
  EXPECT_FALSE(script.answered(third));
  EXPECT_EQ(script.heartbeat("m1"), Error::rebalance_in_progress);
  const Ticket first = script.join({.id = "m1"});
  EXPECT_FALSE(script.answered(third));
  script.join({.id = "m2"});
  EXPECT_EQ(script.join_answer(first).generation, script.group.generation());
  EXPECT_EQ(script.join_answer(first).members.size(), 3u);
  EXPECT_EQ(script.error(third), Error::none);
}

TEST(ClassicGroup, WhoDoesNotJoinAgainInTimeIsNotAMemberAnyMore) {
  Script script;
  script.stable(2, {.session = 100s, .rebalance = 20s});
  const Ticket third = script.join({.session = 100s, .rebalance = 20s});
  const Ticket second = script.join({.id = "m2", .session = 100s, .rebalance = 20s});
  script.pass(19s);
  EXPECT_FALSE(script.answered(third));
  script.pass(1s);
  EXPECT_EQ(script.join_answer(second).leader, "m2") << "the leader did not come";
  EXPECT_EQ(members_of(script.join_answer(second)), (Members{{"m2", "topics"}, {"m3", "topics"}}));
  EXPECT_EQ(script.heartbeat("m1"), Error::unknown_member_id);
}

TEST(ClassicGroup, AFollowerThatJoinsAgainUnchangedIsAnsweredAtOnce) {
  Script script;
  script.stable(2);
  const Generation generation = script.group.generation();
  const auto& answer = script.join_answer(script.join({.id = "m2"}));
  EXPECT_EQ(answer.generation, generation);
  EXPECT_EQ(answer.leader, "m1");
  EXPECT_EQ(answer.protocol, "range");
  EXPECT_TRUE(answer.members.empty());
  EXPECT_EQ(script.group.state(), GroupState::stable);
}

TEST(ClassicGroup, AFollowerWithOtherTopicsMakesARebalance) {
  Script script;
  script.stable(2);
  script.join({.id = "m2", .protocols = {{"range", "other topics"}}});
  EXPECT_EQ(script.group.state(), GroupState::preparing_rebalance);
}

TEST(ClassicGroup, ALeaderThatJoinsAgainAlwaysMakesARebalance) {
  Script script;
  script.stable(2);
  const Ticket leader = script.join({.id = "m1"});
  EXPECT_FALSE(script.answered(leader));
  script.join({.id = "m2"});
  EXPECT_EQ(script.join_answer(leader).members.size(), 2u);
}

TEST(ClassicGroup, AMissedAnswerToAJoinIsGivenAgain) {
  Script script({.initial_rebalance_delay = 1s});
  script.join({});
  script.join({});
  script.pass(2s);
  ASSERT_EQ(script.group.state(), GroupState::completing_rebalance);
  EXPECT_EQ(script.join_answer(script.join({.id = "m1"})).members.size(), 2u);
  EXPECT_TRUE(script.join_answer(script.join({.id = "m2"})).members.empty());
  EXPECT_EQ(script.group.generation(), 1);
  script.join({.id = "m2", .protocols = {{"range", "changed"}}});
  EXPECT_EQ(script.group.state(), GroupState::preparing_rebalance);
}

TEST(ClassicGroup, TheOlderOfTwoJoinsOfOneMemberIsSentAway) {
  Script script;
  script.stable(2);
  const Ticket one = script.join({.id = "m1"});
  const Ticket two = script.join({.id = "m1"});
  EXPECT_EQ(script.error(one), Error::rebalance_in_progress);
  EXPECT_FALSE(script.answered(two));
}

TEST(ClassicGroup, AFirstJoinThatNobodyMayWaitForAnyMoreEnds) {
  Script script({.new_member_timeout = 300s});
  script.stable(1, {.session = 1000s, .rebalance = 1000s});
  const Ticket second = script.join({.session = 10s, .rebalance = 1000s});
  script.pass(299s);
  EXPECT_FALSE(script.answered(second)) << "its session has not begun";
  script.pass(1s);
  EXPECT_EQ(script.error(second), Error::unknown_member_id);
}

// ---- syncing

TEST(ClassicGroup, EverybodyGetsWhatTheLeaderAssignsOnceItIsDurable) {
  Script script({.initial_rebalance_delay = 1s});
  script.join({});
  script.join({});
  script.join({});
  script.pass(3s);
  const Ticket second = script.sync("m2");
  EXPECT_FALSE(script.answered(second));
  const Ticket leader = script.sync("m1", {{"m1", "one"}, {"m2", "two"}, {"nobody", "lost"}});
  EXPECT_FALSE(script.answered(leader)) << "it could be forgotten";
  EXPECT_EQ(script.group.state(), GroupState::completing_rebalance);
  script.written();
  EXPECT_EQ(text(script.sync_answer(leader).assignment), "one");
  EXPECT_EQ(text(script.sync_answer(second).assignment), "two");
  EXPECT_EQ(script.sync_answer(second).protocol, "range");
  EXPECT_EQ(script.group.state(), GroupState::stable);
  EXPECT_EQ(text(script.sync_answer(script.sync("m3")).assignment), "") << "who is not named gets nothing";
  EXPECT_EQ(text(script.sync_answer(script.sync("m2")).assignment), "two") << "asked again";
}

TEST(ClassicGroup, WhatCannotBeWrittenIsNotAssigned) {
  Script script;
  script.join({});
  const Ticket leader = script.sync("m1", {{"m1", "one"}});
  script.written(Error::not_coordinator);
  EXPECT_EQ(script.error(leader), Error::not_coordinator);
  EXPECT_EQ(script.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(script.error(script.join({.id = "m1"})), Error::none);
}

TEST(ClassicGroup, AssignmentsOfAGenerationThatIsOverAreLost) {
  Script script;
  script.join({});
  const Ticket leader = script.sync("m1", {{"m1", "one"}});
  script.join({});
  EXPECT_EQ(script.error(leader), Error::rebalance_in_progress);
  script.written();
  EXPECT_EQ(script.group.state(), GroupState::preparing_rebalance);
  EXPECT_TRUE(script.group.members().find("m1")->assignment.empty());
}

TEST(ClassicGroup, SyncsAreRefusedThatDoNotFit) {
  Script script;
  script.stable(2);
  const auto with = [&](auto change) {
    ClassicGroup::Sync sync;
    sync.member_id = "m2";
    sync.generation = script.group.generation();
    change(sync);
    return script.error(script.sync_as(std::move(sync)));
  };
  EXPECT_EQ(with([](auto& s) { s.member_id = "nobody"; }), Error::unknown_member_id);
  EXPECT_EQ(with([](auto& s) { s.generation--; }), Error::illegal_generation);
  EXPECT_EQ(with([](auto& s) { s.protocol = "sticky"; }), Error::inconsistent_group_protocol);
  EXPECT_EQ(with([](auto& s) { s.protocol_type = "connect"; }), Error::inconsistent_group_protocol);
  EXPECT_EQ(with([](auto& s) { s.instance_id = "unknown"; }), Error::unknown_member_id);
  EXPECT_EQ(with([](auto& s) { s.protocol = "range"; }), Error::none);
  script.join({.id = "m1"});
  EXPECT_EQ(with([](auto&) {}), Error::rebalance_in_progress);
}

TEST(ClassicGroup, WhoNeverSyncsIsRemoved) {
  Script script({.initial_rebalance_delay = 1s});
  script.join({.session = 1000s, .rebalance = 20s});
  script.join({.session = 1000s, .rebalance = 20s});
  script.pass(3s);
  script.sync("m1", {{"m1", "one"}, {"m2", "two"}});
  script.written();
  script.pass(20s);
  EXPECT_EQ(script.group.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(script.heartbeat("m2"), Error::unknown_member_id);
  EXPECT_EQ(script.heartbeat("m1"), Error::rebalance_in_progress);
}

// ---- living and leaving

TEST(ClassicGroup, HeartbeatsTellWhatIsGoingOn) {
  Script script;
  script.stable(1);
  EXPECT_EQ(script.heartbeat("m1"), Error::none);
  EXPECT_EQ(script.heartbeat("m1", 0), Error::illegal_generation);
  EXPECT_EQ(script.heartbeat("nobody"), Error::unknown_member_id);
  script.join({});
  EXPECT_EQ(script.heartbeat("m1"), Error::rebalance_in_progress);
  script.join({.id = "m1"});
  EXPECT_EQ(script.heartbeat("m1"), Error::none) << "before it has synced, too";
}

TEST(ClassicGroup, WhoIsSilentForItsSessionTimeoutIsGone) {
  Script script;
  script.stable(2, {.session = 10s});
  script.pass(9s);
  EXPECT_EQ(script.heartbeat("m1"), Error::none);
  script.pass(2s);
  EXPECT_EQ(script.heartbeat("m2"), Error::unknown_member_id);
  EXPECT_EQ(script.heartbeat("m1"), Error::rebalance_in_progress);
  EXPECT_EQ(script.join_answer(script.join({.id = "m1"})).members.size(), 1u);
}

TEST(ClassicGroup, HeartbeatsDoNotMoveTheNextLook) {
  Script script;
  script.stable(1, {.session = 10s});
  script.pass(1s);
  const auto before = script.group.wake_at();
  script.pass(2s);
  script.heartbeat("m1");
  EXPECT_EQ(script.group.wake_at(), before) << "it is only a lower bound";
  script.pass(9s);
  EXPECT_EQ(script.heartbeat("m1"), Error::none) << "and looking too early does no harm";
}

TEST(ClassicGroup, WhoWaitsForAnAnswerIsAlive) {
  Script script;
  script.stable(2, {.session = 10s, .rebalance = 60s});
  const Ticket leader = script.join({.id = "m1", .session = 10s});
  for (int i = 0; i < 5; i++) {
    script.pass(9s);
    EXPECT_EQ(script.heartbeat("m2"), Error::rebalance_in_progress);
  }
  EXPECT_FALSE(script.answered(leader));
  script.join({.id = "m2", .session = 10s});
  EXPECT_EQ(script.join_answer(leader).members.size(), 2u);
}

TEST(ClassicGroup, AGroupWithoutMembersIsEmptyAndRemembersSo) {
  Script script;
  script.stable(1);
  const Generation generation = script.group.generation();
  EXPECT_THAT(script.leave({{"m1", {}}}), ElementsAre(Error::none));
  EXPECT_EQ(script.group.state(), GroupState::empty);
  EXPECT_EQ(script.group.generation(), generation + 1);
  EXPECT_TRUE(script.write);
  EXPECT_EQ(script.group.protocol_type(), "consumer");
  EXPECT_FALSE(script.group.protocol());
  EXPECT_FALSE(script.group.wake_at() && script.group.members().empty() && script.group.pending() > 0);
  script.pass(100s);
  EXPECT_FALSE(script.group.wake_at()) << "nothing is to be waited for";
}

TEST(ClassicGroup, LeavingIsAnsweredForEachWhoLeaves) {
  Script script;
  script.stable(1);
  const Ticket asked = script.join({.id_first = true});
  EXPECT_THAT(
      script.leave({{"nobody", {}}, {"", "unknown"}, {script.join_answer(asked).member_id, {}}, {"m1", {}}}),
      ElementsAre(Error::unknown_member_id, Error::unknown_member_id, Error::none, Error::none));
}

TEST(ClassicGroup, WhoStillJoinsWhenItIsSentAwayHearsSo) {
  Script script;
  script.stable(2);
  const Ticket join = script.join({.id = "m1"});
  script.leave({{"m1", {}}});
  EXPECT_EQ(script.error(join), Error::unknown_member_id);
}

// ---- commits

TEST(ClassicGroup, OnlyMembersOfTheGenerationCommit) {
  Script script;
  const auto may = [&](std::string id, Generation generation, bool transactional = false) {
    return script.group.may_commit(id, {}, generation, transactional, script.now);
  };
  EXPECT_EQ(may("", -1), Error::none) << "nobody is there";
  EXPECT_EQ(may("m1", 0), Error::unknown_member_id);
  script.join({});
  EXPECT_EQ(may("m1", 1), Error::rebalance_in_progress) << "it does not know what it reads yet";
  EXPECT_EQ(may("m1", 1, true), Error::none) << "what it has read is in its transaction already";
  script.sync("m1", {});
  script.written();
  EXPECT_EQ(may("m1", 1), Error::none);
  EXPECT_EQ(may("m1", 0), Error::illegal_generation);
  EXPECT_EQ(may("nobody", 1), Error::unknown_member_id);
  EXPECT_EQ(may("", -1), Error::unknown_member_id);
  EXPECT_EQ(may("", -1, true), Error::none) << "old transactional producers do not say who they are";
  script.join({});
  EXPECT_EQ(may("m1", 1), Error::none) << "what it has read before it joins again";
}

TEST(ClassicGroup, AMemberThatCommitsIsAlive) {
  Script script;
  script.stable(1, {.session = 10s});
  script.pass(9s);
  EXPECT_EQ(script.group.may_commit("m1", {}, script.group.generation(), false, script.now), Error::none);
  script.pass(9s);
  EXPECT_EQ(script.heartbeat("m1"), Error::none);
}

TEST(ClassicGroup, EverybodyWhoWaitsIsSentAwayWhenItIsAbandoned) {
  Script script;
  script.stable(2);
  const Ticket join = script.join({.id = "m1"});
  ClassicGroup::Step step;
  script.group.abandon(Error::not_coordinator, step);
  ASSERT_EQ(step.joined.size(), 1u);
  EXPECT_EQ(step.joined[0].first, join);
  EXPECT_EQ(step.joined[0].second.error, Error::not_coordinator);
}

}  // namespace
}  // namespace mq::core
