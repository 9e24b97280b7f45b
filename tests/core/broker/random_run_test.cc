// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/random_run.h"

#include <algorithm>

namespace mq::core {
namespace {

std::uint64_t first_seed() {
  const char* given = std::getenv("MQ_SEED");
  return given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

void run(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ": MQ_SEED=" + std::to_string(seed) +
               " core_tests --gtest_filter=RandomRun.OneSeed");
  RandomRun(seed).run(400);
}

TEST(RandomRun, OneSeedTwiceGivesTheSameEvents) {
  const std::uint64_t seed = first_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRun first(seed), second(seed);
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

TEST(RandomRun, OneSeed) {
  run(first_seed());
}

TEST(RandomRun, WhatWasPromisedIsThereWhateverHappened) {
  const std::uint64_t seed = first_seed();
  for (std::uint64_t i = 0; i < 200 && !HasFailure(); i++) run(seed + i);
}

}  // namespace
}  // namespace mq::core
