// SPDX-License-Identifier: Apache-2.0
#include "core/partition/producers.h"

#include <gtest/gtest.h>

#include "core/partition/snapshot.h"

namespace mq::core {
namespace {

using kafka::Error;

kafka::BatchHead head(std::int64_t id, std::int16_t epoch, std::int32_t sequence, std::int32_t records = 1) {
  kafka::BatchHead h;
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
  // When all of it is committed.
  std::string snapshot(Offset covers) {
    producers.advance(covers, covers);
    return to_bytes({.producers = producers, .covers = covers, .high_watermark = covers});
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

TEST_F(ProducersTest, WhatCouldNotBeWrittenHasToComeAgainBeforeWhatFollowsIt) {
  send(7, 0, 0, 10);
  send(7, 0, 10, 10);
  producers.failed(10, 1000);
  EXPECT_EQ(send(7, 0, 20), Error::kafka_storage_error) << "it follows what was lost";
  EXPECT_EQ(send(7, 0, 21), Error::out_of_order_sequence_number) << "nothing of ours explains that";
  EXPECT_EQ(send(7, 0, 10, 10), Error::none);
}

TEST_F(ProducersTest, WhoLostEverythingGoesOnWithTheFirstThatItLost) {
  send(7, 0, 40);
  send(7, 0, 41);
  producers.failed(0, 1000);
  const auto restored = parse_snapshot(snapshot(0));
  EXPECT_EQ(restored->producers.check(head(7, 0, 40)).error, Error::none);
  EXPECT_NE(restored->producers.check(head(7, 0, 41)).error, Error::none);
  EXPECT_EQ(send(7, 0, 41), Error::kafka_storage_error) << "it would overtake the other one";
  EXPECT_EQ(send(7, 0, 40), Error::none);
  EXPECT_EQ(send(7, 0, 41), Error::none);
  producers.failed(0, 1000);
  EXPECT_EQ(send(7, 1, 40), Error::out_of_order_sequence_number);
  EXPECT_EQ(send(7, 1, 0), Error::none) << "an epoch of its own begins anew";
}

TEST_F(ProducersTest, WhatFollowsARefusedBatchHasToWaitForItAndIsNoMistakeOfTheProducer) {
  send(7, 0, 0, 10);
  producers.refused(head(7, 0, 10, 5), 1000);
  EXPECT_EQ(send(7, 0, 15, 5), Error::kafka_storage_error);
  EXPECT_EQ(send(7, 0, 20), Error::out_of_order_sequence_number) << "nobody refused what it follows";
  producers.refused(head(7, 0, 15, 5), 1000);
  EXPECT_EQ(send(7, 0, 20), Error::kafka_storage_error) << "by now somebody has";
  EXPECT_EQ(send(7, 0, 10, 5), Error::none);
  EXPECT_EQ(send(7, 0, 20), Error::kafka_storage_error);
  EXPECT_EQ(send(7, 0, 15, 5), Error::none);
  EXPECT_EQ(send(7, 0, 21), Error::out_of_order_sequence_number) << "everything came again";
  EXPECT_EQ(send(7, 0, 20), Error::none);
}

TEST_F(ProducersTest, WhatWasRefusedMayCrossTheWrap) {
  send(7, 0, 0x7ffffff0, 10);
  producers.refused(head(7, 0, 0x7ffffffa, 10), 1000);
  EXPECT_EQ(send(7, 0, 4), Error::kafka_storage_error);
  EXPECT_EQ(send(7, 0, 5), Error::out_of_order_sequence_number);
  EXPECT_EQ(send(7, 0, 0x7ffffffa, 10), Error::none);
  EXPECT_EQ(send(7, 0, 4), Error::none);
}

TEST_F(ProducersTest, ANewProducerWhoseFirstBatchWasRefusedBeginsWithThatOne) {
  producers.refused(head(7, 0, 40), 1000);
  EXPECT_EQ(send(7, 0, 41), Error::kafka_storage_error);
  EXPECT_EQ(send(7, 0, 40), Error::none);
  EXPECT_EQ(send(7, 0, 41), Error::none);
}

TEST_F(ProducersTest, ARefusalOfAnOlderEpochExplainsNothing) {
  send(7, 0, 0);
  producers.refused(head(7, 0, 1, 10), 1000);
  EXPECT_EQ(send(7, 1, 0), Error::none);
  EXPECT_EQ(send(7, 1, 5), Error::out_of_order_sequence_number);
}

TEST_F(ProducersTest, ABatchThatIsMissingInTheMiddleOfTheLogIsNoDuplicate) {
  send(7, 0, 0);
  send(7, 0, 1);
  producers.lost(0);
  EXPECT_FALSE(producers.check(head(7, 0, 0)).duplicate);
  EXPECT_TRUE(producers.check(head(7, 0, 1)).duplicate);
}

TEST_F(ProducersTest, ASnapshotBringsBackEveryProducerAndWhatItCovers) {
  for (std::int32_t i = 0; i < 7; i++) send(7, 3, i), send(8, 0, i * 2, 2);
  const auto restored = parse_snapshot(snapshot(21));
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->covers, 21);
  EXPECT_EQ(restored->producers.all(), producers.all());
}

TEST_F(ProducersTest, ASnapshotHoldsWhateverNumbersThereAre) {
  const Timestamp times[] = {0, 1000, INT64_MAX};
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{1} << 40, std::int64_t{INT64_MAX}}) {
    producers.appended(head(id, 32767, 0x7ffffffe, 3), INT64_MAX - 20, times[id % 3]);
    producers.appended(head(id, 32767, 1, 1), INT64_MAX - 17, times[id % 3]);
  }
  const auto restored = parse_snapshot(snapshot(INT64_MAX));
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->producers.all(), producers.all());
}

TEST_F(ProducersTest, ASnapshotTakesFewBytesForWhoGoesOnAsExpected) {
  for (std::int32_t i = 0; i < 20; i++)
    for (std::int64_t id = 1000; id < 1008; id++) send(id, 0, 100 * i, 100);
  EXPECT_LT(snapshot(16'000).size(), 8u * 50);
}

kafka::BatchHead in_transaction(kafka::BatchHead h) {
  h.attributes |= 1 << 4;
  return h;
}
kafka::BatchHead marker(std::int64_t id, std::int16_t epoch) {
  return in_transaction(head(id, epoch, -1));
}

TEST_F(ProducersTest, WithATransactionOpenEveryBatchBelongsToIt) {
  producers.appended(in_transaction(head(7, 0, 0)), 0, 1000);
  EXPECT_EQ(send(7, 0, 1), Error::invalid_txn_state);
  producers.ended(marker(7, 0), {true, 0}, 1, 1000);
  EXPECT_EQ(send(7, 0, 1), Error::none);
}

TEST_F(ProducersTest, AMarkerWithAnEpochFencesTheOlderOnesAndSequencesBeginAgain) {
  producers.appended(in_transaction(head(7, 0, 0)), 0, 1000);
  producers.ended(marker(7, 1), {true, 0}, 1, 1000);
  EXPECT_EQ(send(7, 0, 1), Error::invalid_producer_epoch);
  EXPECT_EQ(send(7, 1, 1), Error::out_of_order_sequence_number);
  EXPECT_EQ(send(7, 1, 0), Error::none);
}

TEST_F(ProducersTest, MarkersOfOlderCoordinatorsOrEpochsAreRefused) {
  EXPECT_EQ(producers.check_marker(7, 0, {true, 0}), Error::none) << "of a producer that wrote nothing";
  producers.appended(in_transaction(head(7, 3, 0)), 0, 1000);
  EXPECT_EQ(producers.check_marker(7, 2, {true, 0}), Error::invalid_producer_epoch);
  producers.ended(marker(7, 3), {true, 5}, 1, 1000);
  EXPECT_EQ(producers.check_marker(7, 3, {true, 4}), Error::transaction_coordinator_fenced);
  EXPECT_EQ(producers.check_marker(7, 3, {true, 5}), Error::none);
}

TEST_F(ProducersTest, AMarkerOfTheSecondVersionCarriesALaterEpochThanWhatItEnds) {
  const auto check = [&](std::int16_t epoch) {
    return producers.check_marker(7, epoch, {true, 0}, MarkerEpoch::later);
  };
  EXPECT_EQ(check(0), Error::none) << "of a producer that wrote nothing";
  producers.appended(in_transaction(head(7, 3, 0)), 0, 1000);
  EXPECT_EQ(check(2), Error::invalid_producer_epoch);
  EXPECT_EQ(check(3), Error::invalid_producer_epoch);
  EXPECT_EQ(check(4), Error::none);
  producers.ended(marker(7, 4), {true, 0}, 1, 1000);
  EXPECT_EQ(check(4), Error::none) << "once more";
  producers.appended(in_transaction(head(7, 4, 0)), 2, 1000);
  EXPECT_EQ(check(4), Error::invalid_producer_epoch) << "too late: it would end the next one";
}

TEST_F(ProducersTest, AMarkerOfNobodyIsRefused) {
  EXPECT_EQ(producers.check_marker(-1, 0, {true, 0}), Error::invalid_producer_id_mapping);
  EXPECT_EQ(producers.check_marker(7, -1, {true, 0}), Error::invalid_producer_epoch);
}

TEST_F(ProducersTest, ANewProducerMayHaveToBeginAtZero) {
  EXPECT_EQ(producers.check(head(7, 0, 5), FirstSequence::zero).error, Error::out_of_order_sequence_number);
  EXPECT_EQ(producers.check(head(7, 0, 5), FirstSequence::any).error, Error::none);
}

TEST_F(ProducersTest, WhatACoordinatorWritesForAProducerHasNoSequence) {
  const auto commit = in_transaction(head(7, 0, -1, 3));
  for (Offset at : {0, 3}) {
    EXPECT_EQ(producers.check(commit).error, Error::none);
    EXPECT_FALSE(producers.check(commit).duplicate);
    producers.appended(commit, at, 1000);
  }
  EXPECT_EQ(producers.transactions().open(7), 0);
}

TEST_F(ProducersTest, AProducerWithATransactionOpenIsNotForgotten) {
  producers.appended(in_transaction(head(7, 0, 0)), 0, 1000);
  producers.expire(5000);
  EXPECT_EQ(producers.size(), 1u);
}

TEST_F(ProducersTest, ASnapshotHoldsWhatIsOpenAndWhatWasAborted) {
  producers.appended(in_transaction(head(7, 0, 0)), 0, 1000);
  producers.appended(in_transaction(head(8, 0, 0)), 1, 1000);
  producers.ended(marker(7, 0), {false, 9}, 2, 1000);
  producers.advance(3, 3);
  const auto restored = parse_snapshot(snapshot(3));
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->producers.all(), producers.all());
  EXPECT_EQ(restored->producers.transactions(), producers.transactions());
  EXPECT_EQ(restored->producers.transactions().open(8), 1);
  EXPECT_EQ(restored->producers.transactions().aborted(0, 3).size(), 1u);
}

TEST_F(ProducersTest, ADamagedSnapshotIsRefused) {
  send(7, 0, 0);
  const std::string bytes = snapshot(1);
  for (std::size_t n = 0; n < bytes.size(); n++) EXPECT_FALSE(parse_snapshot(bytes.substr(0, n))) << n;
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

// librdkafka 2.0.2 does, after a transaction that it aborted around a lost connection.
TEST_F(ProducersTest, WhoUsesANumberOfAnEndedTransactionAgainIsNotToldThatItsBatchIsThere) {
  producers.appended(in_transaction(head(7, 0, 0, 2)), 0, 1000);
  EXPECT_TRUE(producers.check(in_transaction(head(7, 0, 0, 2))).duplicate)
      << "while it is open it may come again";
  producers.ended(marker(7, 0), {false, 9}, 2, 1000);
  const auto verdict = producers.check(in_transaction(head(7, 0, 0, 2)));
  EXPECT_FALSE(verdict.duplicate);
  EXPECT_EQ(verdict.error, Error::out_of_order_sequence_number);
  EXPECT_EQ(producers.check(in_transaction(head(7, 0, 2))).error, Error::none) << "it goes on where it was";
  const auto restored = parse_snapshot(snapshot(3));
  EXPECT_EQ(restored->producers.all(), producers.all());
}

}  // namespace
}  // namespace mq::core
