// SPDX-License-Identifier: Apache-2.0
// Static members of a classic group: who comes back under its name.
#include "tests/core/group/classic_script.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(ClassicGroup, AStaticMemberThatComesBackTakesItsPlaceWithoutARebalance) {
  Script script;
  script.stable(2, {.instance = "i"});
  const Generation generation = script.group.generation();
  const Ticket back = script.join(
      {.instance = "i2", .protocols = {{"range", "other topics"}}, .session = 20s, .rebalance = 70s});
  EXPECT_FALSE(script.answered(back)) << "its new id must not be forgotten";
  script.written();
  const auto& answer = script.join_answer(back);
  EXPECT_EQ(answer.error, Error::none);
  EXPECT_EQ(answer.generation, generation);
  EXPECT_EQ(answer.leader, "m1");
  EXPECT_NE(answer.member_id, "m2");
  EXPECT_EQ(script.group.state(), GroupState::stable);
  EXPECT_EQ(text(script.sync_answer(script.sync(answer.member_id)).assignment), "work of m2");
  const ClassicMember& member = *script.group.members().find(answer.member_id);
  EXPECT_EQ(member.session_timeout, 20s) << "what it says now counts";
  EXPECT_EQ(member.rebalance_timeout, 70s);
  EXPECT_EQ(text(member.metadata_for("range")), "other topics");
}

TEST(ClassicGroup, WhateverTheOldProcessOfAStaticMemberAsksForItHearsThatItWasReplaced) {
  Script script;
  script.stable(2, {.instance = "i"});
  script.join({.instance = "i2"});
  script.written();
  const Generation generation = script.group.generation();
  const auto& now = script.now;
  ClassicGroup::Sync sync;
  sync.member_id = "m2";
  sync.instance_id = "i2";
  sync.generation = generation;
  EXPECT_EQ(script.error(script.sync_as(sync)), Error::fenced_instance_id);
  EXPECT_EQ(script.error(script.join({.id = "m2", .instance = "i2"})), Error::fenced_instance_id);
  EXPECT_EQ(script.group.heartbeat("m2", "i2", generation, now), Error::fenced_instance_id);
  EXPECT_EQ(script.group.may_commit("m2", "i2", generation, false, now), Error::fenced_instance_id);
  EXPECT_EQ(script.group.may_commit("m2", "i2", generation, true, now), Error::fenced_instance_id);
  EXPECT_THAT(script.leave({{"m2", "i2"}}), ElementsAre(Error::fenced_instance_id));
  EXPECT_EQ(script.group.heartbeat("m2", {}, generation, now), Error::unknown_member_id)
      << "it does not say whose place it had";
  EXPECT_EQ(script.group.state(), GroupState::stable);
}

TEST(ClassicGroup, AStaticMemberWhoseNewIdCannotBeWrittenComesOnceMore) {
  Script script;
  script.stable(2, {.instance = "i"});
  const Generation generation = script.group.generation();
  const Ticket first = script.join({.instance = "i2"});
  script.written(Error::not_coordinator);
  EXPECT_EQ(script.error(first), Error::not_coordinator);
  const Ticket second = script.join({.instance = "i2"});
  script.written();
  EXPECT_EQ(script.join_answer(second).generation, generation);
  EXPECT_EQ(script.group.members().size(), 2u);
  EXPECT_EQ(script.group.state(), GroupState::stable);
}

TEST(ClassicGroup, AStaticLeaderThatComesBackDoesNotAssignAnew) {
  Script script;
  script.stable(2, {.instance = "i"});
  const Ticket old_client = script.join({.instance = "i1"});
  script.written();
  EXPECT_EQ(script.join_answer(old_client).leader, "m1")
      << "its old id: it does not take itself for the leader";
  const std::string id = script.join_answer(old_client).member_id;
  const Ticket new_client = script.join({.instance = "i1", .may_skip = true});
  script.written();
  const auto& answer = script.join_answer(new_client);
  EXPECT_EQ(answer.leader, answer.member_id);
  EXPECT_TRUE(answer.skip_assignment);
  EXPECT_EQ(answer.members.size(), 2u);
  EXPECT_NE(answer.member_id, id);
}

TEST(ClassicGroup, AStaticMemberThatWouldChangeTheProtocolMakesARebalance) {
  Script script;
  script.stable(1, {.instance = "i", .protocols = {{"range", ""}, {"sticky", ""}}});
  const Ticket back = script.join({.instance = "i1", .protocols = {{"sticky", ""}}});
  EXPECT_EQ(script.join_answer(back).protocol, "sticky");
  EXPECT_EQ(script.group.state(), GroupState::completing_rebalance);
}

TEST(ClassicGroup, AStaticMemberThatComesBackBetweenJoinAndSyncMakesARebalance) {
  Script script;
  const Ticket first = script.join({.instance = "i"});
  EXPECT_EQ(script.error(first), Error::none);
  const Ticket sync = script.sync("m1", {{"m1", "work"}});
  const Ticket second = script.join({.instance = "i"});
  EXPECT_EQ(script.error(sync), Error::fenced_instance_id);
  EXPECT_EQ(script.join_answer(second).generation, 2);
}

TEST(ClassicGroup, TheOldProcessOfAStaticMemberIsFencedWhileItJoins) {
  Script script;
  script.stable(2, {.instance = "i"});
  const Ticket old = script.join({.id = "m1", .instance = "i1"});
  const Ticket young = script.join({.instance = "i1"});
  EXPECT_EQ(script.error(old), Error::fenced_instance_id);
  EXPECT_FALSE(script.answered(young)) << "the other one has not joined";
  EXPECT_EQ(script.error(script.join({.id = "m1", .instance = "i1"})), Error::fenced_instance_id);
}

TEST(ClassicGroup, StaticMembersStayUntilTheirSessionEnds) {
  Script script;
  script.stable(2, {.instance = "i", .session = 100s, .rebalance = 20s});
  const Ticket first = script.join({.id = "m1", .instance = "i1", .session = 100s, .rebalance = 20s});
  script.pass(20s);
  EXPECT_EQ(script.join_answer(first).members.size(), 2u) << "the second did not come, and keeps its place";
}

TEST(ClassicGroup, WhenNoMemberComesTheRebalanceWaitsForTheirSessions) {
  Script script;
  script.stable(1, {.instance = "i", .session = 50s, .rebalance = 20s});
  const Ticket dynamic = script.join({.session = 50s, .rebalance = 20s});
  script.leave({{script.group.members().all().begin()->first == "m1" ? "m2" : "m2", {}}});
  EXPECT_EQ(script.error(dynamic), Error::unknown_member_id);
  script.pass(45s);
  EXPECT_EQ(script.group.state(), GroupState::preparing_rebalance);
  script.pass(10s);
  EXPECT_EQ(script.group.state(), GroupState::empty);
}

TEST(ClassicGroup, AnAdministratorSendsAStaticMemberAwayByItsName) {
  Script script;
  script.stable(2, {.instance = "i"});
  EXPECT_THAT(script.leave({{"", "i2"}}), ElementsAre(Error::none));
  EXPECT_EQ(script.group.members().size(), 1u);
  EXPECT_THAT(script.leave({{"m9", "i1"}}), ElementsAre(Error::fenced_instance_id));
}

}  // namespace
}  // namespace mq::core
