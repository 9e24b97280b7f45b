// SPDX-License-Identifier: Apache-2.0
// Groups of the consumer protocol in the coordinator, without sockets: what time does to them, and restarts.
#include <gtest/gtest.h>

#include "core/group/coordinator.h"
#include "tests/core/stored_topics.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

class ConsumersTest : public StoredTopics {
 protected:
  void open() override {
    StoredTopics::open();
    groups = std::make_shared<GroupCoordinator>(loop, clock, config, *topics, *topic);
    groups->start();
    while (groups->is_loading()) loop.run_one();
  }
  void close() override {
    groups->stop();
    groups.reset();
    StoredTopics::close();
  }
  void SetUp() override {
    StoredTopics::SetUp();
    std::vector<NewTopic> wanted;
    wanted.push_back({"t", 4, {}});
    ASSERT_EQ(run(topics->create(std::move(wanted))).at(0).error, Error::none);
  }
  void reopen() {
    settle();
    close();
    open();
  }
  // Until whatever was begun is durable.
  void settle() {
    const auto busy_group = [](const auto& entry) { return entry.second->in_flight > 0; };
    while (std::any_of(groups->all().begin(), groups->all().end(), busy_group)) loop.run_one();
    loop.poll();
  }
  void pass(Time::duration time) {
    clock.pass(time);
    groups->wake();
    settle();
  }
  ConsumerGroup::Answer beat(const std::string& member, Epoch epoch) {
    ConsumerGroup::Heartbeat request;
    request.member_id = member;
    request.epoch = epoch;
    return run(groups->consumer_heartbeat("g", std::move(request)));
  }
  ConsumerGroup::Answer join(const std::string& member) {
    ConsumerGroup::Heartbeat request;
    request.member_id = member;
    request.rebalance_timeout = 30s;
    request.topics = {"t"};
    request.owned = Assignment{};
    return run(groups->consumer_heartbeat("g", std::move(request)));
  }
  Error commit(const std::string& member, Epoch epoch, bool knows_epochs = true) {
    std::vector<PartitionCommit> commits;
    commits.push_back({"t", 0, {.offset = 5, .committed_ms = clock.wall_ms()}});
    GroupCoordinator::Committer who{"g", member, {}, epoch, knows_epochs};
    return run(groups->commit(std::move(who), std::move(commits)));
  }
  std::size_t members() const { return groups->find("g")->consumer->members().size(); }

  std::shared_ptr<GroupCoordinator> groups;
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
  EXPECT_FALSE(groups->find("g"));
  EXPECT_EQ(beat("m1", 1).error, Error::group_id_not_found);
  reopen();
  EXPECT_FALSE(groups->find("g"));
}

TEST_F(ConsumersTest, OffsetsOfWhatMembersReadDoNotExpire) {
  join("m1");
  EXPECT_EQ(commit("m1", 1), Error::none);
  clock.pass(std::chrono::hours(24 * 8));
  beat("m1", 1);
  pass(0s);
  EXPECT_TRUE(groups->find("g")->offsets.find("t", 0));
  beat("m1", -1);
  pass(std::chrono::hours(24 * 8));
  EXPECT_FALSE(groups->find("g"));
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
  EXPECT_FALSE(groups->find("g"));
}

}  // namespace
}  // namespace mq::core
