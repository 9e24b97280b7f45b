// SPDX-License-Identifier: Apache-2.0
// A partition whose end was wrong: what was truncated never was, whatever was known of it, and after every
// restart.
#include "tests/storage/support/damage.h"

namespace mq::test {
namespace {

using storage::Offset;
using storage::PartitionNumber;

// What recovery says of one partition, in the order in which it says it.
struct Told {
  explicit Told(storage::JournalOptions& options) {
    options.snapshots = [this](std::vector<PartitionNumber> numbers, auto done) {
      storage::JournalOptions::Snapshots all;
      for (const PartitionNumber number : numbers) all.emplace_back(number, snapshot);
      done(std::move(all));
    };
    options.on_snapshot = [this](PartitionNumber, std::string_view text) {
      said.push_back("snapshot " + std::string(text));
    };
    options.on_start = [this](PartitionNumber, storage::Bytes start) {
      said.push_back("batch " + std::to_string(storage::batch_head(start).first));
    };
    options.on_truncate = [this](PartitionNumber, Offset end) {
      said.push_back("truncate " + std::to_string(end));
    };
  }
  std::string snapshot = "first";
  std::vector<std::string> said;
};

error_code truncate(Opened& opened, PartitionNumber partition, Offset end) {
  return wait_for(opened.loop, opened.journal->log(partition)->truncate(end));
}
error_code roll(Opened& opened) {
  return wait_for(opened.loop, opened.journal->rewriter().roll());
}

TEST(Truncation, RecoveryHearsOfItBetweenTheSnapshotAndWhatCameAfter) {
  Opened opened;
  Told told(opened.options);
  opened.open();
  for (int i = 0; i < 5; i++) ASSERT_FALSE(opened.put(1, 20));
  ASSERT_FALSE(roll(opened));  // the snapshot covers all of it
  ASSERT_FALSE(truncate(opened, 1, 60));
  ASSERT_FALSE(opened.put(1, 20));
  for (int start = 0; start < 2; start++) {
    told.said.clear();
    opened.open();
    EXPECT_EQ(told.said, (std::vector<std::string>{"snapshot first", "truncate 60", "batch 60"})) << start;
    EXPECT_EQ(opened.journal->log(1)->end(), 80);
  }
}

TEST(Truncation, IsCoveredByTheSnapshotOfItsSegment) {
  Opened opened;
  Told told(opened.options);
  opened.open();
  ASSERT_FALSE(opened.put(1, 20));
  ASSERT_FALSE(truncate(opened, 1, 0));
  told.snapshot = "second";
  ASSERT_FALSE(roll(opened));
  told.said.clear();
  opened.open();
  EXPECT_EQ(told.said, (std::vector<std::string>{"snapshot second"}));
}

// Over several sealed segments, written again, sealed again, and at each point a crash.
TEST(Truncation, OfSeveralSealedSegmentsHoldsAfterEveryStart) {
  Opened opened;
  opened.open();
  for (int segment = 0; segment < 4; segment++) {
    for (int i = 0; i < 3; i++) ASSERT_FALSE(opened.put(1, 10, 100 + 10 * segment));
    ASSERT_FALSE(opened.put(2, 1));
    ASSERT_FALSE(roll(opened));
  }
  ASSERT_FALSE(truncate(opened, 1, 45));  // within a batch of the second
  const auto before = opened.all(1);
  EXPECT_EQ(opened.journal->log(1)->end(), 40);
  opened.open();
  EXPECT_EQ(opened.all(1), before);
  for (int i = 0; i < 3; i++) ASSERT_FALSE(opened.put(1, 5, 77));
  const auto after = opened.all(1);
  opened.open();
  EXPECT_EQ(opened.all(1), after);
  ASSERT_FALSE(roll(opened));
  EXPECT_EQ(opened.all(1), after);
  opened.open();
  EXPECT_EQ(opened.all(1), after);
  EXPECT_EQ(opened.all(2).size(), 4u);
  opened.stop();
  std::filesystem::remove_all(opened.options.data / "meta");
  opened.open();
  EXPECT_TRUE(opened.journal->recovery().meta_rebuilt);
  EXPECT_EQ(opened.all(1), after);
}

// What was lost in what goes is no loss any more; what comes in its place is read.
TEST(Truncation, TakesAlongWhatWasKnownToBeLost) {
  for (const bool sealed : {false, true}) {
    SCOPED_TRACE(sealed);
    Dead dead;
    for (int i = 0; i < 6; i++) ASSERT_FALSE(dead.opened.put(1, 10));
    dead.opened.stop();
    std::string segment = content(dead.file(1));
    const auto records = records_of(segment);
    segment[records[4] + 60] = static_cast<char>(segment[records[4] + 60] ^ 1);  // in the middle of them
    dead.reopen_with(dead.file(1), segment);
    const auto lost = dead.opened.journal->log(1)->first_lost();
    ASSERT_TRUE(lost);
    ASSERT_FALSE(truncate(dead.opened, 1, *lost));
    EXPECT_FALSE(dead.opened.journal->log(1)->first_lost());
    ASSERT_FALSE(dead.opened.put(1, 10));
    ASSERT_FALSE(dead.opened.put(1, 10));
    if (sealed) {
      ASSERT_FALSE(roll(dead.opened));
    }
    const auto good = dead.opened.all(1);
    dead.reopen();
    EXPECT_FALSE(dead.opened.journal->log(1)->first_lost());
    EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
    EXPECT_EQ(dead.opened.all(1), good);
    EXPECT_EQ(dead.opened.journal->log(1)->end(), *lost + 20);
  }
}

// An empty log can be placed anywhere: truncated to its start, then trimmed on. What was trimmed before does
// not count, also where meta has to be made anew.
TEST(Truncation, BelowTheStartTakesTheStartAlong) {
  for (const bool apart : {false, true}) {  // the trim lies in an earlier segment
    SCOPED_TRACE(apart);
    Opened opened;
    opened.open();
    for (int i = 0; i < 10; i++) ASSERT_FALSE(opened.put(1, 10));
    EXPECT_FALSE(wait_for(opened.loop, opened.journal->log(1)->trim(80)));
    if (apart) {
      ASSERT_FALSE(roll(opened));
    }
    ASSERT_FALSE(truncate(opened, 1, 30));
    EXPECT_EQ(opened.journal->log(1)->start(), 30);
    ASSERT_FALSE(opened.put(1, 10));
    ASSERT_FALSE(roll(opened));
    opened.stop();
    std::filesystem::remove_all(opened.options.data / "meta");
    opened.open();
    EXPECT_TRUE(opened.journal->recovery().meta_rebuilt);
    EXPECT_EQ(opened.journal->log(1)->start(), 30);
    EXPECT_EQ(opened.journal->log(1)->end(), 40);
  }
}

TEST(Recovery, SaysWhetherTheLastStopWasClean) {
  Opened opened;
  opened.open();
  EXPECT_TRUE(opened.journal->recovery().clean) << "it is new";
  ASSERT_FALSE(opened.put(1));
  opened.open();
  EXPECT_FALSE(opened.journal->recovery().clean);
  opened.stop();
  opened.open();
  EXPECT_TRUE(opened.journal->recovery().clean);
  opened.open();
  EXPECT_FALSE(opened.journal->recovery().clean) << "there may have been more";
}

}  // namespace
}  // namespace mq::test
