// SPDX-License-Identifier: Apache-2.0
// Groups of the consumer protocol in the coordinator, without sockets: what time does to them, and restarts.
#include "tests/core/group/consumers.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "tests/core/group/coordinated_groups.h"
#include "tests/support/power_cut.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

class ConsumersTest : public CoordinatedGroups {
 protected:
  void SetUp() override {
    CoordinatedGroups::SetUp();
    make("t", 4);
  }
  void reopen() {
    settle();
    CoordinatedGroups::reopen();
  }
  ConsumerGroup::Answer beat(const std::string& member, Epoch epoch) {
    ConsumerGroup::Heartbeat request;
    request.member_id = member;
    request.epoch = epoch;
    return run(groups->consumers().heartbeat("g", std::move(request)));
  }
  ConsumerGroup::Answer join(const std::string& member) {
    ConsumerGroup::Heartbeat request;
    request.member_id = member;
    request.rebalance_timeout = 30s;
    request.topics = {"t"};
    request.owned = Assignment{};
    return run(groups->consumers().heartbeat("g", std::move(request)));
  }
  Error commit(const std::string& member, Epoch epoch, bool knows_epochs = true) {
    std::vector<PartitionCommit> commits;
    commits.push_back(
        {"t", 0, {.offset = 5, .committed_ms = clock.wall_ms()}, topics->catalog.find("t")->id});
    Commits::Committer who{"g", member, {}, epoch, knows_epochs};
    return run(groups->commits().commit(std::move(who), std::move(commits))).at(0);
  }
  std::size_t members() const { return groups->registry().find("g")->consumer->members().size(); }
};

TEST_F(ConsumersTest, AMemberThatIsSilentIsRemovedAndStaysSoAfterARestart) {
  EXPECT_EQ(size_of(*join("m1").assignment), 4u);
  EXPECT_EQ(size_of(*join("m2").assignment), 0u);
  pass(30s);
  EXPECT_EQ(beat("m2", 2).error, Error::none);
  pass(16s);
  EXPECT_EQ(members(), 1u);
  EXPECT_EQ(size_of(*beat("m2", 2).assignment), 4u);
  reopen();
  EXPECT_EQ(members(), 1u);
  EXPECT_EQ(beat("m1", 1).error, Error::unknown_member_id);
  EXPECT_EQ(beat("m2", 3).error, Error::none);
}

TEST_F(ConsumersTest, AGroupMayHaveASessionTimeoutOfItsOwn) {
  groups->configs().set("g", {{"consumer.session.timeout.ms", "10000"}});
  join("m1");
  groups->configs().set("g", {{"consumer.session.timeout.ms", "20000"}});
  pass(9s);
  EXPECT_EQ(beat("m1", 1).error, Error::none);
  pass(19s);
  EXPECT_EQ(beat("m1", 1).error, Error::none) << "what is altered counts from the next heartbeat on";
  groups->configs().set("g", {});
  beat("m1", 1);
  pass(44s);
  EXPECT_EQ(members(), 1u);
  pass(1s);
  EXPECT_EQ(members(), 0u);
}

TEST_F(ConsumersTest, MembersHaveAWholeSessionToComeBackAfterARestart) {
  join("m1");
  close();
  clock.pass(1h);
  open();
  pass(44s);
  EXPECT_EQ(beat("m1", 1).error, Error::none);
}

TEST_F(ConsumersTest, AMemberThatDoesNotGiveUpIsRemovedAlsoWhenABrokerRestartedMeanwhile) {
  join("m1");
  join("m2");
  EXPECT_EQ(size_of(*beat("m1", 1).assignment), 2u) << "it shall give up two";
  reopen();
  pass(20s);
  beat("m1", 1);
  beat("m2", 2);
  pass(10s);
  EXPECT_EQ(beat("m1", 1).error, Error::unknown_member_id);
  EXPECT_EQ(size_of(*beat("m2", 2).assignment), 4u);
}

TEST_F(ConsumersTest, AGroupThatEverybodyLeftIsForgottenAfterAWhile) {
  join("m1");
  beat("m1", -1);
  EXPECT_EQ(beat("m1", 1).error, Error::unknown_member_id);
  pass(11min);
  EXPECT_FALSE(groups->registry().find("g"));
  EXPECT_EQ(beat("m1", 1).error, Error::group_id_not_found);
  reopen();
  EXPECT_FALSE(groups->registry().find("g"));
}

TEST_F(ConsumersTest, OffsetsOfWhatMembersReadDoNotExpire) {
  join("m1");
  EXPECT_EQ(commit("m1", 1), Error::none);
  clock.pass(std::chrono::hours(24 * 8));
  beat("m1", 1);
  pass(0s);
  EXPECT_TRUE(groups->registry().find("g")->offsets.find("t", 0));
  beat("m1", -1);
  pass(std::chrono::hours(24 * 8));
  EXPECT_FALSE(groups->registry().find("g"));
}

TEST_F(ConsumersTest, ACommitOfAnOldVersionCannotSayWhichEpochItIsOf) {
  join("m1");
  EXPECT_EQ(commit("m1", 1, false), Error::unsupported_version);
  EXPECT_EQ(commit("", -1, false), Error::unknown_member_id);
  beat("m1", -1);
  EXPECT_EQ(commit("", -1, false), Error::none) << "a tool may, while nobody is there";
}

TEST_F(ConsumersTest, ANameThatSomebodyMentionedIsNoGroup) {
  EXPECT_EQ(beat("m1", 1).error, Error::group_id_not_found);
  EXPECT_FALSE(groups->registry().find("g"));
}

// ---- from one protocol to the other, with members

class ProtocolChange : public ConsumersTest {
 protected:
  ClassicGroup::JoinAnswer join_classic(const std::string& id, const NamedPartitions& owned = {}) {
    auto request = classic_join(id, subscription({"t"}, owned));
    if (id.empty()) request.new_member_id = "c" + std::to_string(++ids_);
    return run(groups->classic().join("g", std::move(request)));
  }
  ClassicGroup::SyncAnswer sync(const std::string& id, Generation generation,
                                std::vector<std::pair<std::string, kafka::Bytes>> assignments = {}) {
    auto request = classic_sync(id, generation);
    request.assignments = std::move(assignments);
    return run(groups->classic().sync("g", std::move(request)));
  }
  Error beat_classic(const std::string& id, Generation generation) {
    const Error answer = run(groups->classic().heartbeat("g", id, {}, generation));
    settle();
    return answer;
  }
  void leave_classic(const std::string& id) {
    std::vector<ClassicGroup::Leaving> leaving{{id, {}}};
    EXPECT_EQ(run(groups->classic().leave("g", std::move(leaving)))->at(0), Error::none);
    settle();
  }
  // A classic group of c1, which reads everything.
  void classic_group() {
    latest = join_classic("").generation;
    sync("c1", latest, {{"c1", assigned({{"t", {0, 1, 2, 3}}})}});
  }
  // c1 and m1 share; each has two partitions.
  void mixed_group() {
    classic_group();
    join("m1");
    EXPECT_EQ(beat_classic("c1", latest), Error::rebalance_in_progress);
    latest = join_classic("c1").generation;
    EXPECT_EQ(read_assigned(sync("c1", latest).assignment)["t"].size(), 2u);
    EXPECT_EQ(size_of(*beat("m1", latest).assignment), 2u);
  }
  void allow(MigrationPolicy policy) {
    settle();
    close();
    config.group_migration = policy;
    open();
  }
  const Group& group() const { return *groups->registry().find("g"); }

  Generation latest = -1;

 private:
  int ids_ = 0;
};

TEST_F(ProtocolChange, AMemberOfTheConsumerProtocolTakesTheClassicOnesAlong) {
  classic_group();
  EXPECT_EQ(commit("c1", latest), Error::none);
  const auto answer = join("m1");
  EXPECT_EQ(answer.error, Error::none);
  EXPECT_EQ(answer.epoch, latest + 1);
  EXPECT_EQ(answer.assignment, Assignment{}) << "c1 reads everything";
  EXPECT_EQ(members(), 2u);
  EXPECT_TRUE(group().offsets.find("t", 0));
  EXPECT_EQ(commit("c1", latest, false), Error::none) << "it goes on as it is used to";
  EXPECT_EQ(beat_classic("c1", latest), Error::rebalance_in_progress);
}

TEST_F(ProtocolChange, WhoWaitsForARebalanceIsToldToComeAgain) {
  classic_group();
  std::optional<Error> answer;
  auto waiting = [](ClassicRunner* to, std::optional<Error>* out) -> Task<void> {
    auto request = classic_join("", subscription({"t"}));
    request.new_member_id = "late";
    const auto joined = co_await to->join("g", std::move(request));
    *out = joined.error;
  };
  asio::co_spawn(loop, waiting(&groups->classic(), &answer), asio::detached);
  loop.poll();
  EXPECT_EQ(answer, std::nullopt) << "c1 has to join first";
  join("m1");
  loop.poll();
  EXPECT_EQ(answer, Error::rebalance_in_progress);
  EXPECT_FALSE(group().consumer->find("late"));
  EXPECT_EQ(join_classic("late").generation, latest + 2);
}

TEST_F(ProtocolChange, ARestartInTheMiddleChangesNothingForEither) {
  classic_group();
  join("m1");
  reopen();
  EXPECT_EQ(beat_classic("c1", latest), Error::rebalance_in_progress);
  latest = join_classic("c1").generation;
  reopen();
  EXPECT_EQ(read_assigned(sync("c1", latest).assignment)["t"].size(), 2u);
  EXPECT_EQ(size_of(*beat("m1", latest).assignment), 2u);
  reopen();
  EXPECT_EQ(beat_classic("c1", latest), Error::none);
  EXPECT_EQ(beat("m1", latest).error, Error::none);
  EXPECT_EQ(group().consumer->state(), ConsumerGroupState::stable);
}

TEST_F(ProtocolChange, TheLastOfTheConsumerProtocolLeavesAClassicGroup) {
  mixed_group();
  EXPECT_EQ(commit("m1", latest), Error::none);
  EXPECT_EQ(beat("m1", -1).error, Error::none);
  ASSERT_FALSE(group().consumer);
  EXPECT_EQ(group().classic.state(), GroupState::preparing_rebalance);
  EXPECT_EQ(beat_classic("c1", latest), Error::rebalance_in_progress);
  EXPECT_EQ(beat("m1", latest).error, Error::group_id_not_found);
  const auto joined = join_classic("c1");
  EXPECT_GT(joined.generation, latest + 1);
  EXPECT_EQ(joined.leader, "c1");
  EXPECT_EQ(sync("c1", joined.generation, {{"c1", assigned({{"t", {0, 1, 2, 3}}})}}).error, Error::none);
  EXPECT_TRUE(group().offsets.find("t", 0));
  reopen();
  EXPECT_FALSE(group().consumer);
  EXPECT_EQ(beat_classic("c1", joined.generation), Error::none);
}

TEST_F(ProtocolChange, AfterARestartOnTheWayBackEverybodyJoinsAnew) {
  mixed_group();
  beat("m1", -1);
  reopen();
  ASSERT_FALSE(group().consumer);
  EXPECT_EQ(beat_classic("c1", latest), Error::illegal_generation) << "what m1 read is nobody's";
  EXPECT_EQ(join_classic("c1").leader, "c1");
}

TEST_F(ProtocolChange, SilenceOfTheLastOneEndsTheConsumerGroupToo) {
  mixed_group();
  for (int i = 0; i < 5; i++) {
    pass(9s);
    EXPECT_EQ(beat_classic("c1", latest), i < 4 ? Error::none : Error::rebalance_in_progress);
  }
  EXPECT_FALSE(group().consumer);
}

TEST_F(ProtocolChange, ALastOneThatJoinsInTheClassicProtocolEndsItAsWell) {
  classic_group();
  ConsumerGroup::Heartbeat request = joining("m1");
  request.instance_id = "i";
  run(groups->consumers().heartbeat("g", request));
  auto back = classic_join("", subscription({"t"}));
  back.instance_id = "i";
  back.new_member_id = "c2";
  const auto joined = run(groups->classic().join("g", back));
  EXPECT_EQ(joined.error, Error::none);
  EXPECT_FALSE(group().consumer);
  EXPECT_EQ(sync("c2", joined.generation).error, Error::rebalance_in_progress);
}

TEST_F(ProtocolChange, ThereAndBackAndThereAgainLeavesNothingBehind) {
  mixed_group();
  beat("m1", -1);
  latest = join_classic("c1").generation;
  sync("c1", latest, {{"c1", assigned({{"t", {0, 1, 2, 3}}})}});
  EXPECT_GT(join("m2").epoch, latest);
  reopen();
  EXPECT_EQ(members(), 2u);
  EXPECT_FALSE(group().consumer->find("m1"));
  EXPECT_TRUE(group().classic.members().empty());
  leave_classic("c1");
  reopen();
  EXPECT_EQ(members(), 1u);
  EXPECT_EQ(size_of(*beat("m2", latest + 1).assignment), 4u);
}

TEST_F(ProtocolChange, AFirstMemberThatIsRefusedLeavesTheClassicGroupAlone) {
  classic_group();
  ConsumerGroup::Heartbeat request = joining("m1");
  request.assignor = "unheard-of";
  EXPECT_EQ(run(groups->consumers().heartbeat("g", request)).error, Error::unsupported_assignor);
  EXPECT_FALSE(group().consumer);
  EXPECT_EQ(beat_classic("c1", latest), Error::none);
}

class ProtocolChangeOnABadDisk : public ProtocolChange {
 protected:
  storage::FileSystem& files() override { return faulty; }
  test::PowerCut faulty{dir.path()};
};

TEST_F(ProtocolChangeOnABadDisk, WhoLeavesAMixedGroupHasLeftWhenThatIsWritten) {
  mixed_group();
  settle();
  faulty.inject({test::PowerCut::Call::sync, 1, EIO, "0000000001.log"});
  std::vector<ClassicGroup::Leaving> leaving{{"c1", {}}};
  const auto left = run(groups->classic().leave("g", std::move(leaving)));
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error(), error_code(Error::not_coordinator));
  EXPECT_EQ(size_of(*beat("m1", latest).assignment), 4u)
      << "it is gone, and that is written with what is next";
  reopen();
  EXPECT_EQ(members(), 1u);
}

TEST_F(ProtocolChange, APolicyForbidsTheWayUp) {
  for (const MigrationPolicy policy : {MigrationPolicy::downgrade, MigrationPolicy::disabled}) {
    allow(policy);
    if (latest < 0) classic_group();
    EXPECT_EQ(join("m1").error, Error::group_id_not_found);
    EXPECT_EQ(beat_classic("c1", latest), Error::none);
  }
  leave_classic("c1");
  EXPECT_EQ(join("m1").error, Error::none) << "an empty group is free";
  EXPECT_EQ(join_classic("").error, Error::inconsistent_group_protocol);
}

TEST_F(ProtocolChange, APolicyForbidsTheWayDown) {
  allow(MigrationPolicy::upgrade);
  mixed_group();
  beat("m1", -1);
  ASSERT_TRUE(group().consumer) << "a consumer group of classic members";
  EXPECT_EQ(beat_classic("c1", latest), Error::rebalance_in_progress);
  latest = join_classic("c1").generation;
  EXPECT_EQ(read_assigned(sync("c1", latest).assignment)["t"].size(), 4u);
  EXPECT_EQ(beat_classic("c1", latest), Error::none);
}

}  // namespace
}  // namespace mq::core
