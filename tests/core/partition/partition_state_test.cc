// SPDX-License-Identifier: Apache-2.0
#include "core/partition/partition_state.h"

#include <gmock/gmock.h>

namespace mq::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Entries = std::vector<ReplicaEntry>;

constexpr ReplicaEntry one{1, 100}, two{2, 200}, three{3, 300};

// All three run, each in the run that its entry speaks of.
Registrations everybody() {
  return {{1, {100, true}}, {2, {200, true}}, {3, {300, true}}};
}
Registrations everybody_but(BrokerId broker) {
  Registrations registrations = everybody();
  registrations.erase(broker);
  return registrations;
}

// Broker 2 is preferred, broker 1 leads in epoch 7.
PartitionState led_by_one(Entries isr, int min_isr = 2) {
  PartitionState state;
  state.leader = 1;
  state.leader_broker_epoch = 100;
  state.leader_epoch = 7;
  state.replicas = {2, 1, 3};
  state.isr = std::move(isr);
  state.min_isr = min_isr;
  return state;
}

PartitionState leaderless(Entries isr, Entries elr, int min_isr = 2) {
  PartitionState state = led_by_one(std::move(isr), min_isr);
  state.leader = -1;
  state.leader_broker_epoch = -1;
  state.elr = std::move(elr);
  return state;
}

void expect_leader(const PartitionState& state, ReplicaEntry leader, Epoch epoch) {
  EXPECT_EQ((ReplicaEntry{state.leader, state.leader_broker_epoch}), leader);
  EXPECT_EQ(state.leader_epoch, epoch);
}

constexpr ReplicaEntry nobody{};

// ---- a new partition

TEST(InitialState, IsLedByTheFirstReplicaThatRuns) {
  const PartitionState state = initial_state({2, 1, 3}, 2, everybody_but(2));
  expect_leader(state, one, 0);
  EXPECT_THAT(state.isr, ElementsAre(one, three));
}
TEST(InitialState, OfABrokerAloneIsItselfForever) {
  const PartitionState state = initial_state({1}, 2, {{1, {100, true}}});
  expect_leader(state, one, 0);
  EXPECT_EQ(state.min_isr, 1) << "never above the number of replicas";
}
TEST(InitialState, HasNoLeaderWhileNoneRuns) {
  expect_leader(initial_state({1, 2}, 1, {{1, {100, false}}}), nobody, 0);
}

// ---- normalise

TEST(Normalise, OrdersEntriesByBrokerAndReplicasNot) {
  const PartitionState state = normalise(led_by_one({three, one, two}));
  EXPECT_THAT(state.isr, ElementsAre(one, two, three));
  EXPECT_THAT(state.replicas, ElementsAre(2, 1, 3));
}
TEST(Normalise, LeavesNobodyEligibleWhileTheIsrCanCommit) {
  PartitionState state = led_by_one({one, two});
  state.elr = {three};
  state.last_known = {3};
  state = normalise(state);
  EXPECT_THAT(state.elr, IsEmpty());
  EXPECT_THAT(state.last_known, IsEmpty());
}
TEST(Normalise, KeepsTheEligibleBelowMinIsr) {
  PartitionState state = led_by_one({one});
  state.elr = {three, two};
  EXPECT_THAT(normalise(state).elr, ElementsAre(two, three));
}
TEST(Normalise, PutsAReplicaIntoTheIsrOrTheElrNotBoth) {
  PartitionState state = led_by_one({one});
  state.elr = {{1, 90}, two};
  state.last_known = {3, 2, 1, 3};
  state = normalise(state);
  EXPECT_THAT(state.elr, ElementsAre(two));
  EXPECT_THAT(state.last_known, ElementsAre(3));
}
TEST(Normalise, DropsWhoIsNoReplica) {
  PartitionState state = led_by_one({one, {4, 400}});
  state.elr = {{5, 500}};
  state.last_known = {6};
  state = normalise(state);
  EXPECT_THAT(state.isr, ElementsAre(one));
  EXPECT_THAT(state.elr, IsEmpty());
  EXPECT_THAT(state.last_known, IsEmpty());
}
TEST(Normalise, ALeaderOutsideTheIsrIsNone) {
  expect_leader(normalise(led_by_one({two, three})), nobody, 8);
}
TEST(Normalise, ALeaderOfAnotherRunThanItsEntryIsNone) {
  expect_leader(normalise(led_by_one({{1, 101}, two})), nobody, 8);
}
TEST(Normalise, LeavesACanonicalStateAsItIs) {
  EXPECT_EQ(normalise(led_by_one({one, two, three})), led_by_one({one, two, three}));
  EXPECT_EQ(normalise(leaderless({}, {two})), leaderless({}, {two}));
}

// ---- by the leader

TEST(Expand, AddsAFollowerInTheSameLeaderEpoch) {
  const PartitionState state = expand(led_by_one({one}), {2, 201});
  EXPECT_THAT(state.isr, ElementsAre(one, ReplicaEntry{2, 201}));
  expect_leader(state, one, 7);
}
TEST(Expand, ToMinIsrEndsTheElr) {
  PartitionState state = led_by_one({one});
  state.elr = {{2, 199}, three};
  EXPECT_THAT(expand(state, two).elr, IsEmpty());
}
TEST(Expand, BelowMinIsrKeepsTheOthersEligible) {
  PartitionState state = led_by_one({one}, 3);
  state.elr = {{2, 199}, three};
  state = expand(state, two);
  EXPECT_THAT(state.isr, ElementsAre(one, two));
  EXPECT_THAT(state.elr, ElementsAre(three));
}
TEST(Expand, DoesNotReplaceAMember) {
  EXPECT_EQ(expand(led_by_one({one, two}), {2, 201}), led_by_one({one, two}));
}

TEST(Shrink, ToMinIsrForgetsWhoLeaves) {
  const PartitionState state = shrink(led_by_one({one, two, three}), std::vector{3});
  EXPECT_THAT(state.isr, ElementsAre(one, two));
  EXPECT_THAT(state.elr, IsEmpty());
  expect_leader(state, one, 7);
}
TEST(Shrink, BelowMinIsrKeepsWhoLeavesEligible) {
  const PartitionState state = shrink(led_by_one({one, two, three}), std::vector{2, 3});
  EXPECT_THAT(state.isr, ElementsAre(one));
  EXPECT_THAT(state.elr, ElementsAre(two, three));
  expect_leader(state, one, 7);
}
TEST(Shrink, BelowMinIsrKeepsTheEligibleOnesToo) {
  PartitionState state = led_by_one({one, two}, 3);
  state.elr = {three};
  EXPECT_THAT(shrink(state, std::vector{2}).elr, ElementsAre(two, three));
}
TEST(Shrink, NeverTakesTheLeader) {
  EXPECT_EQ(shrink(led_by_one({one, two}), std::vector{1}), led_by_one({one, two}));
}

// ---- by the controller

TEST(Fence, ChangesNothingWhileAllAreRegistered) {
  Registrations registrations = everybody();
  registrations[2].running = registrations[1].running = false;
  EXPECT_EQ(fence(led_by_one({one, two, three}), registrations), led_by_one({one, two, three}))
      << "who drains stays in the ISR, and leads on";
}
TEST(Fence, RemovesAFollowerInTheSameLeaderEpoch) {
  const PartitionState state = fence(led_by_one({one, two, three}), everybody_but(3));
  EXPECT_THAT(state.isr, ElementsAre(one, two));
  expect_leader(state, one, 7);
}
TEST(Fence, RemovesAnEarlierRun) {
  Registrations registrations = everybody();
  registrations[3].epoch = 301;
  EXPECT_THAT(fence(led_by_one({one, two, three}), registrations).isr, ElementsAre(one, two));
}
TEST(Fence, ReplacesTheLeaderInTheNextEpoch) {
  const PartitionState state = fence(led_by_one({one, two, three}), everybody_but(1));
  EXPECT_THAT(state.isr, ElementsAre(two, three));
  expect_leader(state, two, 8);
}
TEST(Fence, BelowMinIsrKeepsTheFencedEligible) {
  const PartitionState state = fence(led_by_one({one, two}), everybody_but(1));
  EXPECT_THAT(state.isr, ElementsAre(two));
  EXPECT_THAT(state.elr, ElementsAre(one));
  expect_leader(state, two, 8);
}
TEST(Fence, OfTheLastMemberLeavesItEligibleAndNoLeader) {
  for (const int min_isr : {1, 2}) {
    const PartitionState state = fence(led_by_one({one}, min_isr), {});
    EXPECT_THAT(state.isr, IsEmpty());
    EXPECT_THAT(state.elr, ElementsAre(one));
    expect_leader(state, nobody, 8);
  }
}
TEST(Fence, OfTheLastMemberElectsAnEligibleReplica) {
  PartitionState state = led_by_one({one});
  state.elr = {three};
  state = fence(state, everybody_but(1));
  EXPECT_THAT(state.isr, ElementsAre(three));
  EXPECT_THAT(state.elr, ElementsAre(one));
  expect_leader(state, three, 8);
}

TEST(Elect, TakesTheFirstReplicaInTheirOrder) {
  expect_leader(elect(leaderless({one, two, three}, {}), everybody()), two, 8);
}
TEST(Elect, PassesOverWhoDoesNotRun) {
  Registrations registrations = everybody();
  registrations[2].running = false;
  expect_leader(elect(leaderless({one, two, three}, {}), registrations), one, 8);
}
TEST(Elect, PassesOverAnEarlierRun) {
  Registrations registrations = everybody();
  registrations[2].epoch = 201;
  expect_leader(elect(leaderless({one, two, three}, {}), registrations), one, 8);
}
TEST(Elect, KeepsALeaderThatIsRegistered) {
  EXPECT_EQ(elect(led_by_one({one, two, three}), everybody()), led_by_one({one, two, three}));
}
TEST(Elect, AsksTheElrOnlyWhenTheIsrIsEmpty) {
  Registrations registrations = everybody();
  registrations[1].running = false;
  const PartitionState waiting = leaderless({one}, {two, three});
  EXPECT_EQ(elect(waiting, registrations), waiting) << "it may hold more than the ELR does";
  const PartitionState state = elect(leaderless({}, {one, three}), everybody());
  EXPECT_THAT(state.isr, ElementsAre(one));
  EXPECT_THAT(state.elr, ElementsAre(three));
  expect_leader(state, one, 8);
}
TEST(Elect, FromTheElrEndsItWhenOneIsEnough) {
  EXPECT_THAT(elect(leaderless({}, {one, three}, 1), everybody()).elr, IsEmpty());
}
TEST(Elect, NobodyIsNoNewLeaderEpoch) {
  const PartitionState state = leaderless({}, {one, two});
  EXPECT_EQ(elect(state, {}), state);
}

TEST(Elect, AnybodyLeadsWhatWasMadeWhenNobodyRan) {
  const PartitionState state = elect(initial_state({2, 1, 3}, 2, {}), everybody_but(2));
  expect_leader(state, one, 1);
  EXPECT_THAT(state.isr, ElementsAre(one, three));
}
TEST(Elect, NobodyLeadsWhatWasLedOnlyByADiskThatIsGone) {
  const PartitionState alone = initial_state({1, 2, 3}, 1, {{1, {100, true}}});
  const PartitionState state = elect(restarted(alone, {1, 101}, false), everybody_but(1));
  expect_leader(state, nobody, state.leader_epoch);
}

TEST(MoveLeader, WithinTheIsrIsANewLeaderEpoch) {
  const PartitionState state = move_leader(led_by_one({one, two, three}), 2, everybody());
  expect_leader(state, two, 8);
  EXPECT_THAT(state.isr, ElementsAre(one, two, three));
}
TEST(MoveLeader, ToTheLeaderIsNone) {
  EXPECT_EQ(move_leader(led_by_one({one, two}), 1, everybody()), led_by_one({one, two}));
}
TEST(MoveLeader, DoesNotGoOutsideTheIsrNorToWhoDoesNotRun) {
  EXPECT_EQ(move_leader(led_by_one({one, two}), 3, everybody()), led_by_one({one, two}));
  EXPECT_EQ(move_leader(led_by_one({one, two}), 2, everybody_but(2)), led_by_one({one, two}));
}

TEST(WithMinIsr, LoweredToTheIsrEndsTheElr) {
  PartitionState state = led_by_one({one});
  state.elr = {two};
  state = with_min_isr(state, 1);
  EXPECT_THAT(state.elr, IsEmpty());
  expect_leader(state, one, 7);
}
TEST(WithMinIsr, RaisedMakesNobodyEligible) {
  EXPECT_THAT(with_min_isr(led_by_one({one}, 1), 2).elr, IsEmpty())
      << "what was committed by one alone the others may lack";
}
TEST(WithMinIsr, IsAtLeastOneAndAtMostTheNumberOfReplicas) {
  EXPECT_EQ(with_min_isr(led_by_one({one}), 5).min_isr, 3);
  EXPECT_EQ(with_min_isr(led_by_one({one}), 0).min_isr, 1);
}

TEST(ElectUnclean, MakesOneTheWholeIsrAndSaysSo) {
  PartitionState state = leaderless({}, {two});
  state.last_known = {1};
  state = elect_unclean(state, three);
  EXPECT_THAT(state.isr, ElementsAre(three));
  EXPECT_THAT(state.elr, IsEmpty());
  EXPECT_THAT(state.last_known, IsEmpty());
  EXPECT_TRUE(state.recovering);
  expect_leader(state, three, 8);
  EXPECT_FALSE(recovered(state).recovering);
}
TEST(ElectUnclean, OfTheSameBrokerIsANewLeaderEpoch) {
  expect_leader(elect_unclean(led_by_one({one, two}), one), one, 8);
}

// ---- by a broker that starts

TEST(Restarted, ATrustedMembersEntryCountsForTheNewRun) {
  const PartitionState state = restarted(led_by_one({one, two}), {2, 201}, true);
  EXPECT_THAT(state.isr, ElementsAre(one, ReplicaEntry{2, 201}));
  expect_leader(state, one, 7);
}
TEST(Restarted, ATrustedEligibleReplicaStaysEligible) {
  EXPECT_THAT(restarted(leaderless({}, {one, two}), {2, 201}, true).elr,
              ElementsAre(one, ReplicaEntry{2, 201}));
}
TEST(Restarted, ALeaderLeadsNoMore) {
  const PartitionState state = restarted(led_by_one({one, two}), {1, 101}, true);
  EXPECT_THAT(state.isr, ElementsAre(ReplicaEntry{1, 101}, two));
  expect_leader(state, nobody, 8);
}
TEST(Restarted, AnUntrustedReplicaRemovesItself) {
  PartitionState state = restarted(led_by_one({one, two}), {2, 201}, false);
  EXPECT_THAT(state.isr, ElementsAre(one));
  EXPECT_THAT(state.elr, IsEmpty()) << "its disk is not what made it eligible";
  EXPECT_THAT(state.last_known, ElementsAre(2));
  state = restarted(state, {1, 101}, false);
  EXPECT_THAT(state.isr, IsEmpty());
  EXPECT_THAT(state.last_known, ElementsAre(1, 2));
  expect_leader(state, nobody, 8);
}
TEST(Restarted, TheOnlyReplicaThatIsNotTrustedIsNeverElected) {
  PartitionState state = initial_state({1}, 1, {{1, {100, true}}});
  state = restarted(state, {1, 101}, false);
  expect_leader(elect(state, {{1, {101, true}}}), nobody, 1);
}
TEST(Restarted, TwiceIsOnce) {
  for (const bool trusted : {true, false}) {
    const PartitionState state = restarted(led_by_one({one, two}), {1, 101}, trusted);
    EXPECT_EQ(restarted(state, {1, 101}, trusted), state);
  }
}
TEST(Restarted, IsNothingToAPartitionThatDoesNotNameIt) {
  EXPECT_EQ(restarted(led_by_one({one, two}), {3, 301}, false), led_by_one({one, two}));
}

// ---- a move

TEST(Reassign, MakesReplicasOfAllUntilTheNewOnesHaveCaughtUp) {
  const PartitionState state = reassign(led_by_one({one, two}), {3, 4});
  EXPECT_THAT(state.replicas, ElementsAre(3, 4, 2, 1));
  EXPECT_THAT(state.adding, ElementsAre(4));
  EXPECT_THAT(state.removing, ElementsAre(2, 1));
  expect_leader(state, one, 7);
  EXPECT_FALSE(reassigned(state, everybody()));
}
TEST(Reassign, WhileItMovesGoesElsewhereFromWhereItWas) {
  const PartitionState state = reassign(reassign(led_by_one({one, two}), {3, 4}), {1, 5});
  EXPECT_THAT(state.replicas, ElementsAre(1, 5, 3, 2));
  EXPECT_THAT(state.adding, ElementsAre(5));
  EXPECT_THAT(state.removing, ElementsAre(3, 2));
}
TEST(Reassign, DoesNotAskForMoreInSyncThanThereWereReplicas) {
  PartitionState state = initial_state({1}, 1, everybody());
  state = with_min_isr(reassign(std::move(state), {1, 2, 3}), 2);
  EXPECT_EQ(state.min_isr, 1);
}
TEST(Reassigned, LeavesTheOldReplicasOutAndALeaderInAnEpochOfItsOwn) {
  const PartitionState moving = reassign(led_by_one({one, two, three}), {3, 2});
  const auto moved = reassigned(moving, everybody());
  ASSERT_TRUE(moved);
  EXPECT_THAT(moved->replicas, ElementsAre(3, 2));
  EXPECT_THAT(moved->isr, ElementsAre(two, three));
  EXPECT_THAT(moved->adding, IsEmpty());
  EXPECT_THAT(moved->removing, IsEmpty());
  expect_leader(*moved, three, 8);
}
TEST(Reassigned, ALeaderThatStaysLeadsInTheNextEpoch) {
  const auto moved = reassigned(reassign(led_by_one({one, two, three}), {1}), everybody());
  ASSERT_TRUE(moved);
  EXPECT_THAT(moved->isr, ElementsAre(one));
  EXPECT_EQ(moved->min_isr, 1);
  expect_leader(*moved, one, 8);
}
TEST(Reassigned, WaitsForOneThatCanLead) {
  const PartitionState moving = reassign(led_by_one({one, two}), {2});
  EXPECT_FALSE(reassigned(moving, everybody_but(2)));
}
TEST(CancelReassignment, GoesBackWithoutThoseThatWereAdded) {
  PartitionState moving = reassign(led_by_one({one, two}), {3, 2});
  moving = expand(std::move(moving), three);
  const auto back = cancel_reassignment(moving, everybody());
  ASSERT_TRUE(back);
  EXPECT_THAT(back->replicas, testing::UnorderedElementsAre(1, 2, 3));  // 3 was a replica before
  expect_leader(*back, one, 8);
}
TEST(CancelReassignment, IsRefusedWhenNobodyWhoStaysIsInSync) {
  PartitionState moving = reassign(initial_state({1}, 1, everybody()), {2});
  moving = expand(std::move(moving), two);
  moving = fence(moving, everybody_but(1));
  expect_leader(moving, two, 1);
  EXPECT_FALSE(cancel_reassignment(moving, everybody_but(1)));
}

TEST(Rewritten, DiffersInItsCounterOnly) {
  PartitionState state = rewritten(led_by_one({one, two}));
  EXPECT_NE(state, led_by_one({one, two}));
  state.writes--;
  EXPECT_EQ(state, led_by_one({one, two}));
}

}  // namespace
}  // namespace mq::core
