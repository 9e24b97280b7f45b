// SPDX-License-Identifier: Apache-2.0
// What the journal promises core beyond the contract of a log: snapshots, flush modes, removal, sizes,
// numbers.
#include <map>

#include "storage/error.h"
#include "tests/storage/support/opened.h"
#include "tests/support/power_cut.h"

namespace mq::test {
namespace {

using storage::PartitionNumber;

// What core would do: a snapshot is how many batches it has seen of a partition.
struct Counting {
  Counting() {
    opened.options.segment_bytes_min = opened.options.segment_bytes_max = 4000;
    opened.options.on_snapshot = [this](PartitionNumber partition, std::string_view snapshot) {
      seen[partition] = snapshots[partition] = std::stoi(std::string(snapshot));
    };
    opened.options.on_start = [this](PartitionNumber partition, storage::Bytes head) {
      EXPECT_GE(head.size(), storage::batch_head_bytes);
      EXPECT_LE(head.size(), storage::batch_start_bytes);
      seen[partition]++;
      heads++;
    };
    opened.options.snapshots = [this](std::vector<PartitionNumber> partitions, auto done) {
      storage::JournalOptions::Snapshots all;
      for (const PartitionNumber partition : partitions)
        all.emplace_back(partition, std::to_string(seen[partition]));
      done(std::move(all));
    };
  }
  void put(PartitionNumber partition) {
    ASSERT_FALSE(opened.put(partition, 1, 300));
    seen[partition]++;
  }
  void reopen() {
    opened.close();
    seen.clear();
    snapshots.clear();
    heads = 0;
    opened.open();
  }
  std::map<PartitionNumber, int> seen, snapshots;
  int heads = 0;
  Opened opened;
};

TEST(JournalPromises, CoreGetsSnapshotsAndThenTheHeadsThatTheyDoNotCover) {
  Counting counting;
  counting.opened.open();
  for (int i = 0; i < 100; i++) counting.put(1 + i % 2);
  const auto unsealed = [&] {
    const auto names = storage::real_files().list(counting.opened.options.data / "journal");
    return std::count_if(names->begin(), names->end(),
                         [](const auto& name) { return name.ends_with(".log"); });
  };
  run_until(counting.opened.loop, [&] { return unsealed() <= 2; });  // the active one and the next
  counting.reopen();
  EXPECT_GT(counting.snapshots[1], 20);
  EXPECT_GE(counting.seen[1], 50);  // a snapshot may be newer than its segment: heads come again
  EXPECT_GE(counting.seen[2], 50);
  EXPECT_LT(counting.heads, 60);
}

TEST(JournalPromises, WithoutSyncsWhatWasWrittenIsThereAfterAKill) {
  for (const auto flush : {storage::Flush::os, storage::Flush::interval}) {
    TempDir disk;
    PowerCut files(disk.path());
    Opened opened(files, disk.path());
    opened.options.flush = flush;
    opened.open();
    ASSERT_FALSE(opened.put(1));
    const auto syncs = opened.journal->stats().syncs;
    for (int i = 0; i < 20; i++) ASSERT_FALSE(opened.put(1));
    EXPECT_LE(opened.journal->stats().syncs, syncs + 1);
    files.cut();
    opened.close();
    files.reboot(PowerCut::Loss::none);
    opened.open();
    EXPECT_EQ(opened.all(1).size(), 21u);
  }
}

TEST(JournalPromises, ANoteFollowsTheLastGroupWithinAboutASecondAndThenNothing) {
  TempDir disk;
  PowerCut files(disk.path());
  Opened opened(files, disk.path());
  opened.open();
  ASSERT_FALSE(opened.put(1));
  const auto written = opened.journal->stats().written_bytes;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (opened.journal->stats().written_bytes == written && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(opened.journal->stats().written_bytes, written + 56);
}

// Where what is written next lies on blocks that the file system knows as data already, a sync has one write
// less.
TEST(JournalPromises, SmallGroupsAreWrittenOverZerosThatWereWrittenBefore) {
  TempDir dir;
  PowerCut files(dir.path());
  Opened opened(files, dir.path());
  opened.open();
  const auto writes = [&](std::size_t size) {
    const std::uint64_t before = files.calls(PowerCut::Call::write);
    EXPECT_FALSE(opened.put(1, 1, size));
    return files.calls(PowerCut::Call::write) - before;
  };
  writes(1000);
  std::uint64_t all = 0;
  for (int i = 0; i < 200; i++) all += writes(1000);
  EXPECT_LT(all, 210u);  // and a note, should a second have passed
  writes(60'000);
  EXPECT_GE(writes(1000), 2u);
}

TEST(JournalPromises, ABatchMayBeLargerThanASegment) {
  Opened opened;
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = 8192;
  opened.options.tail_bytes = 0;
  opened.open();
  ASSERT_FALSE(opened.put(1));
  ASSERT_FALSE(opened.put(1, 1, 1'000'000));
  ASSERT_FALSE(opened.put(1));
  opened.open();
  EXPECT_EQ(opened.all(1).size(), 3u);
}

TEST(JournalPromises, RemovingPartitionsGivesTheirSpaceBack) {
  Opened opened;
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = 100'000;
  opened.open();
  for (int i = 0; i < 100; i++) ASSERT_FALSE(opened.put(1 + i % 2, 1, 20'000));
  const auto before = opened.journal->stats().disk_bytes;
  EXPECT_FALSE(wait_for(opened.loop, opened.journal->remove({1, 2})));
  run_until(opened.loop, [&] { return opened.journal->stats().disk_bytes < before / 4; });
  ASSERT_FALSE(opened.put(3));
  opened.open();
  EXPECT_EQ(opened.all(3).size(), 1u);
  EXPECT_EQ(opened.journal->log(1)->end(), 0);
}

TEST(JournalPromises, TenThousandPartitionsAreThereAfterARestart) {
  constexpr PartitionNumber partitions = 10'000;
  Opened opened;
  opened.open();
  PartitionNumber answered = 0;
  for (PartitionNumber p = 1; p <= partitions; p++)
    opened.journal->log(p)->append(make_batch(0, 1 + static_cast<int>(p % 3)),
                                   [&](storage::error_code error) {
                                     EXPECT_FALSE(error);
                                     answered++;
                                   });
  run_until(opened.loop, [&] { return answered == partitions; });
  opened.open();
  for (PartitionNumber p = 1; p <= partitions; p++) ASSERT_EQ(opened.journal->log(p)->end(), 1 + p % 3);
  EXPECT_EQ(opened.journal->next_partition(), partitions + 1);
}

TEST(JournalPromises, AfterStopNothingIsTakenAndReadersAreToldSo) {
  Opened opened;
  opened.open();
  ASSERT_FALSE(opened.put(1));
  const auto log = opened.journal->log(1);
  wait_for(opened.loop, opened.journal->stop());
  EXPECT_EQ(append_to(opened.loop, *log, make_batch(1)), storage::Errc::stopped);
  opened.close();
  EXPECT_EQ(wait_for(opened.loop, log->read(0, 100)).error(), storage::Errc::stopped);
}

TEST(JournalPromises, WhatIsNotAnsweredWhenTheJournalGoesIsAnsweredWithAnError) {
  Opened opened;
  opened.open();
  std::optional<storage::error_code> answer;
  opened.journal->log(1)->append(make_batch(0), [&](storage::error_code error) { answer = error; });
  opened.close();
  EXPECT_EQ(answer, storage::make_error_code(storage::Errc::stopped));
}

}  // namespace
}  // namespace mq::test
