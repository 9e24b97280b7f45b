// SPDX-License-Identifier: Apache-2.0
// Producers on a log that is slow, or fails: what is on its way counts, and what is lost does not.
#include "core/partition/partition.h"

#include <gtest/gtest.h>

#include <deque>

#include "net/kafka/record_batch.h"
#include "storage/error.h"
#include "storage/memory_log.h"
#include "tests/core/partition/lead_alone.h"

namespace mq::core {
namespace {

using kafka::Error;

class PartitionTest : public testing::Test {
 protected:
  PartitionTest() { lead_alone(*partition); }

  using Answer = std::shared_ptr<std::optional<Partition::Appended>>;  // none: on its way

  Answer send(std::int32_t sequence, bool transactional = false, std::int16_t epoch = 0) {
    return send_by(7, sequence, transactional, epoch);
  }
  Answer send_by(std::int64_t producer, std::int32_t sequence, bool transactional = false,
                 std::int16_t epoch = 0, const std::function<void()>& then = {}) {
    const std::byte value{1};
    kafka::BatchBuilder builder(100);
    builder.append(1000, std::nullopt, net::Bytes(&value, 1));
    const auto answer = std::make_shared<std::optional<Partition::Appended>>();
    const net::Slice batch =
        builder.finish(kafka::Codec::none, 0, {producer, epoch, sequence, transactional});
    partition->append(batch, *kafka::BatchHead::parse(batch.bytes()), {},
                      [answer, then](Partition::Appended appended) {
                        *answer = appended;
                        if (then) then();
                      });
    return answer;
  }
  Answer send_verified(std::int32_t sequence, Producers::Verification verification) {
    kafka::BatchBuilder builder(100);
    builder.append(1000, std::nullopt, net::Bytes());
    const auto answer = std::make_shared<std::optional<Partition::Appended>>();
    const net::Slice batch = builder.finish(kafka::Codec::none, 0, {7, 0, sequence, true});
    partition->append(batch, *kafka::BatchHead::parse(batch.bytes()), {.verification = verification},
                      [answer](Partition::Appended appended) { *answer = appended; });
    return answer;
  }
  Answer end(bool commit, std::int16_t epoch = 0) {
    const auto answer = std::make_shared<std::optional<Partition::Appended>>();
    partition->append_marker(7, epoch, {commit, 0},
                             [answer](Partition::Appended appended) { *answer = appended; });
    return answer;
  }
  // Whatever is on its way arrives, or is lost.
  void advance(bool lost = false) {
    log->fail_with(lost ? make_error_code(storage::Errc::io) : error_code());
    loop.restart();
    loop.poll();
    log->fail_with({});
  }

  asio::io_context loop{1};
  Clock clock;
  std::shared_ptr<storage::MemoryLog> log = std::make_shared<storage::MemoryLog>(loop.get_executor());
  std::shared_ptr<Partition> partition = std::make_shared<Partition>(log, 1, clock);
};

TEST_F(PartitionTest, BatchesAreJudgedByWhatIsOnItsWay) {
  std::vector<Answer> answers;
  for (std::int32_t i = 0; i < 5; i++) answers.push_back(send(i));
  const auto gap = send(6);
  ASSERT_TRUE(*gap) << "refused at once";
  EXPECT_EQ((*gap)->error, Error::out_of_order_sequence_number);
  for (const Answer& answer : answers) EXPECT_FALSE(*answer);
  advance();
  for (std::size_t i = 0; i < answers.size(); i++) EXPECT_EQ((*answers[i])->first, static_cast<Offset>(i));
}

TEST_F(PartitionTest, ADuplicateOfWhatIsOnItsWayIsAnsweredWhenThatHasArrived) {
  const auto first = send(0), again = send(0);
  EXPECT_FALSE(*again);
  advance();
  EXPECT_EQ((*first)->first, 0);
  EXPECT_EQ((*again)->first, 0);
  EXPECT_EQ(partition->end(), 1);
}

TEST_F(PartitionTest, ADuplicateOfWhatIsLostIsLostToo) {
  const auto first = send(0), again = send(0);
  advance(true);
  EXPECT_EQ((*first)->error, Error::kafka_storage_error);
  EXPECT_EQ((*again)->error, Error::kafka_storage_error);
  EXPECT_EQ(partition->end(), 0);
}

TEST_F(PartitionTest, WhatWasSentBehindALostBatchDoesNotOvertakeIt) {
  const auto lost = send(0), behind = send(1);
  advance(true);
  EXPECT_EQ((*lost)->error, Error::kafka_storage_error);
  EXPECT_EQ((*behind)->error, Error::kafka_storage_error);
  EXPECT_EQ((*send(2))->error, Error::kafka_storage_error) << "it was sent before that was known";
  EXPECT_EQ((*send(1))->error, Error::kafka_storage_error);
  EXPECT_EQ((*send(4))->error, Error::out_of_order_sequence_number) << "it follows nothing that was refused";
  const auto again = send(0), next = send(1);
  advance();
  EXPECT_EQ((*again)->first, 0);
  EXPECT_EQ((*next)->first, 1);
}

TEST_F(PartitionTest, ANewProducerIsRememberedThoughItsFirstBatchMetTheFailureOfAnother) {
  Answer first;
  log->fail_with(make_error_code(storage::Errc::io));
  send_by(7, 0, false, 0, [&] { first = send_by(8, 0); });  // while the next one is on its way
  send_by(7, 1);
  loop.poll();
  log->fail_with({});
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->error, Error::kafka_storage_error);
  EXPECT_EQ((*send_by(8, 1))->error, Error::kafka_storage_error) << "it would overtake the first";
  const auto again = send_by(8, 0), second = send_by(8, 1);
  advance();
  EXPECT_EQ((*again)->first, 0);
  EXPECT_EQ((*second)->first, 1);
}

// Breaks the contract of a log: a test answers each append as it likes.
class LawlessLog final : public storage::Log {
 public:
  void append(storage::Batch batch, Appended done) override {
    waiting.emplace_back(std::move(batch), std::move(done));
  }
  void answer(error_code error) {
    const auto [batch, done] = std::move(waiting.front());
    waiting.pop_front();
    if (!error) end_ = batch.last + 1;
    done(error);
  }
  Task<Result<storage::Read>> read(Offset, std::size_t, Offset) override { co_return storage::Read{}; }
  Task<Result<Offset>> at_time(std::int64_t) override { co_return end_; }
  Task<Result<Offset>> at_time_max() override { co_return end_; }
  Task<Result<std::vector<storage::Range>>> ranges(Offset, storage::Grain, std::size_t) override {
    co_return std::vector<storage::Range>{};
  }
  Task<error_code> truncate(Offset) override { co_return error_code{}; }
  Task<error_code> trim(Offset) override { co_return error_code{}; }
  Offset start() const override { return 0; }
  Offset end() const override { return end_; }
  std::uint64_t bytes() const override { return 0; }

  std::deque<std::pair<storage::Batch, Appended>> waiting;

 private:
  Offset end_ = 0;
};

TEST_F(PartitionTest, WhatTheLogRefusedIsNeverAcknowledgedAsADuplicateWhateverItTookBehindIt) {
  const auto lawless = std::make_shared<LawlessLog>();
  partition = std::make_shared<Partition>(lawless, 1, clock);
  lead_alone(*partition);
  const auto lost = send(0), behind = send(1);
  lawless->answer(storage::Errc::full);
  lawless->answer({});
  EXPECT_EQ((*lost)->error, Error::kafka_storage_error);
  EXPECT_EQ((*behind)->first, 1);
  const auto again = send(0);
  ASSERT_TRUE(*again);
  EXPECT_NE((*again)->error, Error::none) << "it is nowhere";
  EXPECT_EQ((*send(1))->first, 1) << "this one is there";
}

TEST_F(PartitionTest, ATransactionWhoseMarkerIsLostIsStillOpen) {
  send(0, true);
  advance();
  const auto lost = end(true);
  advance(true);
  EXPECT_EQ((*lost)->error, Error::kafka_storage_error);
  EXPECT_EQ(partition->last_stable_offset(), 0);
  EXPECT_EQ((*send(1))->error, Error::invalid_txn_state) << "a batch outside of it";
  const auto again = end(true);
  EXPECT_EQ(partition->last_stable_offset(), 0) << "not before it is durable";
  advance();
  EXPECT_EQ((*again)->first, 1);
  EXPECT_EQ(partition->last_stable_offset(), 2);
}

TEST_F(PartitionTest, AMarkerThatComesWhileTheCoordinatorIsAskedEndsWhatWasAskedFor) {
  const auto asked = partition->begin_verification(7);
  ASSERT_TRUE(asked);
  EXPECT_EQ(partition->begin_verification(7), asked) << "several may ask at a time";
  end(false);
  advance();
  EXPECT_EQ((*send_verified(0, *asked))->error, Error::invalid_txn_state)
      << "it would begin one that nobody ends";
  const auto again = partition->begin_verification(7);
  EXPECT_NE(again, asked);
  const auto written = send_verified(0, *again), next = send_verified(1, *again);
  advance();
  EXPECT_EQ((*written)->error, Error::none);
  EXPECT_EQ((*next)->error, Error::none) << "it is open by now";
  EXPECT_FALSE(partition->begin_verification(7)) << "nobody has to be asked";
}

}  // namespace
}  // namespace mq::core
