// SPDX-License-Identifier: Apache-2.0
// The journal when the power goes, or a disk call fails, anywhere in its life.
#include <cstdlib>

#include "storage/error.h"
#include "tests/storage/support/model.h"
#include "tests/support/power_cut.h"
#include "tests/support/seed.h"

namespace mq::test {
namespace {

// Segments of a few batches, so that rolling, sealing and forgetting happen all the time.
struct Life {
  explicit Life(std::uint64_t seed) : random(static_cast<std::mt19937::result_type>(seed)) {
    opened.options.segment_bytes_min = opened.options.segment_bytes_max = 1500;
    opened.options.tail_bytes = random() % 2 ? 0 : 2000;
  }
  bool live(int operations) {
    for (int i = 0; i < operations; i++)
      if (!model.anything(random)) return false;
    return true;
  }
  std::mt19937 random;
  TempDir disk;
  PowerCut files{disk.path()};
  Opened opened{files, disk.path()};
  Model model{opened};
};

void live_through_a_cut(std::uint64_t seed, std::uint64_t cut_at, PowerCut::Loss loss) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", cut at change " + std::to_string(cut_at));
  Life life(seed);
  if (cut_at % 3 == 0) life.opened.open();  // or in the middle of the first opening
  life.files.cut_at(cut_at);
  if (!life.opened.journal && life.opened.try_open()) {
    EXPECT_TRUE(life.files.is_cut());
  } else {
    life.live(40);
  }
  life.opened.close();
  life.files.reboot(loss, seed);
  life.opened.open();
  EXPECT_TRUE(life.opened.journal->recovery().damaged.empty());
  EXPECT_FALSE(life.opened.journal->recovery().meta_rebuilt);
  life.model.check();
  EXPECT_TRUE(life.live(10));  // and go on
  life.opened.open();
  life.model.check();
}

TEST(JournalPower, WhatWasAcknowledgedSurvivesACutAtEveryCall) {
  const std::uint64_t seed = test::some_seed();
  for (std::uint64_t cut_at = 1; cut_at <= 300; cut_at += 1 + cut_at % 2) {
    live_through_a_cut(seed + cut_at, cut_at, PowerCut::Loss::all);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(JournalPower, WhatWasAcknowledgedSurvivesACutThatLosesSomeSectors) {
  const std::uint64_t seed = test::some_seed();
  for (std::uint64_t cut_at = 2; cut_at <= 300; cut_at += 3) {
    live_through_a_cut(seed + cut_at, cut_at, PowerCut::Loss::random);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(JournalPower, AnyLifeIsRememberedAfterAnyCrash) {
  const std::uint64_t seed = test::some_seed();
  SCOPED_TRACE("MQ_SEED=" + std::to_string(seed));
  Life life(seed);
  life.opened.open();
  for (int round = 0; round < 20; round++) {
    ASSERT_TRUE(life.live(static_cast<int>(life.random() % 60)));
    life.random() % 3 == 0 ? life.opened.stop() : life.opened.close();
    if (life.random() % 2) life.files.reboot(PowerCut::Loss::random, life.random());
    life.opened.open();
    life.model.check();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace mq::test
