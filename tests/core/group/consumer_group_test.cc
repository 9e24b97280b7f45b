// SPDX-License-Identifier: Apache-2.0
#include "core/group/consumer_group.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "core/group/consumer_records.h"
#include "core/group/embedded_protocol.h"
#include "tests/core/group/consumers.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

class ConsumerGroupTest : public testing::Test {
 protected:
  ConsumerGroupTest() { topics.put("t", 4); }

  ConsumerGroup::Answer send(const ConsumerGroup::Heartbeat& request) {
    rows.clear();
    return group.heartbeat(request, now, rows);
  }
  ConsumerGroup::Answer join(const std::string& id) { return send(joining(id)); }
  ConsumerGroup::Answer beat(const std::string& id, Epoch epoch, std::optional<Assignment> owned = {}) {
    ConsumerGroup::Heartbeat request;
    request.member_id = id;
    request.epoch = epoch;
    request.owned = std::move(owned);
    return send(request);
  }
  Assignment t(std::set<std::int32_t> partitions) const { return {{topics.id("t"), std::move(partitions)}}; }
  std::size_t owned(const std::string& id) const { return size_of(group.find(id)->owns.assigned); }
  // m1 owns 0..3, m2 has joined and waits for its half.
  void two() {
    join("m1");
    join("m2");
    beat("m1", 1);
  }
  bool wrote(ConsumerGroupRow::Kind kind, const std::string& of = "") const {
    return rows.contains({kind, of});
  }
  using Kind = ConsumerGroupRow::Kind;

  Catalog topics;
  ConsumerLimits limits;
  ConsumerGroup group{limits, topics};
  ConsumerGroupRows rows;
  Time now{};
};

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

// ---------------------------------------------------------------------------------------------- random

// Consumers as they are: they own what they were told, give up first, lose answers, vanish and come back.
struct Consumer {
  enum class Speaks { consumer, eager, cooperative };  // the last two: the classic protocol
  enum class Next { join, sync, heartbeat };

  std::string id;
  Speaks speaks = Speaks::consumer;
  Epoch epoch = 0;
  Assignment owned;
  bool all_at_once = true;  // say everything
  Next next = Next::join;   // of the classic ones
};

class RandomGroup : public ConsumerGroupTest {
 protected:
  RandomGroup() {
    const char* given = std::getenv("MQ_SEED");
    const unsigned seed = given ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
    std::cout << "seed " << seed << "\n";
    random_.seed(seed);
  }
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  void heartbeat(Consumer& consumer, bool lost) {
    if (consumer.speaks != Consumer::Speaks::consumer) return step_classic(consumer, lost);
    auto request = joining(consumer.id);
    request.topics.reset();
    request.pattern = ".*";
    request.epoch = consumer.epoch;
    request.owned = consumer.owned;
    if (!consumer.all_at_once && consumer.epoch > 0) {
      request.rebalance_timeout.reset();
      request.pattern.reset();
    }
    const auto answer = send(request);
    write();
    if (answer.error != Error::none) {
      EXPECT_TRUE(answer.error == Error::fenced_member_epoch || answer.error == Error::unknown_member_id);
      consumer.epoch = 0;
      consumer.owned.clear();
      return;
    }
    consumer.all_at_once = lost;
    if (lost) return;
    EXPECT_GE(answer.epoch, consumer.epoch);
    consumer.epoch = answer.epoch;
    if (!answer.assignment) return;
    consumer.owned = *answer.assignment;  // it stops to read the rest at once, and says so next time
  }

  // One request of the three that the classic protocol has.
  void step_classic(Consumer& consumer, bool lost) {
    rows.clear();
    Error error = Error::none;
    if (consumer.next == Consumer::Next::heartbeat) {
      error = group.heartbeat(consumer.id, {}, consumer.epoch, now, rows);
    } else if (consumer.next == Consumer::Next::join) {
      const auto joined = group.join(joining_classic(consumer), now, rows);
      error = joined.error;
      if (!lost && error == Error::none) consumer.epoch = joined.generation;
      if (!lost && error == Error::none) consumer.next = Consumer::Next::sync;
    } else {
      const auto synced = group.sync(classic_sync(consumer.id, consumer.epoch), now);
      error = synced.error;
      if (!lost && error == Error::none) is_assigned(consumer, synced.assignment);
    }
    write();
    if (lost || error == Error::none) return;
    const bool is_over = error == Error::illegal_generation || error == Error::unknown_member_id;
    EXPECT_TRUE(is_over || error == Error::rebalance_in_progress);
    if (is_over || consumer.speaks == Consumer::Speaks::eager) consumer.owned.clear();
    consumer.next = Consumer::Next::join;
  }
  ClassicGroup::Join joining_classic(const Consumer& consumer) const {
    std::vector<std::string> names{"t"};
    for (int i = 0; i < 4; i++) names.push_back("t" + std::to_string(i));
    NamedPartitions owned;
    for (const std::string& name : names)
      if (const auto facts = topics.find(name); facts && consumer.owned.contains(facts->id))
        owned[name] = consumer.owned.at(facts->id);
    auto join = classic_join(consumer.id, subscription(std::move(names), owned));
    join.session_timeout = 45s;
    return join;
  }
  void is_assigned(Consumer& consumer, const kafka::Bytes& assignment) {
    const Assignment before = consumer.owned;
    consumer.owned = read_assignment(assignment, topics)->partitions;
    const bool gave_up = !is_within(before, consumer.owned);
    consumer.next = gave_up ? Consumer::Next::join : Consumer::Next::heartbeat;
  }

  void event() {
    const int what = below(100);
    if (what < 3) topics.put("t" + std::to_string(below(4)), 1 + below(10));
    if (what == 3) topics.remove("t" + std::to_string(below(4)));
    if (what < 10) now += std::chrono::seconds(below(25));
    if (what < 20) now += 1s;
    if (what < 25 && consumers_.size() < 8) {
      Consumer& consumer = consumers_.emplace_back();
      consumer.id = "m" + std::to_string(++ids_);
      consumer.speaks = static_cast<Consumer::Speaks>(below(3));
    }
    expire();
    if (consumers_.empty()) return;
    const auto at = consumers_.begin() + below(static_cast<int>(consumers_.size()));
    if (what < 95) return heartbeat(*at, below(10) == 0);
    if (what < 98) leave(*at);
    consumers_.erase(at);  // or it vanishes
  }

  void leave(const Consumer& consumer) {
    rows.clear();
    const std::vector<ClassicGroup::Leaving> leaving{{consumer.id, {}}};
    if (consumer.speaks == Consumer::Speaks::consumer)
      beat(consumer.id, -1);
    else
      group.leave(leaving, rows);
    write();
  }

  void expire() {
    if (!group.wake_at() || *group.wake_at() > now) return;
    rows.clear();
    group.expire(now, rows);
    write();
  }

  // As a compacted log keeps it.
  void write() {
    for (KeyedRecord& record : records_of("g", &group, rows)) {
      EXPECT_EQ(read_consumer_group_key(record.key), "g");
      log_[std::move(record.key)] = std::move(record.value);
    }
  }
  void restart() {
    ConsumerGroup again(limits, topics);
    for (const auto& [key, value] : log_)
      EXPECT_TRUE(restore(again, key, value ? std::optional<net::Bytes>(*value) : std::nullopt));
    again.restored(now);
    EXPECT_EQ(again.epoch(), group.epoch());
    EXPECT_EQ(again.target_epoch(), group.target_epoch());
    EXPECT_EQ(again.topics_hash(), group.topics_hash());
    ASSERT_EQ(again.members().size(), group.members().size());
    for (const auto& [id, member] : group.members()) {
      const ConsumerMember* restored = again.find(id);
      ASSERT_TRUE(restored) << id;
      EXPECT_EQ(restored->owns, member.owns);
      EXPECT_EQ(restored->target, member.target);
      EXPECT_EQ(restored->topics, member.topics);
      EXPECT_EQ(restored->pattern, member.pattern);
      EXPECT_EQ(restored->rebalance_timeout, member.rebalance_timeout);
      EXPECT_EQ(restored->classic, member.classic);
    }
  }

  void check() {
    EXPECT_LE(epoch_, group.epoch());
    EXPECT_LE(group.target_epoch(), group.epoch());
    epoch_ = group.epoch();
    Assignment all;
    for (const auto& [id, member] : group.members()) {
      EXPECT_LE(member.owns.epoch, group.target_epoch());
      for (const Assignment* part : {&member.owns.assigned, &member.owns.revoking}) {
        EXPECT_FALSE(have_common(all, *part)) << "a partition of two owners";
        add(all, *part);
      }
      const Time end = std::min(member.session_end, member.asked_until.value_or(Time::max()));
      EXPECT_GT(end, now) << id << " is there beyond its time";
      EXPECT_LE(*group.wake_at(), end);
    }
    Assignment read;
    for (const Consumer& consumer : consumers_) {
      if (!group.find(consumer.id)) continue;  // it is removed, and has not heard so
      const Assignment there = of_topics_that_exist(consumer.owned);
      EXPECT_FALSE(have_common(read, there)) << consumer.id << " reads what another reads";
      add(read, there);
    }
  }
  // Nobody can read the others, whoever takes them for its own.
  Assignment of_topics_that_exist(const Assignment& all) const {
    Assignment out;
    topics.each_name([&](const std::string& name) {
      const auto owned = all.find(topics.id(name));
      if (owned != all.end()) out.insert(*owned);
    });
    return out;
  }

  std::mt19937 random_;
  std::vector<Consumer> consumers_;
  int ids_ = 0;
  Epoch epoch_ = 0;
  std::map<kafka::Bytes, std::optional<kafka::Bytes>> log_;
};

TEST_F(RandomGroup, WhatIsWrittenIsTheWholeGroup) {
  for (int i = 0; i < 400 && !HasFailure(); i++) {
    event();
    restart();
  }
}

TEST_F(RandomGroup, APartitionHasOneReaderWhateverHappens) {
  for (int i = 0; i < 5000 && !HasFailure(); i++) {
    event();
    check();
  }
}

TEST_F(RandomGroup, EverybodyGetsThereOnceNothingChangesAnyMore) {
  for (int round = 0; round < 40 && !HasFailure(); round++) {
    for (int i = 0; i < 100; i++) event();
    if (consumers_.empty()) continue;
    now += 46s;  // those that vanished are gone
    for (Consumer& consumer : consumers_) heartbeat(consumer, false);
    expire();
    for (int turn = 0; turn < 40; turn++)
      for (Consumer& consumer : consumers_) heartbeat(consumer, false);
    EXPECT_EQ(group.state(), ConsumerGroupState::stable);
    std::size_t all = 0;
    for (const Consumer& consumer : consumers_) {
      EXPECT_EQ(consumer.owned, group.find(consumer.id)->target);
      all += size_of(consumer.owned);
    }
    EXPECT_EQ(all, topics.partitions());
  }
}

}  // namespace
}  // namespace mq::core
