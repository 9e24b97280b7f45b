// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_run.h"

#include <algorithm>
#include <iostream>

#include "core/partition/mistakes.h"
#include "tests/support/seed.h"

namespace mq::core {
namespace {

constexpr int steps = 400;

// The same ones every time, so that a failure is a change's; others by MQ_SEED.
std::uint64_t first_seed() {
  return std::getenv("MQ_SEED") ? test::some_seed() : 1;
}

void run(std::uint64_t seed) {
  ClusterRun run(seed);
  run.run(steps);
  if (run.violations().empty()) return;
  ADD_FAILURE() << "seed " << seed << ": MQ_SEED=" << seed << " core_tests --gtest_filter=ClusterRun.OneSeed";
  for (const std::string& violation : run.violations()) ADD_FAILURE() << violation;
  const std::size_t shown = std::min<std::size_t>(run.events().size(), 60);
  for (std::size_t i = run.events().size() - shown; i < run.events().size(); i++)
    std::cerr << run.events()[i] << "\n";
}

TEST(ClusterRun, OneSeedTwiceGivesTheSameEvents) {
  const std::uint64_t seed = first_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  ClusterRun first(seed), second(seed);
  first.run(steps);
  second.run(steps);
  EXPECT_GT(first.events().size(), 50u);
  const auto& once = first.events();
  const auto& again = second.events();
  const auto [differs, as] = std::ranges::mismatch(once, again);
  EXPECT_TRUE(differs == once.end() && as == again.end())
      << "line " << differs - once.begin() << ": " << (differs == once.end() ? "nothing" : *differs)
      << ", then " << (as == again.end() ? "nothing" : *as);
}

TEST(ClusterRun, OneSeed) {
  run(first_seed());
}

TEST(ClusterRun, WhatWasAcknowledgedIsOnEveryReplicaWhateverHappened) {
  const std::uint64_t seed = first_seed();
  for (std::uint64_t i = 0; i < 100 && !HasFailure(); i++) run(seed + i);
}

// The same run with a mistake made on purpose: what is never found is not looked for.
class ClusterMistake : public testing::TestWithParam<Mistake> {
 protected:
  ~ClusterMistake() override { mistakes_made = 0; }
};

TEST_P(ClusterMistake, IsFound) {
  constexpr std::uint64_t seeds_max = 100;
  make(GetParam());
  for (std::uint64_t seed = 1; seed <= seeds_max; seed++) {
    ClusterRun run(seed);
    run.run(steps);
    if (run.violations().empty()) continue;
    std::cerr << "seed " << seed << ": " << run.violations().front() << "\n";
    return;
  }
  ADD_FAILURE() << "not found in " << seeds_max << " seeds";
}

// Those that what this simulation does can reach.
constexpr Mistake reached[] = {Mistake::watermark_ignores_proposal, Mistake::commits_below_min_isr,
                               Mistake::no_leader_epoch_check, Mistake::counts_diverging_fetch,
                               Mistake::trusts_any_disk};

INSTANTIATE_TEST_SUITE_P(All, ClusterMistake, testing::ValuesIn(reached),
                         [](const auto& mistake) { return std::to_string(static_cast<int>(mistake.param)); });

}  // namespace
}  // namespace mq::core
