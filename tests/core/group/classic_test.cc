// SPDX-License-Identifier: Apache-2.0
#include "core/group/classic.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace mq::core {
namespace {

using kafka::Error;
using std::chrono::milliseconds;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

kafka::Bytes bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}
std::string text(const kafka::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What a join asks for.
struct Asks {
  std::string id = {};
  std::optional<std::string> instance = {};
  std::vector<std::pair<std::string, std::string>> protocols = {{"range", "topics"}};
  std::string type = "consumer";
  milliseconds session = 10s, rebalance = 60s;
  bool id_first = false, may_skip = false;
};

// A group, its time and what it answered: a script is calls of these.
class Script {
 public:
  explicit Script(ClassicLimits limits = {}) : group(limits) {}

  // The ticket of the request; the answer is in `joined` when it has come.
  Ticket join(Asks asks) {
    ClassicGroup::Join join;
    join.member_id = asks.id;
    join.instance_id = asks.instance;
    join.client_id = "client";
    join.client_host = "/127.0.0.1";
    join.session_timeout = asks.session;
    join.rebalance_timeout = asks.rebalance;
    join.protocol_type = asks.type;
    for (auto& [name, metadata] : asks.protocols) join.protocols.push_back({name, bytes(metadata)});
    if (join.member_id.empty()) join.new_member_id = "m" + std::to_string(++ids_);
    join.id_first = asks.id_first;
    join.may_skip_assignment = asks.may_skip;
    Step step;
    group.join(std::move(join), ++tickets_, now, step);
    take(step);
    return tickets_;
  }
  Ticket sync(std::string id, std::map<std::string, std::string> assignments = {},
              std::optional<Generation> generation = {}) {
    ClassicGroup::Sync sync;
    sync.member_id = std::move(id);
    sync.generation = generation.value_or(group.generation());
    for (auto& [member, assignment] : assignments) sync.assignments.emplace_back(member, bytes(assignment));
    return sync_as(std::move(sync));
  }
  Ticket sync_as(ClassicGroup::Sync sync) {
    Step step;
    group.sync(std::move(sync), ++tickets_, now, step);
    take(step);
    return tickets_;
  }
  Error heartbeat(std::string id, std::optional<Generation> generation = {}) {
    return group.heartbeat(id, {}, generation.value_or(group.generation()), now);
  }
  std::vector<Error> leave(std::vector<ClassicGroup::Leaving> leaving) {
    Step step;
    auto answers = group.leave(leaving, now, step);
    take(step);
    return answers;
  }
  // Time passes; whoever looks after the group looks when it wants to be looked at.
  void pass(Time::duration time) {
    const Time end = now.time + time;
    while (group.wake_at() && *group.wake_at() <= end) {
      advance(std::max(now.time, *group.wake_at()));
      Step step;
      group.expire(now, step);
      take(step);
    }
    advance(end);
  }
  void written(Error error = Error::none) {
    ASSERT_TRUE(write) << "nothing was to be written";
    Step step;
    group.written(*std::exchange(write, std::nullopt), error, now, step);
    take(step);
  }

  bool answered(Ticket ticket) const { return joined.contains(ticket) || synced.contains(ticket); }
  const ClassicGroup::JoinAnswer& join_answer(Ticket ticket) {
    EXPECT_TRUE(joined.contains(ticket)) << "the join still waits";
    return joined[ticket];
  }
  const ClassicGroup::SyncAnswer& sync_answer(Ticket ticket) {
    EXPECT_TRUE(synced.contains(ticket)) << "the sync still waits";
    return synced[ticket];
  }
  Error error(Ticket ticket) {
    return joined.contains(ticket) ? joined[ticket].error : sync_answer(ticket).error;
  }

  // A stable group of `count` members m1, m2, …; the first one leads.
  void stable(int count, Asks asks = {}) {
    std::vector<std::string> ids;
    std::map<std::string, std::string> assignments;
    for (int i = 0; i < count; i++) {
      Asks one = asks;
      if (asks.instance) one.instance = *asks.instance + std::to_string(i + 1);
      join(one);
      ids.push_back("m" + std::to_string(ids_));
      assignments[ids.back()] = "work of " + ids.back();
      for (std::size_t k = 0; k + 1 < ids.size(); k++) {
        one.id = ids[k];
        if (asks.instance) one.instance = *asks.instance + std::to_string(k + 1);
        join(one);
      }
    }
    for (const std::string& id : ids)
      sync(id, id == group.members().leader() ? assignments : decltype(assignments)());
    written();
    ASSERT_EQ(group.state(), GroupState::stable);
  }

  using Step = ClassicGroup::Step;
  ClassicGroup group;
  Now now{Time(1000s), 1'000'000};
  std::map<Ticket, ClassicGroup::JoinAnswer> joined;
  std::map<Ticket, ClassicGroup::SyncAnswer> synced;
  std::optional<std::uint64_t> write;

 private:
  void advance(Time to) {
    now.wall_ms += std::chrono::duration_cast<milliseconds>(to - now.time).count();
    now.time = to;
  }
  void take(Step& step) {
    for (auto& [ticket, answer] : step.joined) {
      EXPECT_FALSE(answered(ticket)) << "answered twice";
      joined[ticket] = std::move(answer);
    }
    for (auto& [ticket, answer] : step.synced) {
      EXPECT_FALSE(answered(ticket)) << "answered twice";
      synced[ticket] = std::move(answer);
    }
    if (step.write) write = step.write;
  }

  Ticket tickets_ = 0;
  int ids_ = 0;
};

using Members = std::map<std::string, std::string>;
Members members_of(const ClassicGroup::JoinAnswer& answer) {
  Members members;
  for (const auto& member : answer.members) members[member.id] = text(member.metadata);
  return members;
}

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

// ---- static members

TEST(ClassicGroup, AStaticMemberThatComesBackTakesItsPlaceWithoutARebalance) {
  Script script;
  script.stable(2, {.instance = "i"});
  const Generation generation = script.group.generation();
  const Ticket back = script.join({.instance = "i2", .session = 20s});
  EXPECT_FALSE(script.answered(back)) << "its new id must not be forgotten";
  script.written();
  const auto& answer = script.join_answer(back);
  EXPECT_EQ(answer.error, Error::none);
  EXPECT_EQ(answer.generation, generation);
  EXPECT_EQ(answer.leader, "m1");
  EXPECT_NE(answer.member_id, "m2");
  EXPECT_EQ(script.group.state(), GroupState::stable);
  EXPECT_EQ(text(script.sync_answer(script.sync(answer.member_id)).assignment), "work of m2");
  EXPECT_EQ(script.group.members().find(answer.member_id)->session_timeout, 20s) << "what it says now counts";
  EXPECT_EQ(script.group.heartbeat("m2", "i2", generation, script.now), Error::fenced_instance_id);
  EXPECT_EQ(script.group.heartbeat("m2", {}, generation, script.now), Error::unknown_member_id);
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

// ---- commits

TEST(ClassicGroup, OnlyMembersOfTheGenerationCommit) {
  Script script;
  const auto may = [&](std::string id, Generation generation, bool transactional = false) {
    return script.group.may_commit(id, {}, generation, transactional, script.now);
  };
  EXPECT_EQ(may("", -1), Error::none) << "nobody is there";
  script.join({});
  EXPECT_EQ(may("m1", 1), Error::rebalance_in_progress) << "it does not know what it reads yet";
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

// ---- whatever happens

// Members that do what clients do, in any order, with everything that goes wrong.
class RandomMembers {
 public:
  explicit RandomMembers(unsigned seed) : random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      event();
      check();
    }
  }

 private:
  struct Waiting {
    Time since;
    bool is_join;
    std::string member;
  };

  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  void event() {
    const std::string id = pick(3) == 0 || ids_.empty() ? "" : ids_[pick(ids_.size())];
    switch (pick(8)) {
      case 0:
      case 1:
        return joins(id);
      case 2:
      case 3:
        return syncs(id);
      case 4:
        script_.heartbeat(id);
        return;
      case 5:
        if (pick(4) == 0) script_.leave({{id, {}}});
        return;
      case 6:
        if (script_.write) script_.written(pick(5) == 0 ? Error::not_coordinator : Error::none);
        return;
      default:
        script_.pass(milliseconds(pick(8000)));
    }
  }
  void joins(const std::string& id) {
    Asks asks;
    asks.id = id;
    if (id.empty() && pick(3) == 0) asks.instance = "i" + std::to_string(pick(3));
    if (pick(4) == 0) asks.protocols = {{"range", "v" + std::to_string(pick(2))}};
    asks.session = 10s;
    asks.rebalance = 20s;
    asks.id_first = pick(2) == 0;
    waiting_[script_.join(asks)] = {script_.now.time, true, id};
  }
  void syncs(const std::string& id) {
    std::map<std::string, std::string> all;  // each its own partition, named after it
    for (const auto& [member, state] : script_.group.members().all()) all[member] = member;
    const Generation generation = script_.group.generation() - static_cast<int>(pick(8) == 0);
    waiting_[script_.sync(id, all, generation)] = {script_.now.time, false, id};
  }

  void check() {
    const Generation generation = script_.group.generation();
    ASSERT_GE(generation, generation_) << "generations only grow";
    generation_ = generation;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      if (!script_.answered(at->first)) {
        // A first join 300 s, others the rebalance timeout, once more when a static member alone is waited
        // for.
        ASSERT_LE(script_.now.time - at->second.since, 301s) << "nobody waits for ever";
        ++at;
        continue;
      }
      learn(at->first, at->second);
      at = waiting_.erase(at);
    }
    const ClassicGroup& group = script_.group;
    ASSERT_TRUE(group.state() != GroupState::empty || group.members().empty());
    ASSERT_TRUE(group.state() != GroupState::stable || !group.members().leader().empty());
    ASSERT_TRUE(group.members().empty() || group.wake_at() || script_.write) << "somebody has a deadline";
  }
  void learn(Ticket ticket, const Waiting& asked) {
    if (asked.is_join) {
      const auto& answer = script_.join_answer(ticket);
      const bool has_id = answer.error == Error::none || answer.error == Error::member_id_required;
      if (has_id && std::find(ids_.begin(), ids_.end(), answer.member_id) == ids_.end())
        ids_.push_back(answer.member_id);
      if (ids_.size() > 12) ids_.erase(ids_.begin());
      return;
    }
    const auto& answer = script_.sync_answer(ticket);
    if (answer.error != Error::none || answer.assignment.empty()) return;
    const auto [owner, fresh] =
        owners_.emplace(std::pair(script_.group.generation(), text(answer.assignment)), asked.member);
    const bool taken = !fresh && owner->second != asked.member;  // by a static member's next process, at most
    ASSERT_FALSE(taken && script_.group.members().find(owner->second))
        << "a partition has two owners in one generation";
  }

  std::mt19937 random_;
  Script script_{{.members_max = 6, .initial_rebalance_delay = 1s}};
  std::vector<std::string> ids_;
  std::map<Ticket, Waiting> waiting_;
  std::map<std::pair<Generation, std::string>, std::string> owners_;
  Generation generation_ = 0;
};

TEST(ClassicGroup, KeepsItsPromisesWhateverItsMembersDo) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (unsigned run = 0; run < 20 && !testing::Test::HasFailure(); run++) RandomMembers(seed + run).run(2000);
}

}  // namespace
}  // namespace mq::core
