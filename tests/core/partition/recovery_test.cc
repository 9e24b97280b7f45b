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
  PartitionRecovery::State state() { return recovery.take()[1]; }

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
  recovery.on_snapshot(1, producers.snapshot(40, epochs));
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
  recovery.on_snapshot(1, producers.snapshot(100, epochs));
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

TEST_F(PartitionRecoveryTest, ADamagedSnapshotIsNone) {
  Epochs epochs;
  epochs.seen(2, 10);
  const std::string snapshot = Producers().snapshot(40, epochs);
  for (std::size_t size = 0; size < snapshot.size(); size++)
    EXPECT_FALSE(Producers::restore(snapshot.substr(0, size))) << size;
  EXPECT_EQ(Producers::restore(snapshot)->epochs, epochs);
  EXPECT_TRUE(Producers::restore(Producers().snapshot(40))->epochs.is_trivial());
}

}  // namespace
}  // namespace mq::core
