// SPDX-License-Identifier: Apache-2.0
#include "core/partition/producers.h"

#include <gtest/gtest.h>

namespace mq::core {
namespace {

using kafka::Error;

kafka::BatchHead head(std::int64_t id, std::int16_t epoch, std::int32_t sequence, std::int32_t records = 1) {
  kafka::BatchHead h{};
  h.producer_id = id;
  h.producer_epoch = epoch;
  h.base_sequence = sequence;
  h.last_offset_delta = records - 1;
  h.record_count = records;
  return h;
}

class ProducersTest : public testing::Test {
 protected:
  Error send(std::int64_t id, std::int16_t epoch, std::int32_t sequence, std::int32_t records = 1) {
    const auto h = head(id, epoch, sequence, records);
    const auto verdict = producers.check(h);
    if (verdict.error == Error::none && !verdict.duplicate) {
      producers.appended(h, next, 1000);
      next += records;
    }
    return verdict.error;
  }
  Producers producers;
  Offset next = 0;
};

TEST_F(ProducersTest, TheFirstSequenceOfAnUnknownProducerIsAccepted) {
  EXPECT_EQ(send(7, 0, 42), Error::none);
}

TEST_F(ProducersTest, SequencesContinueByTheNumberOfRecords) {
  EXPECT_EQ(send(7, 0, 0, 10), Error::none);
  EXPECT_EQ(send(7, 0, 10, 5), Error::none);
  EXPECT_EQ(send(7, 0, 16), Error::out_of_order_sequence_number);
  EXPECT_EQ(send(7, 0, 15), Error::none);
}

TEST_F(ProducersTest, ADuplicateOfTheLastFiveIsAnsweredWithItsOriginalOffset) {
  for (std::int32_t i = 0; i < 6; i++) send(7, 0, i * 10, 10);
  const auto verdict = producers.check(head(7, 0, 10, 10));
  ASSERT_TRUE(verdict.duplicate);
  EXPECT_EQ(verdict.duplicate->first, 10);
  EXPECT_EQ(producers.check(head(7, 0, 0, 10)).error, Error::out_of_order_sequence_number)
      << "the sixth is forgotten";
}

TEST_F(ProducersTest, SequencesWrapToZero) {
  EXPECT_EQ(send(7, 0, 0x7ffffffe, 2), Error::none);
  EXPECT_EQ(send(7, 0, 0), Error::none);
  EXPECT_EQ(sequence_after(0x7fffffff, 3), 2);
}

TEST_F(ProducersTest, ABatchMayItselfCrossTheWrap) {
  EXPECT_EQ(send(7, 0, 0x7fffffff, 3), Error::none);
  EXPECT_EQ(send(7, 0, 2), Error::none);
}

TEST_F(ProducersTest, ANewEpochStartsAtZeroAndFencesTheOldOne) {
  send(7, 0, 0, 10);
  EXPECT_EQ(send(7, 1, 10), Error::out_of_order_sequence_number);
  EXPECT_EQ(send(7, 1, 0), Error::none);
  EXPECT_EQ(send(7, 0, 10), Error::invalid_producer_epoch);
}

TEST_F(ProducersTest, WhatWasCutNeverHappened) {
  send(7, 0, 0, 10);
  send(7, 0, 10, 10);
  producers.cut(10);
  EXPECT_EQ(send(7, 0, 20), Error::out_of_order_sequence_number);
  EXPECT_EQ(send(7, 0, 10, 10), Error::none);
}

TEST_F(ProducersTest, ASnapshotBringsBackEveryProducerAndWhatItCovers) {
  for (std::int32_t i = 0; i < 7; i++) send(7, 3, i), send(8, 0, i * 2, 2);
  const auto restored = Producers::restore(producers.snapshot(21));
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->second, 21);
  EXPECT_EQ(restored->first.all(), producers.all());
}

TEST_F(ProducersTest, ADamagedSnapshotIsRefused) {
  send(7, 0, 0);
  const std::string snapshot = producers.snapshot(1);
  for (std::size_t n = 0; n < snapshot.size(); n++)
    EXPECT_FALSE(Producers::restore(snapshot.substr(0, n))) << n;
}

TEST_F(ProducersTest, NewProducersPushOutThoseSilentForADay) {
  for (std::int64_t id = 0; id < 64; id++) producers.appended(head(id, 0, 0), id, 1000);
  producers.appended(head(100, 0, 0), 64, 1001 + Producers::expiration_ms);
  EXPECT_EQ(producers.size(), 1u);
}

TEST_F(ProducersTest, ProducersSilentForTooLongAreForgotten) {
  send(7, 0, 0);
  producers.expire(1000);
  EXPECT_EQ(producers.size(), 1u);
  producers.expire(1001);
  EXPECT_TRUE(producers.empty());
}

}  // namespace
}  // namespace mq::core
