// SPDX-License-Identifier: Apache-2.0
#include "core/client/lane.h"

#include <gtest/gtest.h>

#include "net/kafka/record_batch.h"

namespace mq::client {
namespace {

const Time now = Time{} + std::chrono::hours(1);
const Time later = now + std::chrono::seconds(1);

Batch sealed(Lane& lane, std::int32_t count) {
  auto batch = std::make_shared<Sealed>();
  kafka::BatchBuilder builder(1 << 20);
  for (std::int32_t i = 0; i < count; i++) builder.append(1, std::nullopt, std::nullopt);
  kafka::BatchProducer producer;
  producer.id = 1, producer.epoch = 0, producer.sequence = batch->sequence = lane.next_sequence();
  batch->batch = builder.finish(kafka::Codec::none, 0, producer);
  batch->count = count;
  lane.close(batch);
  return batch;
}

std::int32_t sequence_in(const Batch& batch) {
  EXPECT_EQ(kafka::check_batch(batch->batch.bytes()), kafka::Error::none);
  return kafka::BatchHead::parse(batch->batch.bytes())->base_sequence;
}

TEST(Lane, GivesBatchesOutInOrderWithConsecutiveNumbers) {
  Lane lane(true);
  const Batch a = sealed(lane, 3), b = sealed(lane, 2);
  EXPECT_EQ(lane.take(), a);
  EXPECT_EQ(lane.take(), b);
  EXPECT_EQ(sequence_in(a), 0);
  EXPECT_EQ(sequence_in(b), 3);
  EXPECT_EQ(lane.next_sequence(), 5);
}

TEST(Lane, TheFirstBatchIsAcknowledgedBeforeAnotherFollows) {
  Lane lane(true);
  const Batch a = sealed(lane, 1);
  sealed(lane, 1), sealed(lane, 1);
  lane.take();
  EXPECT_FALSE(lane.may_send(now));
  lane.delivered(a);
  EXPECT_TRUE(lane.may_send(now));
  lane.take();
  EXPECT_TRUE(lane.may_send(now));
  Lane unnumbered;
  sealed(unnumbered, 1), sealed(unnumbered, 1);
  unnumbered.take();
  EXPECT_TRUE(unnumbered.may_send(now));
}

TEST(Lane, NothingOvertakesABatchThatIsSentAgain) {
  Lane lane(true);
  const Batch a = sealed(lane, 1), b = sealed(lane, 1), c = sealed(lane, 1);
  lane.take(), lane.take();
  lane.retry(a, now);
  EXPECT_FALSE(lane.may_send(later)) << "b has not been answered";
  EXPECT_TRUE(lane.expects_disorder(b));
  lane.retry(b, now);
  ASSERT_TRUE(lane.may_send(later));
  EXPECT_FALSE(lane.may_send(now - std::chrono::milliseconds(1))) << "it pauses first";
  EXPECT_EQ(lane.take(), a);
  EXPECT_EQ(lane.take(), b);
  EXPECT_EQ(lane.take(), c);
  EXPECT_EQ(sequence_in(b), 1);
}

TEST(Lane, DisorderIsExpectedOnlyBehindAnEarlierBatch) {
  Lane lane(true);
  const Batch a = sealed(lane, 1), b = sealed(lane, 1);
  lane.take(), lane.take();
  EXPECT_TRUE(lane.expects_disorder(b)) << "a has not been answered";
  EXPECT_FALSE(lane.expects_disorder(a));
  lane.delivered(a);
  EXPECT_FALSE(lane.expects_disorder(b));
}

TEST(Lane, AfterABatchThatIsRefusedTheOthersTakeItsNumbers) {
  Lane lane(true);
  const Batch a = sealed(lane, 3), b = sealed(lane, 2), c = sealed(lane, 1);
  lane.take(), lane.take();
  lane.failed(a);
  lane.retry(b, now);
  EXPECT_EQ(sequence_in(b), 0);
  EXPECT_EQ(sequence_in(c), 2);
  EXPECT_EQ(lane.next_sequence(), 3);
}

TEST(Lane, ARefusalBehindABatchThatIsSentAgainKeepsThatOnesNumber) {
  Lane lane(true);
  const Batch a = sealed(lane, 3), b = sealed(lane, 2), c = sealed(lane, 1);
  lane.take(), lane.take(), lane.take();
  lane.retry(a, now);
  lane.failed(b);
  lane.retry(c, now);
  EXPECT_EQ(sequence_in(a), 0);
  EXPECT_EQ(sequence_in(c), 3);
  EXPECT_EQ(lane.take(), a);
  EXPECT_EQ(lane.take(), c);
}

TEST(Lane, HalvesStandWhereTheWholeStood) {
  Lane lane(true);
  const Batch a = sealed(lane, 1), b = sealed(lane, 4), c = sealed(lane, 1);
  lane.take(), lane.take();
  lane.delivered(a);
  Lane other(true);
  const Batch head = sealed(other, 2), tail = sealed(other, 2);
  lane.split(b, head, tail);
  EXPECT_EQ(lane.take(), head);
  EXPECT_EQ(lane.take(), tail);
  EXPECT_EQ(lane.take(), c);
  EXPECT_EQ(sequence_in(head), 1);
  EXPECT_EQ(sequence_in(tail), 3);
  EXPECT_EQ(sequence_in(c), 5);
}

TEST(Lane, AfterABatchOfUnknownFateNothingFollows) {
  Lane lane(true);
  const Batch a = sealed(lane, 1), b = sealed(lane, 1);
  lane.take();
  EXPECT_EQ(lane.broken(a), std::vector<Batch>{b});
  EXPECT_TRUE(lane.is_broken());
  EXPECT_FALSE(lane.has_ready());
}

TEST(Lane, SequencesBeginAgainAtZero) {
  EXPECT_EQ(add_sequence(INT32_MAX, 1), 0);
  EXPECT_EQ(add_sequence(INT32_MAX - 1, 5), 3);
}

TEST(Numbers, ComeBackInOrderAndCanBeSplit) {
  Numbers numbers;
  for (const std::uint64_t n : {5, 6, 7, 20, 21}) numbers.push_back(n);
  Numbers rest;
  numbers.split(2, rest);
  EXPECT_EQ(numbers.at(1), 6u);
  EXPECT_EQ(rest.at(0), 7u);
  EXPECT_EQ(rest.at(2), 21u);
  Numbers last;
  rest.split(1, last);
  EXPECT_EQ(last.at(0), 20u);
}

}  // namespace
}  // namespace mq::client
