// SPDX-License-Identifier: Apache-2.0
#include "core/admin/balance.h"

#include <algorithm>

#include "core/admin/balance_state.h"

namespace mq::admin {

using Index = BalanceState::Index;

std::size_t BalanceMove::added() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      after, [&](core::BrokerId broker) { return std::ranges::find(before, broker) == before.end(); }));
}

std::int64_t BalancePlan::bytes() const {
  std::int64_t total = 0;
  for (const BalanceMove& move : moves) total += move.bytes * static_cast<std::int64_t>(move.added());
  return total;
}

namespace {

std::map<core::BrokerId, BrokerLoad> load_of(const BalanceState& state) {
  std::map<core::BrokerId, BrokerLoad> load;
  for (const BalanceState::Broker& broker : state.brokers())
    load[broker.is.broker] = {static_cast<std::size_t>(broker.led), static_cast<std::size_t>(broker.count),
                              broker.bytes, broker.used};
  return load;
}

// Of the brokers that could take it, what speaks against the one that comes nearest.
Stranded::Why why_stranded(const BalanceState& state, Index partition, Index from) {
  if (state.partitions()[partition].is.stays) return Stranded::Why::stays;
  bool racks = false;
  for (const Index to : state.takers()) {
    const auto verdict = state.judge(partition, from, to);
    if (verdict == BalanceState::Verdict::disks) return Stranded::Why::disks;
    racks |= verdict == BalanceState::Verdict::racks;
  }
  return racks ? Stranded::Why::racks : Stranded::Why::brokers;
}

std::vector<core::BrokerId> ids(const BalanceState& state, const std::vector<Index>& replicas) {
  std::vector<core::BrokerId> brokers;
  for (const Index replica : replicas) brokers.push_back(state.brokers()[replica].is.broker);
  return brokers;
}

BalancePlan plan_of(const BalanceState& state, bool excludes) {
  BalancePlan plan;
  for (Index p = 0; p < static_cast<Index>(state.partitions().size()); p++) {
    const BalanceState::Partition& one = state.partitions()[p];
    if (one.replicas != one.original)
      plan.moves.push_back(
          {one.is.partition, ids(state, one.original), ids(state, one.replicas), one.is.bytes});
    if (state.distinct_racks(one.replicas) < state.distinct_racks(one.original)) plan.in_fewer_racks++;
    for (const Index replica : one.replicas)
      if (excludes && state.brokers()[replica].is.excluded)
        plan.stranded.push_back(
            {one.is.partition, state.brokers()[replica].is.broker, why_stranded(state, p, replica)});
  }
  return plan;
}

bool replica_steps(BalanceState& state, const std::set<BalanceGoal>& wanted) {
  constexpr std::pair<BalanceGoal, bool (*)(BalanceState&)> goals[] = {
      {BalanceGoal::racks, spread_over_racks},
      {BalanceGoal::disks, relieve_disks},
      {BalanceGoal::exclusion, empty_excluded},
      {BalanceGoal::bytes, even_bytes},
      {BalanceGoal::counts, even_counts}};
  bool changed = false;
  for (const auto& [goal, step] : goals)
    if (wanted.contains(goal)) changed |= step(state);
  return changed;
}

}  // namespace

BalancePlan balance(std::vector<BalanceBroker> brokers, std::vector<BalancePartition> partitions,
                    const BalanceGoals& goals) {
  BalanceState state(std::move(brokers), std::move(partitions), goals);
  const auto before = load_of(state);
  if (!state.takers().empty()) {
    // A later goal may open a way for an earlier one.
    constexpr int rounds_max = 20;
    for (int i = 0; i < rounds_max && replica_steps(state, goals.wanted); i++) continue;
    if (goals.wanted.contains(BalanceGoal::leaders)) even_leaders(state);
  }
  BalancePlan plan = plan_of(state, goals.wanted.contains(BalanceGoal::exclusion));
  plan.before = before;
  plan.after = load_of(state);
  return plan;
}

}  // namespace mq::admin
