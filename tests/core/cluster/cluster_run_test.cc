// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_run.h"

#include <algorithm>

#include "tests/support/seed.h"

namespace mq::core {
namespace {

void run(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ": MQ_SEED=" + std::to_string(seed) +
               " core_tests --gtest_filter=ClusterRun.OneSeed");
  ClusterRun(seed).run(400);
}

TEST(ClusterRun, OneSeedTwiceGivesTheSameEvents) {
  const std::uint64_t seed = test::some_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  ClusterRun first(seed), second(seed);
  first.run(400);
  second.run(400);
  EXPECT_GT(first.events().size(), 50u);
  const auto& once = first.events();
  const auto& again = second.events();
  const auto [differs, as] = std::ranges::mismatch(once, again);
  EXPECT_TRUE(differs == once.end() && as == again.end())
      << "line " << differs - once.begin() << ": " << (differs == once.end() ? "nothing" : *differs)
      << ", then " << (as == again.end() ? "nothing" : *as);
}

TEST(ClusterRun, OneSeed) {
  run(test::some_seed());
}

TEST(ClusterRun, WhatWasAcknowledgedIsOnEveryReplicaWhateverHappened) {
  const std::uint64_t seed = test::some_seed();
  for (std::uint64_t i = 0; i < 20 && !HasFailure(); i++) run(seed + i);
}

}  // namespace
}  // namespace mq::core
