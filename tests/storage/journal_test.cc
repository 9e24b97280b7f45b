// SPDX-License-Identifier: Apache-2.0
#include "storage/journal.h"

#include "storage/error.h"
#include "tests/storage/log_contract.h"
#include "tests/storage/support/opened.h"

namespace mq::test {
namespace {

class JournalMaker {
 public:
  JournalMaker() { opened_.open(); }
  storage::asio::io_context& loop() { return opened_.loop; }
  std::shared_ptr<Log> log() { return opened_.journal->log(opened_.journal->next_partition()); }

 private:
  Opened opened_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Journal, LogContract, JournalMaker);

// The same with nothing in memory, and a segment for every few batches.
class SmallJournalMaker {
 public:
  SmallJournalMaker() {
    opened_.options.tail_bytes = 0;
    opened_.options.segment_bytes_min = opened_.options.segment_bytes_max = 700;
    opened_.open();
  }
  storage::asio::io_context& loop() { return opened_.loop; }
  std::shared_ptr<Log> log() { return opened_.journal->log(opened_.journal->next_partition()); }

 private:
  Opened opened_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(SmallSegments, LogContract, SmallJournalMaker);

TEST(Journal, OpensAnEmptyDirectory) {
  Opened opened;
  opened.open();
  EXPECT_EQ(opened.journal->recovery().batches_scanned, 0u);
  EXPECT_EQ(opened.journal->next_partition(), 1u);
}

TEST(Journal, WhatWasAcknowledgedIsThereAfterACrash) {
  Opened opened;
  opened.open();
  for (int i = 0; i < 10; i++) {
    ASSERT_FALSE(opened.put(1, 2));
    ASSERT_FALSE(opened.put(2, 1, 40'000));
  }
  const auto one = opened.all(1), two = opened.all(2);
  opened.open();
  EXPECT_EQ(opened.journal->recovery().batches_scanned, 20u);
  EXPECT_EQ(opened.all(1), one);
  EXPECT_EQ(opened.all(2), two);
  EXPECT_EQ(opened.journal->log(1)->end(), 20);
  ASSERT_FALSE(opened.put(1));
  EXPECT_EQ(opened.all(1).size(), 11u);
  EXPECT_EQ(opened.journal->next_partition(), 3u);
}

TEST(Journal, ReadsSealedSegmentsAlsoAfterARestart) {
  Opened opened;
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = 100'000;
  opened.options.tail_bytes = 0;
  opened.open();
  std::size_t bytes = 0;
  for (int i = 0; i < 60; i++) {
    ASSERT_FALSE(opened.put(1 + i % 3, 2, 200));
    ASSERT_FALSE(opened.put(4, 1, 20'000));
    ASSERT_FALSE(opened.put(5, 1, 40'000));
    bytes += 60'200;
  }
  for (int round = 0; round < 2; round++) {
    EXPECT_EQ(opened.all(1).size(), 20u);
    EXPECT_EQ(opened.all(4).size(), 60u);
    EXPECT_EQ(opened.all(5).size(), 60u);
    EXPECT_EQ(opened.journal->log(5)->bytes(), 60u * 40'000);
    EXPECT_GT(opened.journal->stats().segments, 20u);
    opened.open();
    EXPECT_LE(opened.journal->recovery().segments, 5u);
  }
}

TEST(Journal, TruncationsAndTrimsAreThereAfterACrash) {
  Opened opened;
  opened.open();
  for (int i = 0; i < 10; i++) ASSERT_FALSE(opened.put(1));
  const auto log = opened.journal->log(1);
  EXPECT_FALSE(wait_for(opened.loop, log->truncate(8)));
  EXPECT_FALSE(wait_for(opened.loop, log->trim(3)));
  ASSERT_FALSE(opened.put(1, 1, 70));
  opened.open();
  EXPECT_EQ(log->end(), 9);  // an old log only remembers
  EXPECT_EQ(wait_for(opened.loop, log->read(3, 1)).error(), storage::Errc::stopped);
  EXPECT_EQ(opened.journal->log(1)->start(), 3);
  const auto all = opened.all(1);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all.back(), (Seen{8, 8, 70}));
}

TEST(Journal, TrimmingGivesSpaceBack) {
  Opened opened;
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = 100'000;
  opened.open();
  for (int i = 0; i < 50; i++) ASSERT_FALSE(opened.put(1, 1, 20'000));
  const auto log = opened.journal->log(1);
  run_until(opened.loop, [&] { return opened.journal->stats().segments >= 12; });
  EXPECT_FALSE(wait_for(opened.loop, log->trim(log->end())));
  run_until(opened.loop, [&] { return opened.journal->stats().segments <= 3; });
  run_until(opened.loop, [&] { return log->bytes() == 0; });
}

TEST(Journal, RemovedPartitionsStayRemoved) {
  Opened opened;
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = 100'000;
  opened.open();
  for (int i = 0; i < 20; i++) ASSERT_FALSE(opened.put(1, 1, 20'000));
  ASSERT_FALSE(opened.put(2));
  EXPECT_FALSE(wait_for(opened.loop, opened.journal->remove({1})));
  EXPECT_EQ(opened.journal->log(1)->end(), 0);
  opened.open();
  EXPECT_EQ(opened.journal->log(1)->end(), 0);
  EXPECT_EQ(opened.all(2).size(), 1u);
  EXPECT_EQ(opened.journal->next_partition(), 3u);
}

TEST(Journal, ABatchBeforeTheEndIsRefused) {
  Opened opened;
  opened.open();
  ASSERT_FALSE(opened.put(1, 3));
  const auto log = opened.journal->log(1);
  EXPECT_EQ(append_to(opened.loop, *log, make_batch(2)), storage::Errc::offset_out_of_range);
  ASSERT_FALSE(append_to(opened.loop, *log, make_batch(3)));
}

TEST(Journal, AfterACleanStopNothingIsTorn) {
  Opened opened;
  opened.open();
  ASSERT_FALSE(opened.put(1));
  opened.stop();
  opened.open();
  EXPECT_EQ(opened.journal->recovery().torn_bytes, 0u);
  EXPECT_EQ(opened.all(1).size(), 1u);
}

TEST(Journal, ASecondOneIsRefusedInTheSameDirectory) {
  Opened opened;
  opened.open();
  const auto second = storage::Journal::open(storage::real_files(), opened.loop, opened.options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), storage::Errc::in_use);
}

TEST(Journal, CoreKeepsItsRowsInMeta) {
  Opened opened;
  opened.open();
  storage::Store::Change change;
  change.puts["core/topic"] = "configuration";
  EXPECT_FALSE(opened.journal->meta().commit(change));
  EXPECT_EQ(opened.journal->next_partition(), 1u);
  EXPECT_FALSE(opened.journal->meta().commit(change));
  opened.open();
  EXPECT_EQ(**opened.journal->meta().get("core/topic"), "configuration");
  EXPECT_EQ(opened.journal->next_partition(), 2u);
}

}  // namespace
}  // namespace mq::test
