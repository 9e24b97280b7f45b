// SPDX-License-Identifier: Apache-2.0
#include "core/transaction/coordinator.h"

#include "core/transaction/records.h"
#include "tests/core/transaction/coordinated_transactions.h"
#include "tests/support/power_cut.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

const TopicPartition t0{"t", 0}, t1{"t", 1};

using TransactionCoordinatorTest = CoordinatedTransactions;

TEST_F(TransactionCoordinatorTest, EveryPartitionGetsAMarker) {
  const auto who = begin();
  EXPECT_EQ(add(who, {t0, t1}), Error::none);
  EXPECT_EQ(end(who, true), Error::none);
  wait_for(Status::complete_commit);
  EXPECT_EQ(end_of(0), 1);
  EXPECT_EQ(end_of(1), 1);
}

TEST_F(TransactionCoordinatorTest, WhatWasPreparedWhenTheBrokerDiedIsFinishedAfterTheStart) {
  const auto who = begin();
  for (const Status prepared : {Status::prepare_commit, Status::prepare_abort}) {
    Transaction stored = transactions->find("tx")->state.now();
    stored.producer = who;
    stored.status = prepared;
    stored.partitions = {t0, {"gone", 3}};
    const std::vector<KeyedRecord> records{record_of("tx", stored)};
    std::optional<Error> written;
    log->append(log->partition_of("tx"), records, [&written](Error error) { written = error; });
    while (!written) loop.run_one();
    const Offset before = end_of(0);
    reopen();
    wait_for(prepared == Status::prepare_commit ? Status::complete_commit : Status::complete_abort);
    EXPECT_EQ(end_of(0), before + 1);
    reopen();
    EXPECT_EQ(end_of(0), before + 1) << "once";
  }
}

TEST_F(TransactionCoordinatorTest, ATransactionThatTakesTooLongIsAborted) {
  const auto who = begin();
  add(who, {t0});
  pass(59s);
  EXPECT_EQ(status(), Status::ongoing);
  pass(2s);
  wait_for(Status::complete_abort);
  EXPECT_EQ(end_of(0), 1);
  EXPECT_EQ(end(who, true), Error::producer_fenced);
}

TEST_F(TransactionCoordinatorTest, TheTimeOfATransactionGoesOnOverARestart) {
  const auto who = begin();
  add(who, {t0});
  pass(50s);
  reopen();
  EXPECT_EQ(status(), Status::ongoing);
  pass(11s);
  wait_for(Status::complete_abort);
  EXPECT_EQ(end(who, true), Error::producer_fenced);
}

TEST_F(TransactionCoordinatorTest, AnIdThatNobodyUsesIsForgottenForGood) {
  begin();
  const auto other = begin("other");
  add(other, {t0}, "other");
  pass(24h * 6);
  EXPECT_EQ(status(), Status::empty);
  pass(24h * 2);
  wait_for(std::nullopt);
  EXPECT_NE(status("other"), std::nullopt) << "it ended a transaction meanwhile";
  reopen();
  EXPECT_EQ(status(), std::nullopt);
}

TEST_F(TransactionCoordinatorTest, WhoComesWhileAStepIsUnderWayIsNotSentAway) {
  const auto who = begin();
  std::vector<TransactionCoordinator::Answer> answers;
  for (int i = 0; i < 5; i++)
    asio::co_spawn(
        loop, transactions->init("tx", 1000, {}),
        [&answers](std::exception_ptr, TransactionCoordinator::Answer answer) { answers.push_back(answer); });
  while (answers.size() < 5) loop.run_one();
  for (std::size_t i = 0; i < answers.size(); i++) {
    EXPECT_EQ(answers[i].error, Error::none);
    EXPECT_EQ(answers[i].producer.epoch, who.epoch + 1 + static_cast<int>(i)) << "in their order";
  }
}

TEST_F(TransactionCoordinatorTest, WhoEntersLaterWaitsForWhoIsInside) {
  const auto who = begin();
  std::optional<TransactionCoordinator::Addition> first;
  first.emplace(run(transactions->add_by_writing("tx", who, {t0})));
  EXPECT_EQ(first->error, Error::none);
  bool entered = false;
  asio::co_spawn(loop, transactions->add_by_writing("tx", who, {t0}),
                 [&entered](std::exception_ptr, TransactionCoordinator::Addition) { entered = true; });
  loop.poll();
  EXPECT_FALSE(entered);
  first.reset();
  while (!entered) loop.run_one();
}

TEST_F(TransactionCoordinatorTest, AnIdThatNoRecordCouldHoldIsRefused) {
  const std::string longest(InternalTopic::id_bytes_max, 'x');
  EXPECT_EQ(run(transactions->init(longest + "x", 1000, {})).error, Error::invalid_request);
  EXPECT_EQ(run(transactions->init("", 1000, {})).error, Error::invalid_request);
  begin(longest);
  reopen();
  EXPECT_EQ(status(longest), Status::empty);
}

// The nth sync of the disk from when a transaction is ended fails: the first is that of what is prepared,
// then come the markers, then that it is complete.
class TransactionsOnABadDisk : public TransactionCoordinatorTest {
 protected:
  storage::FileSystem& files() override { return faulty; }
  void fail(std::uint64_t nth) { faulty.inject({test::PowerCut::Call::sync, nth, EIO, "0000000001.log"}); }
  // Whether it is complete only after a pause.
  void expect_tried_again(std::uint64_t nth) {
    const auto who = begin();
    add(who, {t0, t1});
    fail(nth);
    const Time ended = clock.now();
    EXPECT_EQ(end(who, true), Error::none);
    wait_for(Status::complete_commit);
    EXPECT_GE(clock.now() - ended, 1s);
    EXPECT_EQ(end_of(0), 1) << "one marker";
    EXPECT_EQ(end_of(1), 1);
    EXPECT_EQ(add(who, {t0}), Error::none) << "the next one";
  }
  test::PowerCut faulty{dir.path()};
};

TEST_F(TransactionsOnABadDisk, AnEndThatCannotBeWrittenIsNone) {
  const auto who = begin();
  add(who, {t0});
  fail(1);
  EXPECT_EQ(end(who, true), Error::coordinator_not_available)
      << "clients look for the coordinator and try again";
  EXPECT_EQ(status(), Status::ongoing);
  EXPECT_EQ(end_of(0), 0);
  EXPECT_EQ(end(who, true), Error::none);
  wait_for(Status::complete_commit);
}

TEST_F(TransactionsOnABadDisk, MarkersAreTriedAgainUntilTheyAreWritten) {
  expect_tried_again(2);
}

TEST_F(TransactionsOnABadDisk, ThatATransactionIsCompleteIsTriedAgainToo) {
  expect_tried_again(3);
}

TEST_F(TransactionCoordinatorTest, WhoCoordinatesGroupsHearsOfMarkersInTheirPartitions) {
  run(topic->ensure());
  const auto who = begin();
  add(who, {{std::string(offsets_topic), 7}, t0});
  end(who, true);
  wait_for(Status::complete_commit);
  EXPECT_EQ(offsets_ended, (std::vector<std::tuple<std::int32_t, ProducerId, bool>>{{7, who.id, true}}));
}

}  // namespace
}  // namespace mq::core
