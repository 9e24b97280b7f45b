// SPDX-License-Identifier: Apache-2.0
// Segments that are not sealed, harmed while no broker ran.
#include "storage/error.h"
#include "tests/storage/support/damage.h"
#include "tests/storage/support/said.h"

namespace mq::test {
namespace {

namespace fs = std::filesystem;
using storage::Errc;
using storage::PartitionNumber;
using storage::Path;

TEST(DamagedSegments, ATruncatedSegmentIsToldAndItsOffsetsAreNotGivenAgain) {
  constexpr std::size_t segment_bytes = 64 << 10;
  for (const bool stops : {true, false}) {
    for (std::size_t size = 0; size < segment_bytes; size += 4096) {
      SCOPED_TRACE(std::string(stops ? "stopped" : "killed") + ", truncated at " + std::to_string(size));
      Said said;
      Dead dead(segment_bytes);
      give_partitions(dead.opened, 2);
      for (int i = 0; i < 15; i++)
        for (const PartitionNumber partition : {1, 2}) ASSERT_FALSE(dead.opened.put(partition, 2, 1000));
      stops ? dead.opened.stop() : dead.die();
      const bool loses = !stops || size < end_of_data(content(dead.file(1)));
      fs::resize_file(dead.file(1), size);
      dead.files.adopt();
      EXPECT_EQ(names(problems_of(dead.files, dead.opened.options.data), dead.file(1)), loses);
      dead.opened.open();
      EXPECT_TRUE(said.has("bytes shorter than it was made"));
      EXPECT_EQ(dead.opened.journal->recovery().damaged.size(), loses ? 2u : 0u);
      for (const PartitionNumber partition : {1, 2}) {
        const auto log = dead.opened.journal->log(partition);
        EXPECT_GE(log->end(), 30);
        Offset from = 0;
        for (; from < log->end() && !dead.read_error(partition, from); from += 2) {
        }
        EXPECT_EQ(from < log->end(), loses);
        EXPECT_EQ(dead.read_error(partition, from), loses ? make_error_code(Errc::corrupt) : error_code());
        const Offset end = log->end();
        ASSERT_FALSE(dead.opened.put(partition));
        EXPECT_FALSE(dead.read_error(partition, end));
      }
      const Offset end = dead.opened.journal->log(1)->end();
      const auto damaged = dead.opened.journal->recovery().damaged;
      for (int i = 0; i < 2; i++) {
        i == 0 ? dead.die() : dead.opened.stop();
        dead.reopen();
        EXPECT_EQ(dead.opened.journal->log(1)->end(), end);
        EXPECT_EQ(dead.opened.journal->recovery().damaged, damaged);
      }
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(DamagedSegments, WhatIsNoBatchAnyMoreInASealedSegmentIsNotServedAsOne) {
  Said said;
  Dead dead(1 << 20);
  give_partitions(dead.opened, 1);
  for (int i = 0; i < 20; i++) ASSERT_FALSE(dead.opened.put(1, 1, 60'000));
  ASSERT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->rewriter().roll()));
  dead.opened.stop();
  std::string bytes = content(dead.file(1));
  bytes.replace(400'000, 200'000, 200'000, '\0');
  dead.reopen_with(dead.file(1), bytes);
  int lost = 0;
  const auto log = dead.opened.journal->log(1);
  for (Offset from = 0; from < 20; from++) {
    const auto alone = wait_for(dead.opened.loop, log->read(from, 1));
    const auto with_more = wait_for(dead.opened.loop, log->read(from, 1'000'000));
    EXPECT_EQ(alone.has_value(), with_more.has_value()) << "what lies before damage is read, too: " << from;
    lost += !alone;
  }
  EXPECT_GE(lost, 3);
  EXPECT_LE(lost, 5);
  EXPECT_TRUE(said.has("is no batch any more"));
}

TEST(DamagedSegments, ALogSaysWhereALostRangeEnds) {
  Dead dead;
  give_partitions(dead.opened, 1);
  ASSERT_FALSE(dead.opened.put(1, 10));
  dead.opened.stop();
  dead.reopen_with(dead.file(1), "");
  const auto log = dead.opened.journal->log(1);
  EXPECT_EQ(log->readable_from(0), log->end());
  EXPECT_EQ(log->readable_from(5), log->end());
  EXPECT_EQ(log->readable_from(log->end()), log->end());
}

TEST(DamagedSegments, APartitionOfWhichNothingIsLeftKeepsItsOffsets) {
  Dead dead;
  give_partitions(dead.opened, 1);
  ASSERT_FALSE(dead.opened.put(1, 10));
  dead.opened.stop();
  dead.reopen_with(dead.file(1), "");
  EXPECT_GE(dead.opened.journal->log(1)->end(), 10);
  EXPECT_EQ(dead.read_error(1, 0), Errc::corrupt);
}

TEST(DamagedSegments, TheNewestSegmentThatIsMissingIsToldUnlessItIsKnownThatItWasNeverWrittenTo) {
  for (const bool stops : {true, false}) {
    Said said;
    Dead dead;
    ASSERT_FALSE(dead.opened.put(1, 10));
    run_until(dead.opened.loop, [&] { return fs::exists(dead.file(2)); });
    dead.opened.stop();  // and its row is written
    dead.opened.open();
    ASSERT_FALSE(dead.opened.put(1, 10));
    stops ? dead.opened.stop() : dead.die();
    fs::remove(dead.file(2));
    dead.reopen();
    EXPECT_EQ(dead.opened.journal->recovery().damaged.empty(), stops);
    EXPECT_TRUE(said.has("0000000002.log"));
    EXPECT_FALSE(dead.read_error(1, 0));
    EXPECT_FALSE(dead.read_error(1, 10));
    ASSERT_FALSE(dead.opened.put(1));
  }
}

// Only what an orderly stop noted tells it from a torn tail.
TEST(DamagedSegments, ZerosOverTheEndOfAJournalThatWasStoppedAreDamage) {
  Said said;
  Dead dead;
  for (int i = 0; i < 4; i++) ASSERT_FALSE(dead.opened.put(1));
  dead.opened.stop();
  auto bytes = content(dead.file(1));
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records_of(bytes)[3]), bytes.end(), '\0');
  replace(dead.file(1), bytes);
  dead.files.adopt();
  EXPECT_TRUE(names(problems_of(dead.files, dead.opened.options.data), dead.file(1)));
  dead.opened.open();
  EXPECT_EQ(dead.opened.journal->recovery().damaged, std::vector<PartitionNumber>{1});
  EXPECT_GE(dead.opened.journal->log(1)->end(), 4);
}

TEST(DamagedSegments, AHoleThatIsKnownDoesNotGrowAtEveryStart) {
  Dead dead;
  dead.group({1, 2});
  ASSERT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->rewriter().roll()));
  dead.group({1, 2});
  dead.group({1});
  dead.die();
  auto bytes = content(dead.file(2));
  const auto records = records_of(bytes);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records[2]),
            bytes.begin() + static_cast<std::ptrdiff_t>(records[3]), '\0');
  dead.reopen_with(dead.file(2), bytes);
  EXPECT_EQ(dead.opened.journal->recovery().damaged, std::vector<PartitionNumber>{2});
  const Offset end = dead.opened.journal->log(2)->end();
  for (int i = 0; i < 3; i++) {
    dead.opened.stop();
    dead.opened.open();
    EXPECT_EQ(dead.opened.journal->log(2)->end(), end);
  }
}

TEST(DamagedSegments, APartitionThatBeganInAHoleHasLostItsBeginning) {
  Dead dead;
  ASSERT_FALSE(dead.opened.put(1));
  ASSERT_FALSE(dead.opened.put(7, 5));
  ASSERT_FALSE(dead.opened.put(1));
  ASSERT_FALSE(dead.opened.put(7, 5));
  dead.opened.stop();
  auto bytes = content(dead.file(1));
  const auto records = records_of(bytes);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records[2]),
            bytes.begin() + static_cast<std::ptrdiff_t>(records[3]), '\0');
  dead.reopen_with(dead.file(1), bytes);
  EXPECT_EQ(dead.read_error(7, 0), Errc::corrupt);
  EXPECT_FALSE(dead.read_error(7, 5));
}

TEST(DamagedSegments, WhatIsTrimmedIsNotKnownToBeLostAnyMore) {
  Dead dead;
  give_partitions(dead.opened, 1);
  for (int i = 0; i < 4; i++) ASSERT_FALSE(dead.opened.put(1));
  dead.opened.stop();
  dead.reopen_with(dead.file(1), "");
  ASSERT_EQ(dead.opened.journal->recovery().damaged.size(), 1u);
  EXPECT_FALSE(
      wait_for(dead.opened.loop, dead.opened.journal->log(1)->trim(dead.opened.journal->log(1)->end())));
  dead.opened.stop();
  dead.opened.open();
  EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
  dead.opened.stop();
  for (const auto& problem : problems_of(dead.files, dead.opened.options.data))
    EXPECT_EQ(problem.partition, 0u) << problem.what;
}

TEST(DamagedSegments, ARepairedTailKeepsTheSizeOfItsFileAlsoOnAFullDisk) {
  Dead dead;
  dead.group({1});
  dead.group({1});
  dead.die();
  auto bytes = content(dead.file(1));
  bytes[records_of(bytes).back() + 70] ^= 1;
  replace(dead.file(1), bytes);
  dead.files.adopt();
  dead.files.inject({PowerCut::Call::allocate, 1, ENOSPC, "journal/", true});
  dead.opened.open();
  EXPECT_GT(dead.opened.journal->recovery().torn_bytes, 0u);
  EXPECT_EQ(fs::file_size(dead.file(1)), bytes.size());
  dead.die();
  dead.opened.open();
  EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
  EXPECT_EQ(dead.opened.all(1).size(), 1u);
}

}  // namespace
}  // namespace mq::test
