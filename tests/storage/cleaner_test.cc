// SPDX-License-Identifier: Apache-2.0
#include "storage/cleaner.h"

#include <condition_variable>

#include "storage/error.h"
#include "tests/storage/support/model.h"
#include "tests/support/power_cut.h"

namespace mq::test {
namespace {

struct Cleaned {
  Cleaned() {
    opened.options.segment_bytes_min = opened.options.segment_bytes_max = 50'000;
    opened.options.tail_bytes = 0;
    opened.open();
  }
  // Short-lived batches of partition 1 beside a few of partitions 2 and 3 that stay.
  void mix(int rounds) {
    for (int i = 0; i < rounds; i++) {
      ASSERT_FALSE(opened.put(1, 1, 9000));
      ASSERT_FALSE(i % 4 == 0 && opened.put(2, 2, 300));
      ASSERT_FALSE(i % 8 == 0 && opened.put(3, 1, 6000));
    }
  }
  void forget_the_short_lived() {
    const auto log = opened.journal->log(1);
    EXPECT_FALSE(wait_for(opened.loop, log->trim(log->end())));
  }
  Opened opened;
};

TEST(Cleaner, MostlyDeadSegmentsAreWrittenAnewAndReadTheSame) {
  Cleaned cleaned;
  cleaned.mix(200);
  const auto two = cleaned.opened.all(2), three = cleaned.opened.all(3);
  const auto before = cleaned.opened.journal->stats();
  cleaned.forget_the_short_lived();
  cleaned.mix(20);  // sealing gives the budget
  run_until(cleaned.opened.loop,
            [&] { return cleaned.opened.journal->stats().segments < before.segments / 2; });
  for (int round = 0; round < 2; round++) {
    auto now = cleaned.opened.all(2);
    now.resize(two.size());
    EXPECT_EQ(now, two);
    now = cleaned.opened.all(3);
    now.resize(three.size());
    EXPECT_EQ(now, three);
    EXPECT_EQ(*wait_for(cleaned.opened.loop, cleaned.opened.journal->log(2)->at_time(0)), 0);
    cleaned.opened.open();
  }
}

// Three lives side by side in every segment: some batches, many, and one that is never trimmed.
TEST(Cleaner, TheDiskHoldsAtMostTwiceWhatLivesAndFourSegments) {
  Opened opened;
  constexpr std::size_t segment = 50'000;
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = segment;
  opened.options.tail_bytes = 0;
  opened.open();
  std::mt19937 random(7);
  const auto keep = [&](storage::PartitionNumber partition, Offset newest) {
    const auto log = opened.journal->log(partition);
    return wait_for(opened.loop, log->trim(log->end() - newest));
  };
  for (int i = 1; i <= 3000; i++) {
    ASSERT_FALSE(opened.put(1, 1, 2000 + random() % 6000));
    ASSERT_FALSE(i % 8 == 0 && opened.put(2, 1, 200 + random() % 6000));
    ASSERT_FALSE(i % 50 == 0 && opened.put(3, 1, 300));
    ASSERT_FALSE(i % 20 == 0 && keep(1, 10));
    ASSERT_FALSE(i % 40 == 0 && keep(2, 100));
    if (i % 250 != 0) continue;
    std::uint64_t living = 0;
    for (const storage::PartitionNumber partition : {1, 2, 3})
      living += opened.journal->log(partition)->bytes();
    SCOPED_TRACE(std::to_string(living) + " bytes live");
    try {
      run_until(opened.loop, [&] { return opened.journal->stats().disk_bytes <= 2 * living + 4 * segment; });
    } catch (const std::exception&) {
      FAIL() << opened.journal->stats().disk_bytes << " bytes in " << opened.journal->stats().segments
             << " segments on the disk";
    }
  }
  EXPECT_EQ(opened.all(3).size(), 60u);
  EXPECT_EQ(opened.journal->log(3)->start(), 0);
}

TEST(Cleaner, CoresRowsOutliveTheSegmentThatHasTheirCopy) {
  Cleaned cleaned;
  storage::Store::Change change;
  change.puts["core/topic"] = "configuration";
  ASSERT_FALSE(cleaned.opened.journal->meta().commit(change));
  cleaned.mix(60);
  for (const storage::PartitionNumber partition : {1, 2, 3}) {
    const auto log = cleaned.opened.journal->log(partition);
    EXPECT_FALSE(wait_for(cleaned.opened.loop, log->trim(log->end())));
  }
  run_until(cleaned.opened.loop, [&] { return cleaned.opened.journal->stats().segments <= 3; });
  EXPECT_EQ(**cleaned.opened.journal->meta().get("core/topic"), "configuration");
}

constexpr storage::PartitionNumber many = 500;

// Partitions of which each has batches in sealed segments.
std::vector<storage::PartitionNumber> fill_many(Opened& opened) {
  std::vector<storage::PartitionNumber> partitions;
  for (storage::PartitionNumber number = 1; number <= many; number++) {
    partitions.push_back(number);
    EXPECT_FALSE(opened.put(number, 1, 300));
  }
  EXPECT_FALSE(wait_for(opened.loop, opened.journal->rewriter().roll()));
  return partitions;
}

TEST(Cleaner, ARemovalIsOneChangeForAllPartitionsAndAnotherForWhatTheyHad) {
  Cleaned cleaned;
  Opened& opened = cleaned.opened;
  const auto partitions = fill_many(opened);
  const auto before = opened.journal->stats();
  const std::uint64_t changes = opened.journal->meta().changes();
  EXPECT_FALSE(wait_for(opened.loop, opened.journal->remove(partitions)));
  run_until(opened.loop, [&] { return opened.journal->stats().segments < before.segments; });
  EXPECT_LE(opened.journal->meta().changes() - changes, 10u);
}

TEST(Cleaner, WhatARemovalLeftWhenTheJournalWasStoppedGoesWhenItIsOpenedAgain) {
  Cleaned cleaned;
  Opened& opened = cleaned.opened;
  const auto partitions = fill_many(opened);
  const auto before = opened.journal->stats();
  EXPECT_FALSE(wait_for(opened.loop, opened.journal->remove(partitions)));
  opened.stop();
  opened.open();
  run_until(opened.loop, [&] { return opened.journal->stats().segments < before.segments; });
  for (const auto partition : partitions) EXPECT_TRUE(opened.all(partition).empty());
}

// A file the cleaner is making is in no list yet: it was taken for one that a crash left.
TEST(Cleaner, WritesNothingAnewBeforeWhatACrashLeftIsKnown) {
  std::mutex mutex;
  std::condition_variable changed;
  bool written = false, removed = false;
  int snapshots = 0;
  std::atomic<bool> removing = false;
  std::atomic<int> changes = 0;
  TempDir disk;
  PowerCut files(disk.path());
  Opened opened(files, disk.path());
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = 4000;
  opened.options.tail_bytes = 0;
  opened.options.snapshots = [](auto partitions, auto done) {
    storage::JournalOptions::Snapshots all;
    for (const auto partition : partitions) all.emplace_back(partition, "a snapshot");
    done(std::move(all));
  };
  // The power goes before what it had is forgotten. The next file may be made ready meanwhile, which is a
  // change, too.
  files.watch([&](PowerCut::Call call, const Path& path) {
    if (!removing || call != PowerCut::Call::write || path.string().find("/meta/") == std::string::npos)
      return;
    if (changes++ == 0) return;
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, std::chrono::seconds(1), [&] { return removed; })) files.cut();
  });
  opened.open();
  for (int i = 0; i < 40; i++) {
    ASSERT_FALSE(opened.put(1, 1, 900));
    ASSERT_FALSE(i % 4 == 0 && opened.put(2, 2, 300));
  }
  EXPECT_FALSE(wait_for(opened.loop, opened.journal->rewriter().roll()));
  const auto two = opened.all(2);
  removing = true;
  EXPECT_FALSE(wait_for(opened.loop, opened.journal->remove({1})));
  {
    const std::lock_guard lock(mutex);
    removed = true;
  }
  changed.notify_all();
  opened.close();
  files.reboot(PowerCut::Loss::all);

  files.watch([&](PowerCut::Call call, const Path& path) {
    if (call != PowerCut::Call::create || path.parent_path().filename() != "journal") return;
    const std::lock_guard lock(mutex);
    written = true;
    changed.notify_all();
  });
  opened.options.on_snapshot = [&](auto, auto) {
    if (snapshots++ > 0) return;
    std::unique_lock lock(mutex);
    EXPECT_FALSE(changed.wait_for(lock, std::chrono::milliseconds(200), [&] { return written; }));
  };
  opened.open();
  EXPECT_GT(snapshots, 0);
  EXPECT_EQ(opened.all(2), two);
}

TEST(Cleaner, WhatLivesSurvivesAPowerCutWhileSegmentsAreWrittenAnew) {
  for (std::uint64_t cut_at = 1; cut_at < 60; cut_at += 2) {
    SCOPED_TRACE("cut at " + std::to_string(cut_at));
    TempDir disk;
    PowerCut files(disk.path());
    Opened opened(files, disk.path());
    opened.options.segment_bytes_min = opened.options.segment_bytes_max = 4000;
    opened.options.tail_bytes = 0;
    opened.open();
    for (int i = 0; i < 40; i++) {
      ASSERT_FALSE(opened.put(1, 1, 900));
      ASSERT_FALSE(i % 4 == 0 && opened.put(2, 2, 300));
    }
    const auto two = opened.all(2);
    files.cut_at(cut_at);
    const auto log = opened.journal->log(1);
    const bool trimmed = !wait_for(opened.loop, log->trim(log->end()));
    for (int i = 0; i < 10 && !opened.put(1, 1, 900); i++) {
    }
    opened.close();
    files.reboot(PowerCut::Loss::all);
    opened.open();
    ASSERT_EQ(opened.all(2), two);
    EXPECT_TRUE(!trimmed || opened.journal->log(1)->start() == 40);
    EXPECT_TRUE(opened.journal->recovery().damaged.empty());
  }
}

}  // namespace
}  // namespace mq::test
