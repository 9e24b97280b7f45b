// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/elections.h"

#include <gtest/gtest.h>

namespace mq::core {
namespace {

const Registrations all_run{{1, {11, true}}, {2, {12, true}}, {3, {13, true}}};
constexpr ElectionRules rules{1};

PartitionState state_of(std::vector<BrokerId> replicas) {
  return initial_state(std::move(replicas), 1, all_run);
}

BrokerId leader_after(const PartitionState& state, const Registrations& registrations,
                      const std::set<BrokerId>& not_to_lead) {
  return due_election(state, registrations, rules, not_to_lead).value_or(state).leader;
}

TEST(Elections, WhoIsDrainedGivesItsLeadershipToTheNextInSync) {
  const PartitionState state = state_of({1, 2, 3});
  const auto after = due_election(state, all_run, rules, {1});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->leader, 2);
  EXPECT_EQ(after->isr, state.isr) << "and stays in sync";
  EXPECT_EQ(after->replicas, state.replicas);
  EXPECT_FALSE(due_election(*after, all_run, rules, {1})) << "once";
}

TEST(Elections, WhoIsDrainedIsPassedOver) {
  EXPECT_EQ(leader_after(state_of({1, 2, 3}), all_run, {1, 2}), 3);
  Registrations without_1 = all_run;
  without_1.erase(1);
  EXPECT_EQ(leader_after(state_of({1, 2, 3}), without_1, {2}), 3);
  Registrations stops_1 = all_run;
  stops_1[1].running = false;
  EXPECT_EQ(leader_after(state_of({1, 2, 3}), stops_1, {2}), 3);
}

TEST(Elections, WhoIsDrainedLeadsWhereNobodyElseCan) {
  EXPECT_EQ(leader_after(state_of({1}), all_run, {1}), 1);
  EXPECT_EQ(leader_after(state_of({1, 2, 3}), all_run, {1, 2, 3}), 1) << "nobody is better";
  Registrations only_2 = all_run;
  only_2.erase(1), only_2.erase(3);
  EXPECT_EQ(leader_after(state_of({1, 2, 3}), only_2, {2}), 2);
  Registrations stops_1 = only_2;
  stops_1[1] = {11, false};
  EXPECT_EQ(leader_after(state_of({1, 2}), stops_1, {2}), 2) << "who stops gives it to whoever there is";
}

TEST(Elections, NobodyIsElectedWhoIsNotInSync) {
  PartitionState state = shrink(state_of({1, 2, 3}), std::vector<BrokerId>{2, 3});
  EXPECT_EQ(leader_after(state, all_run, {1}), 1);
}

TEST(Elections, PreferredAreThoseThatAreReadyAlone) {
  std::map<Catalog::PartitionId, Catalog::StateEntry> states;
  states[{Uuid{}, 0}] = {move_leader(state_of({1, 2}), 2, all_run), 1};
  EXPECT_EQ(due_preferred(states, all_run, {2, 3}, 10).size(), 0u);
  ASSERT_EQ(due_preferred(states, all_run, {1, 2, 3}, 10).size(), 1u);
  EXPECT_EQ(due_preferred(states, all_run, {1}, 10)[0].after.leader, 1);
}

}  // namespace
}  // namespace mq::core
