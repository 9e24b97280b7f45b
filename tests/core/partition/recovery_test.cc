// SPDX-License-Identifier: Apache-2.0
#include "core/partition/recovery.h"

#include <gtest/gtest.h>

#include "net/kafka/batch_builder.h"

namespace mq::core {
namespace {

constexpr Timestamp now = 1'700'000'000'000;

// The start of a batch as recovery is given it: records of a producer from `sequence` on.
net::Slice batch(Offset first, std::int32_t records, Epoch epoch, kafka::BatchProducer producer = {}) {
  kafka::BatchBuilder builder(1 << 16);
  for (std::int32_t i = 0; i < records; i++) builder.append(now, std::nullopt, net::Bytes());
  net::Slice built = builder.finish(kafka::Codec::none, 0, producer);
  kafka::stamp(built.data.get(), first, epoch);
  return built;
}
kafka::BatchProducer from(std::int32_t sequence) {
  return {.id = 7, .epoch = 0, .sequence = sequence};
}

class PartitionRecoveryTest : public testing::Test {
 protected:
  void start(const net::Slice& of) { recovery.on_start(1, of.bytes(), now); }
  PartitionSnapshot state() { return recovery.take()[1]; }

  PartitionRecovery recovery;
};

TEST_F(PartitionRecoveryTest, EpochsAreReadFromTheHeadsOfBatches) {
  start(batch(0, 10, 0));
  start(batch(10, 5, 3));
  start(batch(15, 5, 3, from(0)));
  start(batch(20, 1, 4));
  EXPECT_EQ(state().epochs.all(), (std::vector<Epochs::End>{{0, 0}, {3, 10}, {4, 20}}));
}

TEST_F(PartitionRecoveryTest, EpochsComeBackFromASnapshot) {
  Producers producers;
  Epochs epochs;
  epochs.seen(2, 10);
  epochs.seen(5, 30);
  recovery.on_snapshot(1, to_bytes({producers, epochs, 40, 40}));
  start(batch(30, 10, 5));  // it is covered
  start(batch(40, 10, 6));
  EXPECT_EQ(state().epochs.all(), (std::vector<Epochs::End>{{0, 0}, {2, 10}, {5, 30}, {6, 40}}));
}

// 60 to 99 of epoch 4 lay in a sealed segment, and its snapshot knows them. As a follower of epoch 5 the
// partition was truncated to 60, and took other batches there.
TEST_F(PartitionRecoveryTest, WhatWasTruncatedBehindASnapshotNeverWas) {
  Producers producers;
  Epochs epochs;
  epochs.seen(4, 60);
  for (Offset at = 40; at < 100; at += 20)
    producers.appended(
        *kafka::BatchHead::parse(batch(at, 20, 4, from(static_cast<std::int32_t>(at))).bytes()), at, now);
  recovery.on_snapshot(1, to_bytes({producers, epochs, 100, 0}));
  recovery.on_truncate(1, 60);
  start(batch(60, 20, 5, from(60)));
  EXPECT_EQ(recovery.truncated().at(1), 60);
  const auto found = state();
  EXPECT_EQ(found.epochs.all(), (std::vector<Epochs::End>{{0, 0}, {5, 60}}));
  const auto check = [&](std::int32_t sequence) {
    return found.producers.check(*kafka::BatchHead::parse(batch(0, 20, 5, from(sequence)).bytes()));
  };
  EXPECT_EQ(check(60).duplicate->first, 60) << "it is there again";
  EXPECT_FALSE(check(80).duplicate) << "nobody has it any more";
  EXPECT_EQ(check(80).error, kafka::Error::none);
}

// A follower whose leader's log begins behind the end of its own.
TEST_F(PartitionRecoveryTest, WhatWasSkippedIsNotExpectedToGoOn) {
  const auto check = [&](std::int32_t sequence) {
    return state().producers.check(*kafka::BatchHead::parse(batch(0, 1, 4, from(sequence)).bytes())).error;
  };
  Producers producers;
  producers.appended(*kafka::BatchHead::parse(batch(0, 10, 4, from(0)).bytes()), 0, now);
  const std::string snapshot = to_bytes({producers, {}, 10, 10});
  recovery.on_snapshot(1, snapshot);
  start(batch(10, 10, 4));
  recovery.on_trim(1, 20);
  EXPECT_EQ(check(20), kafka::Error::out_of_order_sequence_number) << "nothing was skipped";
  recovery.on_snapshot(1, snapshot);
  start(batch(10, 10, 4));
  recovery.on_trim(1, 21);
  EXPECT_EQ(check(20), kafka::Error::none);
}

TEST_F(PartitionRecoveryTest, WhatWasNotCommittedIsUndoneThroughASnapshotAndBehindIt) {
  Producers producers;
  const auto add = [&](Offset at) {
    const auto sequence = static_cast<std::int32_t>(at);
    producers.appended(*kafka::BatchHead::parse(batch(at, 10, 4, from(sequence)).bytes()), at, now);
  };
  for (Offset at = 0; at < 100; at += 10) add(at);
  producers.advance(30, 100);
  recovery.on_snapshot(1, to_bytes({producers, {}, 100, 30}));
  for (Offset at = 100; at < 200; at += 10) start(batch(at, 10, 4, from(static_cast<std::int32_t>(at))));
  recovery.on_truncate(1, 40);
  const auto found = state();
  EXPECT_TRUE(found.is_exact);
  const auto& batches = found.producers.all().at(7).batches;
  ASSERT_EQ(batches.size(), 4u);
  EXPECT_EQ(batches.front().first, 0);
  EXPECT_EQ(batches.back().last, 39);
}

TEST_F(PartitionRecoveryTest, WhoWasCommittedAndTruncatedHasToBeReadAnewAlsoAfterOneMoreRestart) {
  Producers producers;
  producers.appended(*kafka::BatchHead::parse(batch(0, 10, 4, from(0)).bytes()), 0, now);
  producers.advance(10, 10);
  recovery.on_snapshot(1, to_bytes({producers, {}, 10, 10}));
  recovery.on_truncate(1, 0);
  const auto found = state();
  EXPECT_FALSE(found.is_exact);
  recovery.on_snapshot(1, to_bytes(found));
  EXPECT_FALSE(state().is_exact);
}

TEST_F(PartitionRecoveryTest, OfVeryManyBatchesTheNewestCanBeUndone) {
  constexpr auto count = static_cast<Offset>(PartitionRecovery::undo_max) + 10;
  const net::Slice one = batch(0, 1, 4, from(0));
  for (Offset at = 0; at < count; at++) {
    kafka::BatchHead head = *kafka::BatchHead::parse(one.bytes());
    head.base_offset = at;
    head.base_sequence = static_cast<std::int32_t>(at);
    std::byte bytes[kafka::BatchHead::bytes];
    head.put(bytes);
    recovery.on_start(1, bytes, now);
  }
  recovery.on_truncate(1, 10);
  recovery.on_truncate(2, 10);
  EXPECT_TRUE(recovery.take()[1].is_exact);
}

TEST_F(PartitionRecoveryTest, ADamagedSnapshotIsNone) {
  Epochs epochs;
  epochs.seen(2, 10);
  const std::string snapshot = to_bytes({.epochs = epochs, .covers = 40, .high_watermark = 40});
  for (std::size_t size = 0; size < snapshot.size(); size++)
    EXPECT_FALSE(parse_snapshot(snapshot.substr(0, size))) << size;
  EXPECT_EQ(parse_snapshot(snapshot)->epochs, epochs);
  EXPECT_TRUE(parse_snapshot(to_bytes({.covers = 40, .high_watermark = 40}))->epochs.is_trivial());
  Producers producers;
  producers.appended(*kafka::BatchHead::parse(batch(0, 10, 4, from(0)).bytes()), 0, now);
  const std::string uncommitted = to_bytes({.producers = producers, .covers = 10});
  for (std::size_t size = 0; size < uncommitted.size(); size++)
    EXPECT_FALSE(parse_snapshot(uncommitted.substr(0, size))) << size;
}

}  // namespace
}  // namespace mq::core
