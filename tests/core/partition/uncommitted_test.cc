// SPDX-License-Identifier: Apache-2.0
// What producers did above the high watermark is undone exactly when it is truncated.
#include <gtest/gtest.h>

#include <random>

#include "core/partition/snapshot.h"

namespace mq::core {
namespace {

constexpr Timestamp at_any_time = 1000;

// A log of batches and markers as producers know it, which can be made anew from its beginning.
class UncommittedTest : public testing::Test {
 protected:
  struct Batch {
    kafka::BatchHead head;
    std::optional<kafka::Marker> marker = {};
  };

  static void apply(Producers& to, const Batch& batch) {
    if (batch.marker)
      to.ended(batch.head, *batch.marker, batch.head.base_offset, at_any_time);
    else
      to.appended(batch.head, batch.head.base_offset, at_any_time);
  }
  void add(Batch batch) {
    batch.head.base_offset = end();
    log.push_back(batch);
    apply(producers, log.back());
  }
  void send(ProducerId id, std::int16_t epoch, std::int32_t sequence, std::int32_t records = 1,
            bool transactional = false) {
    Batch batch;
    batch.head.producer_id = id;
    batch.head.producer_epoch = epoch;
    batch.head.base_sequence = sequence;
    batch.head.last_offset_delta = records - 1;
    batch.head.record_count = records;
    if (transactional) batch.head.attributes |= 1 << 4;
    add(batch);
  }
  void end_transaction(ProducerId id, std::int16_t epoch, kafka::Marker marker) {
    Batch batch;
    batch.head.producer_id = id;
    batch.head.producer_epoch = epoch;
    batch.head.attributes = 1 << 4 | 1 << 5;
    batch.head.record_count = 1;
    batch.marker = marker;
    add(batch);
  }
  bool truncate(Offset to) {
    while (!log.empty() && log.back().head.last_offset() >= to) log.pop_back();
    return producers.truncate(end());
  }
  Offset end() const { return log.empty() ? 0 : log.back().head.last_offset() + 1; }

  // As if the log had never had more than it has.
  void expect_as_if_never() const {
    Producers never;
    for (const Batch& batch : log) apply(never, batch);
    never.advance(high_watermark, end());
    EXPECT_EQ(producers.all(), never.all());
    EXPECT_EQ(producers.transactions(), never.transactions());
  }
  // Of what is not, whole batches.
  void commit(Offset up_to) {
    for (const Batch& batch : log)
      if (batch.head.last_offset() < up_to)
        high_watermark = std::max(high_watermark, batch.head.last_offset() + 1);
    producers.advance(high_watermark, end());
  }

  Producers producers;
  std::vector<Batch> log;
  Offset high_watermark = 0;
};

TEST_F(UncommittedTest, SixBatchesOfAProducerAndMore) {
  send(7, 0, 0, 10);
  send(7, 0, 10, 10);
  commit(20);
  for (std::int32_t i = 2; i < 10; i++) send(7, 0, i * 10, 10);
  EXPECT_TRUE(truncate(20));
  expect_as_if_never();
  EXPECT_EQ(producers.all().at(7).batches.size(), 2u) << "both are known for duplicates again";
}

TEST_F(UncommittedTest, ANewEpochAndANewProducer) {
  send(7, 0, 0, 10);
  commit(10);
  send(7, 1, 0);
  send(8, 0, 0);
  EXPECT_TRUE(truncate(10));
  expect_as_if_never();
  kafka::BatchHead next = log.front().head;
  next.base_sequence = 10;
  EXPECT_EQ(producers.check(next).error, kafka::Error::none) << "the old epoch was never fenced";
  EXPECT_FALSE(producers.all().contains(8));
}

TEST_F(UncommittedTest, ATransactionAndItsEnd) {
  send(7, 0, 0, 1, true);
  commit(1);
  end_transaction(7, 0, {true, 3});
  send(7, 0, 1, 1, true);
  EXPECT_EQ(producers.transactions().open(7), 2);
  EXPECT_TRUE(truncate(1));
  expect_as_if_never();
  EXPECT_EQ(producers.transactions().open(7), 0) << "it is open again";
  EXPECT_EQ(producers.all().at(7).coordinator_epoch, -1);
}

TEST_F(UncommittedTest, AMarkerHoldsFromWhenItIsCommitted) {
  send(7, 0, 0, 1, true);
  end_transaction(7, 0, {false, 0});
  producers.advance(1, 2);
  EXPECT_EQ(producers.transactions().stable(2), 0) << "durable is not enough";
  producers.advance(2, 2);
  EXPECT_EQ(producers.transactions().stable(2), 2);
  EXPECT_EQ(producers.transactions().aborted(0, 2).size(), 1u);
}

TEST_F(UncommittedTest, WhatWasCommittedCannotBeUndone) {
  send(7, 0, 0);
  send(7, 0, 1);
  commit(2);
  EXPECT_FALSE(truncate(1)) << "its producer has to be read anew";
  EXPECT_TRUE(Producers().truncate(0)) << "nobody did anything";
}

TEST_F(UncommittedTest, OfVeryManyTheNewestAreUndone) {
  constexpr auto count = static_cast<std::int32_t>(Producers::uncommitted_max) + 10;
  for (std::int32_t i = 0; i < count; i++) send(7, 0, i);
  producers.advance(0, count);
  Producers copy = producers;
  EXPECT_TRUE(copy.truncate(10));
  EXPECT_FALSE(producers.truncate(9));
}

TEST_F(UncommittedTest, WhatIsNotDurableYetIsAlwaysUndone) {
  constexpr auto count = static_cast<std::int32_t>(Producers::uncommitted_max) + 10;
  for (std::int32_t i = 0; i < count; i++) send(7, 0, i);
  producers.advance(0, 0);
  EXPECT_TRUE(truncate(0));
  expect_as_if_never();
}

TEST_F(UncommittedTest, WhateverWasDoneAndHoweverMuchIsTruncatedAlsoThroughASnapshot) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&random](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  std::map<ProducerId, std::pair<std::int16_t, std::int32_t>> now;  // epoch and next sequence
  for (int step = 0; step < 3000; step++) {
    const ProducerId id = below(4);
    auto& [epoch, sequence] = now[id];
    switch (below(8)) {
      case 0:
        epoch++, sequence = 0;
        break;
      case 1:
        end_transaction(id, epoch, {below(2) == 0, static_cast<std::int32_t>(below(3))});
        break;
      case 2:
        commit(high_watermark + below(end() - high_watermark + 1));
        break;
      case 3: {
        ASSERT_TRUE(truncate(high_watermark + below(end() - high_watermark + 1)));
        now.clear();
        for (const auto& [known, producer] : producers.all())
          now[known] = {producer.epoch, producer.batches.empty() ? producer.resumes_at
                                                                 : producer.batches.back().last_sequence + 1};
        break;
      }
      case 4: {
        auto restored = parse_snapshot(to_bytes({producers, {}, end(), high_watermark}));
        ASSERT_TRUE(restored);
        producers = std::move(restored->producers);
        break;
      }
      default: {
        const auto records = static_cast<std::int32_t>(1 + below(5));
        send(id, epoch, sequence, records, below(2) == 0);
        sequence += records;
      }
    }
    expect_as_if_never();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace mq::core
