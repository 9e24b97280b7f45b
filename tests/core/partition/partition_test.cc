// SPDX-License-Identifier: Apache-2.0
// Producers on a log that is slow, or fails: what is on its way counts, and what is lost does not.
#include "core/partition/partition.h"

#include <gtest/gtest.h>

#include "net/kafka/record_batch.h"
#include "storage/error.h"
#include "storage/memory_log.h"

namespace mq::core {
namespace {

using kafka::Error;

class PartitionTest : public testing::Test {
 protected:
  using Answer = std::shared_ptr<std::optional<Partition::Appended>>;  // none: on its way

  Answer send(std::int32_t sequence, bool transactional = false, std::int16_t epoch = 0) {
    const std::byte value{1};
    kafka::BatchBuilder builder(100);
    builder.append(1000, std::nullopt, net::Bytes(&value, 1));
    const auto answer = std::make_shared<std::optional<Partition::Appended>>();
    partition->append(builder.finish(kafka::Codec::none, 0, {7, epoch, sequence, transactional}),
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
  void settle(bool lost = false) {
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
  settle();
  for (std::size_t i = 0; i < answers.size(); i++) EXPECT_EQ((*answers[i])->first, static_cast<Offset>(i));
}

TEST_F(PartitionTest, ADuplicateOfWhatIsOnItsWayIsAnsweredWhenThatHasArrived) {
  const auto first = send(0), again = send(0);
  EXPECT_FALSE(*again);
  settle();
  EXPECT_EQ((*first)->first, 0);
  EXPECT_EQ((*again)->first, 0);
  EXPECT_EQ(partition->end(), 1);
}

TEST_F(PartitionTest, ADuplicateOfWhatIsLostIsLostToo) {
  const auto first = send(0), again = send(0);
  settle(true);
  EXPECT_EQ((*first)->error, Error::kafka_storage_error);
  EXPECT_EQ((*again)->error, Error::kafka_storage_error);
  EXPECT_EQ(partition->end(), 0);
}

TEST_F(PartitionTest, WhatWasSentBehindALostBatchDoesNotOvertakeIt) {
  const auto lost = send(0), behind = send(1);
  settle(true);
  EXPECT_EQ((*lost)->error, Error::kafka_storage_error);
  EXPECT_EQ((*behind)->error, Error::kafka_storage_error);
  EXPECT_EQ((*send(2))->error, Error::out_of_order_sequence_number) << "it was sent before that was known";
  EXPECT_EQ((*send(1))->error, Error::out_of_order_sequence_number);
  const auto again = send(0), next = send(1);
  settle();
  EXPECT_EQ((*again)->first, 0);
  EXPECT_EQ((*next)->first, 1);
}

TEST_F(PartitionTest, ATransactionWhoseMarkerIsLostIsStillOpen) {
  send(0, true);
  settle();
  const auto lost = end(true);
  settle(true);
  EXPECT_EQ((*lost)->error, Error::kafka_storage_error);
  EXPECT_EQ(partition->last_stable_offset(), 0);
  EXPECT_EQ((*send(1))->error, Error::invalid_txn_state) << "a batch outside of it";
  const auto again = end(true);
  EXPECT_EQ(partition->last_stable_offset(), 0) << "not before it is durable";
  settle();
  EXPECT_EQ((*again)->first, 1);
  EXPECT_EQ(partition->last_stable_offset(), 2);
}

}  // namespace
}  // namespace mq::core
