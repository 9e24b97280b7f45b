// SPDX-License-Identifier: Apache-2.0
// A partition whose end was wrong: what was truncated never was, whatever was known of it, and after every
// restart.
#include <future>

#include "storage/disk_journal.h"
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
    options.on_trim = [this](PartitionNumber, Offset start) {
      said.push_back("trim " + std::to_string(start));
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

TEST(Truncation, RecoveryHearsOfATrimPastTheEndToo) {
  Opened opened;
  Told told(opened.options);
  opened.open();
  ASSERT_FALSE(opened.put(1, 20));
  ASSERT_FALSE(roll(opened));
  ASSERT_FALSE(opened.put(1, 20));
  ASSERT_FALSE(wait_for(opened.loop, opened.journal->log(1)->trim(100)));
  ASSERT_FALSE(opened.put(1, 20));
  told.said.clear();
  opened.open();
  EXPECT_EQ(told.said, (std::vector<std::string>{"snapshot first", "batch 20", "trim 100", "batch 100"}));
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

// The log begins with a gap, so nothing is found in what is sealed; until that is known the rest is sealed,
// too.
TEST(Truncation, AReadThatLooksInWhatIsSealedMissesNothingThatIsSealedMeanwhile) {
  Opened opened;
  opened.options.tail_bytes = 0;
  std::function<void()> seal;
  bool holds = false;
  opened.options.snapshots = [&](std::vector<PartitionNumber>, auto done) {
    if (!holds) return done({});
    seal = [done] { done({}); };
  };
  opened.open();
  const auto log = opened.journal->log(1);
  ASSERT_FALSE(append_to(opened.loop, *log, make_batch(1, 1, 100)));
  ASSERT_FALSE(roll(opened));
  ASSERT_FALSE(truncate(opened, 1, 1));
  ASSERT_FALSE(append_to(opened.loop, *log, make_batch(1, 2, 300)));
  holds = true;  // closed, and not sealed yet
  std::optional<error_code> rolled;
  storage::asio::co_spawn(opened.loop, opened.journal->rewriter().roll(),
                          [&](std::exception_ptr, error_code error) { rolled = error; });
  run_until(opened.loop, [&] { return static_cast<bool>(seal); });
  ASSERT_FALSE(append_to(opened.loop, *log, make_batch(3, 1, 100)));

  std::promise<void> released;
  const std::shared_future<void> release = released.get_future();
  auto readers = static_cast<storage::DiskJournal&>(*opened.journal).readers().executor();
  for (int i = 0; i < 64; i++) storage::asio::post(readers, [release] { release.wait(); });
  std::optional<storage::Result<storage::Read>> read;
  storage::asio::co_spawn(opened.loop, log->read(0, 1000),
                          [&](std::exception_ptr, auto result) { read = result; });
  opened.loop.restart();
  opened.loop.poll();
  seal();
  run_until(opened.loop, [&] { return rolled.has_value(); });
  released.set_value();
  run_until(opened.loop, [&] { return read.has_value(); });
  ASSERT_TRUE(*read);
  EXPECT_GE((**read).size, 300u) << "the first batch, and not what came behind it";
}

}  // namespace
}  // namespace mq::test
