// SPDX-License-Identifier: Apache-2.0
#include "core/partition/replicas.h"

#include <gmock/gmock.h>

namespace mq::core::replicas_test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ReplicaEntry one{1, 100}, two{2, 200}, three{3, 300};
constexpr Epoch epoch = 7;
constexpr StateVersion version = 50;
constexpr Time start{seconds(1000)};

const Registrations everybody{{1, {100, true}}, {2, {200, true}}, {3, {300, true}}};

PartitionState led_by_one(std::vector<ReplicaEntry> isr, int min_isr = 2) {
  PartitionState state;
  state.leader = 1;
  state.leader_broker_epoch = 100;
  state.leader_epoch = epoch;
  state.replicas = {1, 2, 3};
  state.isr = std::move(isr);
  state.min_isr = min_isr;
  return state;
}

// Broker 1 leads with a log of 100 that is durable; 90 are known to be committed.
Replicas leader_of(const PartitionState& state) {
  return {1, state, version, {100, 100, 90}, start};
}
Replicas leader_of(std::vector<ReplicaEntry> isr, int min_isr = 2) {
  return leader_of(led_by_one(std::move(isr), min_isr));
}

Replicas::Fetch from(ReplicaEntry follower, Offset durable_end) {
  return {follower.broker, follower.epoch, epoch, durable_end};
}

// ---- who else may be read from

TEST(Replicas, AReaderGoesToTheFollowerInSyncThatHasMost) {
  Replicas replicas = leader_of({one, two, three});
  EXPECT_FALSE(replicas.reader_at(50, std::vector<BrokerId>{2, 3})) << "they have not asked yet";
  replicas.fetched({2, two.epoch, epoch, 80, 10}, start);
  replicas.fetched({3, three.epoch, epoch, 90, 20}, start);
  EXPECT_EQ(replicas.reader_at(50, std::vector<BrokerId>{2, 3}), 3);
  EXPECT_EQ(replicas.reader_at(50, std::vector<BrokerId>{2}), 2);
  EXPECT_EQ(replicas.reader_at(15, std::vector<BrokerId>{2, 3}), 2) << "3 begins later";
  EXPECT_EQ(replicas.reader_at(90, std::vector<BrokerId>{2, 3}), 3) << "where it ends it waits";
  EXPECT_FALSE(replicas.reader_at(91, std::vector<BrokerId>{1, 2, 3}))
      << "of the leader itself nothing is said";
}

TEST(Replicas, NobodyReadsFromAFollowerThatIsNotInSync) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(three, 95), start);
  EXPECT_FALSE(replicas.reader_at(50, std::vector<BrokerId>{3}));
}

// ---- the high watermark

TEST(Replicas, HighWatermarkIsTheSlowestInSyncReplica) {
  Replicas replicas = leader_of({one, two, three});
  replicas.flushed(120, start);
  replicas.fetched(from(two, 118), start);
  replicas.fetched(from(three, 119), start);
  EXPECT_EQ(replicas.high_watermark(), 118);
}
TEST(Replicas, HighWatermarkWaitsForTheLeadersOwnDisk) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(two, 110), start);
  EXPECT_EQ(replicas.high_watermark(), 100);
  replicas.flushed(110, start);
  EXPECT_EQ(replicas.high_watermark(), 110);
}
TEST(Replicas, HighWatermarkDoesNotWaitForWhoIsNotInSync) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(three, 10), start);
  replicas.fetched(from(two, 100), start);
  EXPECT_EQ(replicas.high_watermark(), 100);
}
TEST(Replicas, HighWatermarkStaysUntilEveryMemberHasAsked) {
  Replicas replicas = leader_of({one, two, three});
  replicas.fetched(from(two, 100), start);
  EXPECT_EQ(replicas.high_watermark(), 90);
}
TEST(Replicas, HighWatermarkNeverGoesBack) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(two, 100), start);
  replicas.fetched(from(two, 95), start);
  EXPECT_EQ(replicas.high_watermark(), 100);
}
TEST(Replicas, HighWatermarkOfALogThatLostItsTailIsAtMostItsEnd) {
  const Replicas replicas(1, led_by_one({one, two}), version, {80, 80, 90}, start);
  EXPECT_EQ(replicas.high_watermark(), 80);
}
TEST(Replicas, HighWatermarkStandsBelowMinIsr) {
  Replicas replicas = leader_of({one});
  replicas.flushed(120, start);
  EXPECT_TRUE(replicas.is_below_min_isr());
  EXPECT_EQ(replicas.high_watermark(), 90);
  EXPECT_TRUE(replicas.adopt(led_by_one({one}, 1), version + 1));
  EXPECT_EQ(replicas.high_watermark(), 120) << "once one is enough";
}
TEST(Replicas, HighWatermarkOfTheOnlyReplicaIsItsDurableEnd) {
  const Registrations alone{{1, {100, true}}};
  Replicas replicas(1, initial_state({1}, 1, alone), 0, {100, 100, 0}, start);
  EXPECT_EQ(replicas.high_watermark(), 100);
  replicas.flushed(130, start);
  EXPECT_EQ(replicas.high_watermark(), 130);
}

TEST(Replicas, WhatAFollowerHadBehindAFailedWriteIsNotWhatWillBeThere) {
  // Both copied [90, 100) from an earlier leader; this one has not flushed it, and loses it.
  Replicas replicas(1, led_by_one({one, two}), version, {100, 90, 90}, start);
  replicas.fetched(from(two, 100), start);
  replicas.truncated(90);
  replicas.flushed(100, start);  // the same offsets, given again
  EXPECT_EQ(replicas.high_watermark(), 90);
  replicas.fetched(from(two, 100), start);
  EXPECT_EQ(replicas.high_watermark(), 100) << "once it no longer diverges";
}

// ---- fetches that do not count

TEST(Replicas, AFetchInAnotherLeaderEpochDoesNotCount) {
  Replicas replicas = leader_of({one, two});
  EXPECT_FALSE(replicas.fetched({2, 200, epoch - 1, 100}, start));
  EXPECT_FALSE(replicas.fetched({2, 200, epoch + 1, 100}, start));
  EXPECT_EQ(replicas.high_watermark(), 90);
}
TEST(Replicas, AFetchOfAnEarlierRunDoesNotCount) {
  Replicas replicas = leader_of({one, two});
  EXPECT_TRUE(replicas.fetched(from({2, 201}, 0), start));
  EXPECT_FALSE(replicas.fetched(from(two, 100), start)) << "the later run may have lost what that one had";
  EXPECT_EQ(replicas.high_watermark(), 90);
}
TEST(Replicas, AFetchOfAStrangerDoesNotCount) {
  Replicas replicas = leader_of({one, two});
  EXPECT_FALSE(replicas.fetched(from({4, 400}, 100), start));
}

// ---- who may join

TEST(Replicas, AFollowerMayJoinThatHasWhatIsCommitted) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(two, 100), start);
  replicas.fetched(from(three, 100), start);
  EXPECT_THAT(replicas.joinable(everybody), ElementsAre(three));
}
TEST(Replicas, AFollowerMayNotJoinBelowTheHighWatermark) {
  Replicas replicas = leader_of({one, two});
  replicas.flushed(120, start);
  replicas.fetched(from(two, 120), start);
  replicas.fetched(from(three, 119), start);
  EXPECT_THAT(replicas.joinable(everybody), IsEmpty());
}
TEST(Replicas, AFollowerMayNotJoinBelowTheLeaderEpochStart) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(three, 99), start);
  EXPECT_EQ(replicas.high_watermark(), 90);
  EXPECT_THAT(replicas.joinable(everybody), IsEmpty())
      << "an earlier leader may have committed more than this one knows";
}
TEST(Replicas, AFollowerMayNotJoinThatHasNotAskedThisLeader) {
  EXPECT_THAT(leader_of({one, two}).joinable(everybody), IsEmpty());
}
TEST(Replicas, AFollowerMayNotJoinThatDoesNotRunAsTheOneThatAsked) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(three, 100), start);
  EXPECT_THAT(replicas.joinable({{3, {301, true}}}), IsEmpty()) << "a later run";
  EXPECT_THAT(replicas.joinable({{3, {300, false}}}), IsEmpty()) << "starting, or draining";
  EXPECT_THAT(replicas.joinable({}), IsEmpty()) << "without a session";
}

// ---- who is late

TEST(Replicas, AMemberIsLateThatLackedSomethingForTooLong) {
  Replicas replicas = leader_of({one, two, three});
  replicas.fetched(from(two, 100), start + seconds(5));
  replicas.fetched(from(three, 100), start + seconds(5));
  replicas.flushed(120, start + seconds(5));
  replicas.fetched(from(three, 120), start + seconds(10));
  EXPECT_THAT(replicas.lagging(start + seconds(15), seconds(10)), IsEmpty());
  EXPECT_THAT(replicas.lagging(start + seconds(16), seconds(10)), ElementsAre(2));
}
TEST(Replicas, AMemberThatHasEverythingIsNotLateHoweverLongItIsSilent) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(two, 100), start);
  EXPECT_THAT(replicas.lagging(start + seconds(3600), seconds(10)), IsEmpty());
}
TEST(Replicas, AMemberThatWasNeverAskedHasTimeFromTheElection) {
  const Replicas replicas = leader_of({one, two});
  EXPECT_THAT(replicas.lagging(start + seconds(10), seconds(10)), IsEmpty());
  EXPECT_THAT(replicas.lagging(start + seconds(11), seconds(10)), ElementsAre(2));
}
TEST(Replicas, AMemberThatHadEverythingIsLateOnlySinceThereIsMore) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(two, 100), start);
  replicas.flushed(110, start + seconds(3600));  // it was silent: there was nothing to fetch
  EXPECT_THAT(replicas.lagging(start + seconds(3610), seconds(10)), IsEmpty());
  replicas.flushed(120, start + seconds(3611));
  EXPECT_THAT(replicas.lagging(start + seconds(3611), seconds(10)), ElementsAre(2));
}
TEST(Replicas, AMemberIsNotLateThatAlwaysReachesWhereTheLogEndedAtItsLastFetch) {
  Replicas replicas = leader_of({one, two});
  for (int i = 0; i < 60; i++) {
    replicas.fetched(from(two, 100 + 10 * (i - 1)), start + seconds(i));
    replicas.flushed(100 + 10 * (i + 1), start + seconds(i));
  }
  EXPECT_THAT(replicas.lagging(start + seconds(60), seconds(10)), IsEmpty());
}
TEST(Replicas, AMemberIsLateThatFallsFurtherAndFurtherBehind) {
  Replicas replicas = leader_of({one, two});
  for (int i = 0; i < 60; i++) {
    replicas.fetched(from(two, 100 + i), start + seconds(i));
    replicas.flushed(100 + 10 * (i + 1), start + seconds(i));
  }
  EXPECT_THAT(replicas.lagging(start + seconds(60), seconds(10)), ElementsAre(2));
}

// ---- changing the ISR

TEST(Replicas, AJoinerIsWaitedForFromTheProposalOn) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(two, 100), start);
  replicas.fetched(from(three, 100), start);
  EXPECT_TRUE(replicas.propose({one, two, three}));
  replicas.flushed(120, start);
  replicas.fetched(from(two, 120), start);
  EXPECT_EQ(replicas.high_watermark(), 100);
  replicas.fetched(from(three, 110), start);
  EXPECT_EQ(replicas.high_watermark(), 110);
}
TEST(Replicas, OneThatLeavesIsWaitedForUntilItHasLeft) {
  Replicas replicas = leader_of({one, two, three});
  replicas.propose({one, two});
  replicas.fetched(from(two, 100), start);
  EXPECT_EQ(replicas.high_watermark(), 90);
  EXPECT_TRUE(replicas.adopt(led_by_one({one, two}), version + 1));
  EXPECT_EQ(replicas.high_watermark(), 100);
  EXPECT_FALSE(replicas.is_pending());
}
TEST(Replicas, AJoinerDoesNotMakeTheIsrLargeEnoughBeforeItHasJoined) {
  Replicas replicas = leader_of({one});
  replicas.fetched(from(two, 100), start);
  replicas.propose({one, two});
  EXPECT_EQ(replicas.high_watermark(), 90);
  replicas.adopt(led_by_one({one, two}), version + 1);
  EXPECT_EQ(replicas.high_watermark(), 100);
}
TEST(Replicas, OnlyOneProposalIsPending) {
  Replicas replicas = leader_of({one, two, three});
  EXPECT_TRUE(replicas.propose({one, two}));
  EXPECT_FALSE(replicas.propose({one, three}));
  EXPECT_THAT(replicas.joinable(everybody), IsEmpty());
  EXPECT_THAT(replicas.lagging(start + seconds(60), seconds(10)), IsEmpty());
}
TEST(Replicas, ARefusedProposalChangedNothing) {
  Replicas replicas = leader_of({one, two});
  replicas.propose({one, two, three});
  replicas.fetched(from(two, 100), start);
  replicas.refused(version);
  EXPECT_FALSE(replicas.is_pending());
  EXPECT_EQ(replicas.high_watermark(), 100) << "three is not waited for any more";
  EXPECT_THAT(replicas.isr(), ElementsAre(one, two));
}
TEST(Replicas, AProposalOfUnknownOutcomeIsWaitedForAsBefore) {
  Replicas replicas = leader_of({one, two, three});
  replicas.propose({one, two});
  replicas.unknown(version);
  EXPECT_TRUE(replicas.is_unknown());
  replicas.fetched(from(two, 100), start);
  EXPECT_EQ(replicas.high_watermark(), 90);
  EXPECT_TRUE(replicas.adopt(led_by_one({one, two, three}), version));
  EXPECT_TRUE(replicas.is_pending()) << "that it is not there yet says nothing";
}
TEST(Replicas, ANewerStateEndsAProposalOfUnknownOutcome) {
  for (const std::vector<ReplicaEntry>& isr : {std::vector{one, two}, std::vector{one, two, three}}) {
    Replicas replicas = leader_of({one, two, three});
    replicas.propose({one, two});
    replicas.unknown(version);
    EXPECT_TRUE(replicas.adopt(led_by_one(isr), version + 1));
    EXPECT_FALSE(replicas.is_pending());
    EXPECT_EQ(replicas.isr(), isr);
  }
}
TEST(Replicas, AnAnswerToAnEarlierProposalIsIgnored) {
  Replicas replicas = leader_of({one, two, three});
  replicas.propose({one, two});
  replicas.adopt(led_by_one({one, two}), version + 1);
  replicas.propose({one});
  replicas.refused(version);
  replicas.unknown(version);
  EXPECT_TRUE(replicas.is_pending());
  EXPECT_FALSE(replicas.is_unknown());
}

// ---- what the store holds

TEST(Replicas, AStaleStateIsIgnored) {
  Replicas replicas = leader_of({one, two});
  EXPECT_TRUE(replicas.adopt(led_by_one({one, two, three}), version - 1));
  PartitionState earlier = led_by_one({one});
  earlier.leader_epoch--;
  EXPECT_TRUE(replicas.adopt(earlier, version - 2));
  EXPECT_THAT(replicas.isr(), ElementsAre(one, two));
}
TEST(Replicas, AnotherLeadershipEndsThisOneAndChangesNothing) {
  Replicas replicas = leader_of({one, two});
  replicas.flushed(120, start);
  replicas.fetched(from(two, 110), start);
  PartitionState state = led_by_one({one});
  state.min_isr = 1;
  for (const auto change : {0, 1, 2}) {
    PartitionState other = state;
    if (change == 0) other.leader = 2;
    if (change == 1) other.leader_broker_epoch++;
    if (change == 2) other.leader_epoch++;
    EXPECT_FALSE(replicas.adopt(other, version + 1));
    EXPECT_EQ(replicas.high_watermark(), 110);
    EXPECT_EQ(replicas.version(), version);
  }
}
TEST(Replicas, WhatAReplicaHadIsForgottenWithIt) {
  Replicas replicas = leader_of({one, two});
  replicas.fetched(from(three, 100), start);
  PartitionState without = led_by_one({one, two});
  without.replicas = {1, 2};
  replicas.adopt(without, version + 1);
  replicas.adopt(led_by_one({one, two}), version + 2);
  EXPECT_THAT(replicas.joinable(everybody), IsEmpty());
}

}  // namespace
}  // namespace mq::core::replicas_test
