// SPDX-License-Identifier: Apache-2.0
// What every Log promises. A maker has `loop()` and `log()`, an empty one.
#pragma once

#include "storage/error.h"
#include "tests/storage/support/batches.h"

namespace mq::test {

template <class Maker>
class LogContract : public testing::Test {
 protected:
  storage::asio::io_context& loop() { return maker_.loop(); }
  Log& log() { return *log_; }
  void fill(int batches, int records = 1, std::size_t size = 100) {
    for (int i = 0; i < batches; i++)
      ASSERT_FALSE(append_to(loop(), log(), make_batch(log().end(), records, size, 1000 + i)));
  }

  Maker maker_;
  std::shared_ptr<Log> log_ = maker_.log();
};
TYPED_TEST_SUITE_P(LogContract);

TYPED_TEST_P(LogContract, StartsEmptyAtZero) {
  EXPECT_EQ(this->log().start(), 0);
  EXPECT_EQ(this->log().end(), 0);
  const auto read = wait_for(this->loop(), this->log().read(0, 1000));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size, 0u);
  EXPECT_EQ(read->next, 0);
}

TYPED_TEST_P(LogContract, GivesBackWhatWasAppendedInOrder) {
  this->fill(3, 5);
  EXPECT_EQ(this->log().end(), 15);
  EXPECT_EQ(read_all(this->loop(), this->log(), 0),
            (std::vector<Seen>{{0, 4, 100}, {5, 9, 100}, {10, 14, 100}}));
}

TYPED_TEST_P(LogContract, ReadBeginsWithTheBatchThatHoldsTheOffset) {
  this->fill(3, 5);
  const auto read = wait_for(this->loop(), this->log().read(7, 1));
  ASSERT_TRUE(read);
  EXPECT_EQ(batches_of(*read), (std::vector<Seen>{{5, 9, 100}}));
  EXPECT_EQ(read->next, 10);
}

TYPED_TEST_P(LogContract, ReadReturnsAsManyBatchesAsFitButAtLeastOne) {
  this->fill(4, 1, 100);
  EXPECT_EQ(wait_for(this->loop(), this->log().read(0, 250))->size, 200u);
  EXPECT_EQ(wait_for(this->loop(), this->log().read(0, 10))->size, 100u);
}

TYPED_TEST_P(LogContract, AReaderMayAskForNothingFromAnOffsetOn) {
  this->fill(3, 5);
  EXPECT_EQ(batches_of(*wait_for(this->loop(), this->log().read(0, 1000, 10))),
            (std::vector<Seen>{{0, 4, 100}, {5, 9, 100}}));
  EXPECT_EQ(wait_for(this->loop(), this->log().read(10, 1000, 10))->size, 0u);
  EXPECT_EQ(wait_for(this->loop(), this->log().read(12, 1000, 10))->size, 0u);
}

TYPED_TEST_P(LogContract, AnOffsetInAGapFindsTheNextBatch) {
  this->fill(1);
  ASSERT_FALSE(append_to(this->loop(), this->log(), make_batch(10)));
  const auto read = wait_for(this->loop(), this->log().read(4, 1000));
  ASSERT_TRUE(read);
  EXPECT_EQ(batches_of(*read), (std::vector<Seen>{{10, 10, 100}}));
}

TYPED_TEST_P(LogContract, OffsetsOutsideAreRefused) {
  this->fill(2);
  EXPECT_EQ(wait_for(this->loop(), this->log().read(3, 100)).error(), storage::Errc::offset_out_of_range);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(1)));
  EXPECT_EQ(wait_for(this->loop(), this->log().read(0, 100)).error(), storage::Errc::offset_out_of_range);
}

TYPED_TEST_P(LogContract, EveryBatchOfAGroupCountsBeforeTheFirstAnswer) {
  Offset end_at_first = -1;
  int answers = 0;
  for (int i = 0; i < 3; i++)
    this->log().append(make_batch(i), [&](storage::error_code error) {
      EXPECT_FALSE(error);
      if (answers++ == 0) end_at_first = this->log().end();
    });
  EXPECT_EQ(answers, 0);
  run_until(this->loop(), [&] { return answers == 3; });
  EXPECT_EQ(end_at_first, 3);
}

TYPED_TEST_P(LogContract, TruncationForgetsEveryBatchThatReachesIt) {
  this->fill(3, 5);
  EXPECT_FALSE(wait_for(this->loop(), this->log().truncate(12)));
  EXPECT_EQ(this->log().end(), 10);
  EXPECT_EQ(read_all(this->loop(), this->log(), 0), (std::vector<Seen>{{0, 4, 100}, {5, 9, 100}}));
  ASSERT_FALSE(append_to(this->loop(), this->log(), make_batch(10, 1, 70)));
  EXPECT_EQ(read_all(this->loop(), this->log(), 5), (std::vector<Seen>{{5, 9, 100}, {10, 10, 70}}));
}

TYPED_TEST_P(LogContract, TruncationBehindTheEndChangesNothing) {
  this->fill(2);
  EXPECT_FALSE(wait_for(this->loop(), this->log().truncate(7)));
  EXPECT_EQ(this->log().end(), 2);
}

TYPED_TEST_P(LogContract, TrimMovesTheStart) {
  this->fill(3, 5);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(7)));
  EXPECT_EQ(this->log().start(), 7);
  EXPECT_EQ(read_all(this->loop(), this->log(), 7), (std::vector<Seen>{{5, 9, 100}, {10, 14, 100}}));
  EXPECT_EQ(this->log().bytes(), 200u);
}

TYPED_TEST_P(LogContract, TrimPastTheEndGoesOnFromThere) {
  this->fill(2);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(50)));
  EXPECT_EQ(this->log().start(), 50);
  EXPECT_EQ(this->log().end(), 50);
  ASSERT_FALSE(append_to(this->loop(), this->log(), make_batch(50)));
  EXPECT_EQ(read_all(this->loop(), this->log(), 50), (std::vector<Seen>{{50, 50, 100}}));
}

TYPED_TEST_P(LogContract, FindsTheFirstBatchThatReachesATime) {
  this->fill(5);  // times 1000 to 1004
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time(0)), 0);
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time(1003)), 3);
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time(1005)), 5);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(2)));
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time(0)), 2);
}

TYPED_TEST_P(LogContract, FindsTheBatchWithTheLargestTime) {
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time_max()), 0);
  for (const std::int64_t time : {5, 9, 9, 7})
    ASSERT_FALSE(append_to(this->loop(), this->log(), make_batch(this->log().end(), 1, 100, time)));
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time_max()), 1);
}

TYPED_TEST_P(LogContract, WhatATimeFindsCanBeReadAlsoWhereABatchWasTrimmedInTheMiddle) {
  this->fill(3, 5);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(7)));
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time(0)), 7);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(12)));
  EXPECT_EQ(*wait_for(this->loop(), this->log().at_time_max()), 12);
}

TYPED_TEST_P(LogContract, SaysWhatLiesWhereBatchByBatch) {
  this->fill(4, 5);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(5)));
  const auto ranges = wait_for(this->loop(), this->log().ranges(0, storage::Grain::batch, 2));
  ASSERT_TRUE(ranges);
  ASSERT_EQ(ranges->size(), 2u);
  const storage::Range& second = ranges->back();
  EXPECT_EQ(second.first, 10);
  EXPECT_EQ(second.last, 14);
  EXPECT_EQ(second.time_max, 1002);
  EXPECT_EQ(second.bytes, 100u);
}

TYPED_TEST_P(LogContract, SegmentsTogetherHoldEveryBatchOnce) {
  this->fill(40, 2);
  EXPECT_FALSE(wait_for(this->loop(), this->log().trim(10)));
  const auto ranges = wait_for(this->loop(), this->log().ranges(0, storage::Grain::segment, 1000));
  ASSERT_TRUE(ranges);
  Offset next = 10;
  std::uint64_t bytes = 0;
  for (const storage::Range& range : *ranges) {
    EXPECT_EQ(range.first, next);
    next = range.last + 1;
    bytes += range.bytes;
  }
  EXPECT_EQ(next, 80);
  EXPECT_EQ(bytes, 3500u);
  EXPECT_EQ(ranges->back().time_max, 1039);
}

REGISTER_TYPED_TEST_SUITE_P(LogContract, StartsEmptyAtZero, GivesBackWhatWasAppendedInOrder,
                            ReadBeginsWithTheBatchThatHoldsTheOffset,
                            ReadReturnsAsManyBatchesAsFitButAtLeastOne, AReaderMayAskForNothingFromAnOffsetOn,
                            AnOffsetInAGapFindsTheNextBatch, OffsetsOutsideAreRefused,
                            EveryBatchOfAGroupCountsBeforeTheFirstAnswer,
                            TruncationForgetsEveryBatchThatReachesIt, TruncationBehindTheEndChangesNothing,
                            TrimMovesTheStart, TrimPastTheEndGoesOnFromThere,
                            FindsTheFirstBatchThatReachesATime, FindsTheBatchWithTheLargestTime,
                            WhatATimeFindsCanBeReadAlsoWhereABatchWasTrimmedInTheMiddle,
                            SaysWhatLiesWhereBatchByBatch, SegmentsTogetherHoldEveryBatchOnce);

}  // namespace mq::test
