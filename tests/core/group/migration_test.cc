// SPDX-License-Identifier: Apache-2.0
#include "core/group/migration.h"

#include <gtest/gtest.h>

#include "core/group/consumer_records.h"
#include "tests/core/group/consumers.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

class MigrationTest : public testing::Test {
 protected:
  MigrationTest() { topics.put("t", 4); }

  ClassicMember classic(const std::string& id, kafka::Bytes assignment, kafka::Bytes metadata) const {
    ClassicMember member;
    member.id = id;
    member.session_timeout = 10s;
    member.rebalance_timeout = 30s;
    member.protocols.push_back({"range", std::move(metadata)});
    member.assignment = std::move(assignment);
    return member;
  }
  ClassicMember classic(const std::string& id, std::set<std::int32_t> partitions) const {
    return classic(id, assigned({{"t", std::move(partitions)}}), subscription({"t"}));
  }
  // A stable group in generation 5.
  ClassicGroup stable(std::vector<ClassicMember> members, const std::string& type = "consumer",
                      const std::string& assignor = "range") const {
    ClassicGroup made{ClassicLimits()};
    const std::string leader = members.front().id;
    made.restore(type, assignor, 5, leader, 0, std::move(members), {now, 0});
    return made;
  }
  // c1 and c2 own two partitions each; then somebody joins who speaks the consumer protocol.
  void mix() {
    group = upgraded(stable({classic("c1", {0, 1}), classic("c2", {2, 3})}), limits, topics, now).group;
    ASSERT_TRUE(group);
    group->heartbeat(joining("new"), now, rows);
  }

  Assignment t(std::set<std::int32_t> partitions) const { return {{topics.id("t"), std::move(partitions)}}; }
  Error beat(const std::string& id, Generation generation) {
    return group->heartbeat(id, {}, generation, now, rows);
  }
  ConsumerGroup::Answer beat_new(Epoch epoch, std::optional<Assignment> owned = {}) {
    ConsumerGroup::Heartbeat request;
    request.member_id = "new";
    request.epoch = epoch;
    request.owned = std::move(owned);
    return group->heartbeat(request, now, rows);
  }
  ClassicGroup::JoinAnswer join(const std::string& id, std::set<std::int32_t> owned = {}) {
    const NamedPartitions named{{"t", owned}};
    return group->join(classic_join(id, subscription({"t"}, owned.empty() ? NamedPartitions() : named)), now,
                       rows);
  }
  // None: it is told to join again.
  std::optional<std::set<std::int32_t>> sync(const std::string& id, Generation generation) {
    const auto answer = group->sync(classic_sync(id, generation), now);
    if (answer.error == Error::rebalance_in_progress) return {};
    EXPECT_EQ(answer.error, Error::none);
    return read_assigned(answer.assignment)["t"];
  }
  std::set<std::int32_t> owned(const std::string& id) const {
    const Assignment& all = group->find(id)->owns.assigned;
    return all.empty() ? std::set<std::int32_t>() : all.begin()->second;
  }
  void pass(Time::duration time) {
    now += time;
    group->expire(now, rows);
  }

  ListedTopics topics;
  ConsumerLimits limits;
  ConsumerGroupRows rows;
  Time now{};
  std::unique_ptr<ConsumerGroup> group;
};

// ---------------------------------------------------------------------------------------------- up

TEST_F(MigrationTest, MembersKeepWhatTheirLeaderAssigned) {
  const auto upgrade = upgraded(stable({classic("c1", {0, 1}), classic("c2", {2, 3})}), limits, topics, now);
  ASSERT_TRUE(upgrade.group) << upgrade.message;
  EXPECT_EQ(upgrade.group->epoch(), 5) << "the generation";
  EXPECT_EQ(upgrade.group->state(), ConsumerGroupState::stable);
  EXPECT_TRUE(upgrade.group->is_all_classic());
  EXPECT_TRUE(upgrade.group->reads("t"));
  const ConsumerMember& c1 = *upgrade.group->find("c1");
  EXPECT_EQ(c1.owns.assigned, t({0, 1}));
  EXPECT_EQ(c1.owns.epoch, 5);
  EXPECT_EQ(c1.rebalance_timeout, 30s);
  EXPECT_EQ(c1.classic->session_timeout, 10s);
}

TEST_F(MigrationTest, WhoHasNotHeardWhatItIsAssignedMayReadOnWhatItHad) {
  auto late = classic("c1", assigned({{"t", {0}}}), subscription({"t"}, {{"t", {3}}}));
  auto heard = classic("c2", assigned({{"t", {1}}}), subscription({"t"}, {{"t", {2}}}));
  late.owes_sync = true;
  const auto upgrade = upgraded(stable({late, heard}), limits, topics, now);
  EXPECT_EQ(upgrade.group->find("c1")->owns.assigned, t({0, 3}));
  EXPECT_EQ(upgrade.group->find("c2")->owns.assigned, t({1}));
}

TEST_F(MigrationTest, WhatCannotBeUnderstoodStaysAClassicGroup) {
  const auto error_of = [&](const ClassicGroup& of) {
    const auto upgrade = upgraded(of, limits, topics, now);
    EXPECT_FALSE(upgrade.group);
    EXPECT_FALSE(upgrade.message.empty());
    return upgrade.error;
  };
  EXPECT_EQ(error_of(stable({classic("c1", {0})}, "connect")), Error::group_id_not_found);
  EXPECT_EQ(error_of(stable({classic("c1", assigned({}), {})})), Error::group_id_not_found);
  const kafka::Bytes words(1);
  EXPECT_EQ(error_of(stable({classic("c1", words, subscription({"t"}))})), Error::group_id_not_found);
  const auto with_words = classic("c1", assigned({}, words), subscription({"t"}));
  EXPECT_EQ(error_of(stable({with_words}, "consumer", "their-own")), Error::unsupported_version);
  EXPECT_TRUE(upgraded(stable({with_words}, "consumer", "cooperative-sticky"), limits, topics, now).group)
      << "what it writes there nobody needs any more";
  limits.members_max = 1;
  EXPECT_EQ(error_of(stable({classic("c1", {0}), classic("c2", {1})})), Error::group_id_not_found);
}

// ---------------------------------------------------------------------------------------------- together

TEST_F(MigrationTest, APartitionMovesWhenItsClassicOwnerHasJoinedWithoutIt) {
  mix();
  EXPECT_EQ(group->epoch(), 6);
  EXPECT_EQ(owned("new"), std::set<std::int32_t>{});
  EXPECT_EQ(beat("c1", 5), Error::rebalance_in_progress);
  EXPECT_EQ(beat_new(6).assignment, std::nullopt) << "it waits";

  const auto joined = join("c1");
  EXPECT_EQ(joined.error, Error::none);
  EXPECT_EQ(joined.generation, 6);
  EXPECT_EQ(joined.protocol, "range");
  EXPECT_EQ(joined.leader, "") << "nobody leads";
  const auto kept = sync("c1", 6);
  const auto moved = beat_new(6).assignment;
  ASSERT_TRUE(kept && moved);
  EXPECT_EQ(kept->size() + size_of(*moved), 2u);
  EXPECT_EQ(beat("c1", 6), Error::none);

  EXPECT_EQ(join("c2").generation, 6);
  sync("c2", 6);
  beat_new(6);
  EXPECT_EQ(group->state(), ConsumerGroupState::stable);
  EXPECT_EQ(owned("c1").size() + owned("c2").size() + owned("new").size(), 4u);
}

TEST_F(MigrationTest, ACooperativeOwnerHearsWhatItKeepsBeforeItGivesUpTheRest) {
  group = upgraded(stable({classic("c1", {0, 1, 2, 3})}), limits, topics, now).group;
  group->heartbeat(joining("new"), now, rows);
  EXPECT_EQ(join("c1", {0, 1, 2, 3}).generation, 5) << "it stays where it is";
  const auto kept = sync("c1", 5);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), 2u);
  EXPECT_EQ(group->may_fetch("c1", 5), Error::none);
  EXPECT_EQ(beat("c1", 5), Error::rebalance_in_progress);
  EXPECT_EQ(beat_new(6).assignment, std::nullopt) << "it still reads them";

  EXPECT_EQ(join("c1", *kept).generation, 6);
  EXPECT_EQ(sync("c1", 6), kept);
  EXPECT_EQ(size_of(*beat_new(6).assignment), 2u);
}

TEST_F(MigrationTest, WhatBecomesFreeIsWorthAnotherJoin) {
  group = upgraded(stable({classic("c1", {}), classic("c2", {0, 1, 2, 3})}), limits, topics, now).group;
  group->heartbeat(joining("new"), now, rows);
  EXPECT_EQ(join("c1").generation, 6);
  EXPECT_EQ(sync("c1", 6), std::set<std::int32_t>{});
  EXPECT_EQ(beat("c1", 6), Error::none) << "c2 has everything";
  join("c2");
  EXPECT_EQ(beat("c1", 6), Error::rebalance_in_progress);
  EXPECT_EQ(join("c1").generation, 6);
  EXPECT_EQ(sync("c1", 6)->size(), 1u);
}

TEST_F(MigrationTest, ATopicThatGrowsIsSharedAnew) {
  mix();
  join("c1");
  EXPECT_TRUE(sync("c1", 6));
  topics.put("t", 7);
  EXPECT_EQ(beat("c1", 6), Error::rebalance_in_progress);
  EXPECT_EQ(join("c1").generation, 7);
}

TEST_F(MigrationTest, ClassicMembersMayJoinTheGroupToo) {
  mix();
  auto request = classic_join("", subscription({"t"}));
  request.new_member_id = "c3";
  request.id_first = true;
  const auto first = group->join(request, now, rows);
  EXPECT_EQ(first.error, Error::member_id_required);
  EXPECT_EQ(first.member_id, "c3");
  EXPECT_FALSE(group->find("c3"));
  EXPECT_EQ(join("c3").generation, 7);
  EXPECT_EQ(sync("c3", 7), std::set<std::int32_t>{}) << "all partitions are somebody's";
}

TEST_F(MigrationTest, ClassicMembersMustHaveAProtocolInCommon) {
  mix();
  const auto error_of = [&](const ClassicGroup::Join& request) {
    return group->join(request, now, rows).error;
  };
  EXPECT_EQ(error_of(classic_join("c3", subscription({"t"}), "sticky")), Error::inconsistent_group_protocol);
  EXPECT_EQ(error_of(classic_join("c3", {})), Error::inconsistent_group_protocol) << "it says nothing";
  auto other = classic_join("c3", subscription({"t"}));
  other.protocol_type = "connect";
  EXPECT_EQ(error_of(other), Error::inconsistent_group_protocol);
  EXPECT_FALSE(group->find("c3"));
}

TEST_F(MigrationTest, AFullGroupTakesNoClassicMemberEither) {
  limits.members_max = 3;
  mix();
  auto request = classic_join("", subscription({"t"}));
  request.new_member_id = "c3";
  const auto answer = group->join(request, now, rows);
  EXPECT_EQ(answer.error, Error::group_max_size_reached);
  EXPECT_EQ(answer.member_id, "");
  EXPECT_EQ(join("c1").error, Error::none) << "members may come again";
}

TEST_F(MigrationTest, WhoWasRemovedAndDoesNotKnowGivesUpEverythingFirst) {
  mix();
  const auto answer = join("gone", {1});
  EXPECT_EQ(answer.error, Error::unknown_member_id);
  EXPECT_EQ(join("gone").error, Error::none);
}

TEST_F(MigrationTest, AMemberIsAnsweredInItsGenerationAndItsProtocolOnly) {
  mix();
  EXPECT_EQ(beat("c1", 4), Error::illegal_generation);
  EXPECT_EQ(beat("nobody", 5), Error::unknown_member_id);
  EXPECT_EQ(beat("new", 6), Error::unknown_member_id) << "it speaks the consumer protocol";
  ConsumerGroup::Heartbeat request;
  request.member_id = "c1";
  request.epoch = 5;
  EXPECT_EQ(group->heartbeat(request, now, rows).error, Error::unknown_member_id);
  join("c1");
  EXPECT_EQ(group->sync(classic_sync("c1", 5), now).error, Error::illegal_generation);
  auto other = classic_sync("c1", 6);
  other.protocol = "sticky";
  EXPECT_EQ(group->sync(other, now).error, Error::inconsistent_group_protocol);
  EXPECT_EQ(group->may_fetch("c1", 5), Error::illegal_generation);
  EXPECT_EQ(group->may_fetch("c1", 6), Error::none);
  EXPECT_EQ(group->may_fetch("new", 5), Error::stale_member_epoch);
}

TEST_F(MigrationTest, ASyncThatCameTooLateIsSentBackToJoin) {
  mix();
  join("c1");
  group->heartbeat(joining("newer"), now, rows);
  EXPECT_EQ(sync("c1", 6), std::nullopt);
  EXPECT_EQ(join("c1").generation, 7);
  EXPECT_TRUE(sync("c1", 7));
}

// ---------------------------------------------------------------------------------------------- time

TEST_F(MigrationTest, AClassicMemberHasItsOwnSessionTimeout) {
  mix();
  pass(9s);
  beat("c1", 5);
  pass(1s);
  EXPECT_TRUE(group->find("c1"));
  EXPECT_FALSE(group->find("c2"));
  EXPECT_TRUE(group->find("new"));
}

TEST_F(MigrationTest, WhoDoesNotJoinInTimeIsRemovedHoweverAliveItIs) {
  mix();
  for (int i = 0; i < 5; i++) {
    EXPECT_EQ(beat("c1", 5), Error::rebalance_in_progress);
    pass(6s);
  }
  EXPECT_FALSE(group->find("c1"));
}

TEST_F(MigrationTest, WhoJoinsAndDoesNotSyncInTimeIsRemoved) {
  mix();
  join("c1");
  for (int i = 0; i < 4; i++) {
    EXPECT_EQ(beat("c1", 6), Error::none);
    beat("c2", 5);
    pass(7s);
  }
  beat("c1", 6);
  pass(2s);
  EXPECT_FALSE(group->find("c1"));
}

TEST_F(MigrationTest, JoiningAgainAndAgainDoesNotPutOffGivingUp) {
  group = upgraded(stable({classic("c1", {0, 1, 2, 3})}), limits, topics, now).group;
  group->heartbeat(joining("new"), now, rows);
  for (int i = 0; i < 5; i++) {
    EXPECT_EQ(join("c1", {0, 1, 2, 3}).generation, 5);
    sync("c1", 5);
    pass(6s);
  }
  EXPECT_FALSE(group->find("c1"));
}

// ---------------------------------------------------------------------------------------------- statics

TEST_F(MigrationTest, AnInstanceGoesOverToTheOtherProtocolWithWhatItHad) {
  auto first = classic("c1", {0, 1, 2, 3});
  first.instance_id = "i";
  group = upgraded(stable({first}), limits, topics, now).group;
  auto request = joining("new");
  request.instance_id = "i";
  EXPECT_EQ(group->heartbeat(request, now, rows).assignment, t({0, 1, 2, 3}));
  EXPECT_FALSE(group->find("c1"));
  const Epoch epoch = group->epoch();
  EXPECT_EQ(group->heartbeat("c1", "i", 5, now, rows), Error::fenced_instance_id);
  EXPECT_EQ(group->may_fetch("c1", 5, "i"), Error::fenced_instance_id);

  auto back = classic_join("", subscription({"t"}));
  back.instance_id = "i";
  back.new_member_id = "c2";
  EXPECT_EQ(group->join(back, now, rows).member_id, "c2");
  EXPECT_EQ(group->epoch(), epoch) << "nobody else is disturbed";
  EXPECT_EQ(sync("c2", epoch), (std::set<std::int32_t>{0, 1, 2, 3}));
  EXPECT_TRUE(group->is_all_classic());
  back.member_id = "c1";
  EXPECT_EQ(group->join(back, now, rows).error, Error::fenced_instance_id);
}

TEST_F(MigrationTest, AnAdministratorSendsAwayByInstanceWhateverItSpeaks) {
  mix();
  auto request = joining("static");
  request.instance_id = "i";
  group->heartbeat(request, now, rows);
  const std::vector<ClassicGroup::Leaving> leaving{{"", "i"}, {"", "j"}, {"c1", {}}, {"new", {}}};
  const auto answers = group->leave(leaving, rows);
  EXPECT_EQ(answers, (std::vector<Error>{Error::none, Error::unknown_member_id, Error::none,
                                         Error::unknown_member_id}));
  EXPECT_EQ(group->members().size(), 2u);
}

// ---------------------------------------------------------------------------------------------- down

TEST_F(MigrationTest, WhatIsLeftGoesOnAsAClassicGroupAndJoinsAnew) {
  mix();
  join("c1");
  const auto kept = sync("c1", 6);
  beat_new(-1);
  ASSERT_TRUE(group->is_all_classic());
  ClassicGroup old{ClassicLimits()};
  ClassicGroup::Step step;
  const Now then{now, 0};
  old.go_on(group->epoch() + 1, classic_members(*group, topics), then);
  EXPECT_EQ(old.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(read_assigned(old.members().find("c1")->assignment)["t"], kept);

  EXPECT_EQ(old.heartbeat("c1", {}, 6, then), Error::rebalance_in_progress);
  EXPECT_EQ(old.heartbeat("c2", {}, 5, then), Error::rebalance_in_progress) << "each in its own epoch";
  EXPECT_EQ(old.heartbeat("c2", {}, 6, then), Error::illegal_generation);
  EXPECT_EQ(old.may_commit("c2", {}, 5, false, then), Error::none) << "what it has read counts";
  old.join(classic_join("c1", subscription({"t"})), 1, then, step);
  old.join(classic_join("c2", subscription({"t"})), 2, then, step);
  ASSERT_EQ(step.joined.size(), 2u);
  EXPECT_EQ(step.joined.at(0).second.generation, group->epoch() + 2);
  EXPECT_EQ(old.heartbeat("c2", {}, 5, then), Error::illegal_generation);
}

TEST_F(MigrationTest, WhoDoesNotComeAlongIsRemovedFromTheClassicGroup) {
  mix();
  ClassicGroup old{ClassicLimits()};
  old.go_on(9, classic_members(*group, topics), {now, 0});
  ClassicGroup::Step step;
  now += 10s;
  old.expire({now, 0}, step);
  EXPECT_TRUE(old.members().empty());
  EXPECT_EQ(old.state(), GroupState::empty);
}

// ---------------------------------------------------------------------------------------------- the log

TEST_F(MigrationTest, WhatAClassicMemberSaidIsInItsRow) {
  mix();
  ConsumerGroup again(limits, topics);
  for (const KeyedRecord& record : records_of("g", group.get(), group->all_rows()))
    EXPECT_TRUE(restore(again, record.key, std::optional<net::Bytes>(*record.value)));
  again.restored(now);
  EXPECT_EQ(again.find("c1")->classic, group->find("c1")->classic);
  EXPECT_FALSE(again.find("new")->classic);
  EXPECT_EQ(again.heartbeat("c1", {}, 5, now, rows), Error::rebalance_in_progress);
}

}  // namespace
}  // namespace mq::core
