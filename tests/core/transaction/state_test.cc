// SPDX-License-Identifier: Apache-2.0
#include "core/transaction/state.h"

#include <gtest/gtest.h>

#include <random>

#include "core/transaction/records.h"

namespace mq::core {
namespace {

using kafka::Error;
using Status = Transaction::Status;
using enum ClientVersion;

constexpr std::int32_t timeout = 60'000;
const TopicPartition a0{"a", 0}, a1{"a", 1}, b0{"b", 0};

// A transactional id whose every step reaches the disk at once.
class TransactionTest : public testing::Test {
 protected:
  using Step = TransactionState::Step;
  Step take(Step step) {
    if (!step.next) return step;
    state.begin(*step.next);
    state.pending_written(true);
    return step;
  }
  Step init(ProducerEpoch given = {}) { return take(state.init(given, timeout, next_id++, now)); }
  Error add(ProducerEpoch who, std::set<TopicPartition> to, ClientVersion version = first) {
    return take(state.add(who, to, version, now)).error;
  }
  Step end(ProducerEpoch who, bool commit, ClientVersion version = first) {
    return take(state.end(who, commit, version, next_id++, now));
  }
  void complete() { take(state.complete(now)); }
  Status status() const { return state.now().status; }

  // A producer that has begun, written to a/0, and ended.
  ProducerEpoch begun(ClientVersion version = first) {
    const auto producer = init().producer;
    EXPECT_EQ(add(producer, {a0}, version), Error::none);
    return producer;
  }

  TransactionState state;
  ProducerId next_id = 100;
  Timestamp now = 1'000'000;
};

TEST_F(TransactionTest, ANewIdGetsAnIdAndEpochZero) {
  const auto step = init();
  EXPECT_EQ(step.error, Error::none);
  EXPECT_EQ(step.producer, (ProducerEpoch{100, 0}));
  EXPECT_EQ(status(), Status::empty);
}

TEST_F(TransactionTest, TheNextProducerGetsTheNextEpoch) {
  init();
  EXPECT_EQ(init().producer, (ProducerEpoch{100, 1}));
  EXPECT_EQ(add({100, 0}, {a0}), Error::producer_fenced);
}

TEST_F(TransactionTest, TheWholeWayOfACommit) {
  const auto producer = begun();
  EXPECT_EQ(add(producer, {a1, b0}), Error::none);
  EXPECT_EQ(state.now().partitions, (std::set{a0, a1, b0}));
  EXPECT_EQ(end(producer, true).error, Error::none);
  EXPECT_EQ(status(), Status::prepare_commit);
  EXPECT_EQ(end(producer, true).error, Error::concurrent_transactions) << "ask again";
  EXPECT_EQ(end(producer, false).error, Error::invalid_txn_state);
  EXPECT_EQ(add(producer, {a0}), Error::concurrent_transactions);
  EXPECT_EQ(state.verify(producer, a0), Error::concurrent_transactions);
  complete();
  EXPECT_EQ(status(), Status::complete_commit);
  EXPECT_TRUE(state.now().partitions.empty());
  EXPECT_EQ(end(producer, true).error, Error::none) << "the answer was lost";
  EXPECT_EQ(end(producer, false).error, Error::invalid_txn_state);
  EXPECT_EQ(add(producer, {b0}), Error::none) << "the next one, with the same epoch";
  EXPECT_EQ(state.now().partitions, std::set{b0});
}

TEST_F(TransactionTest, AnAbortLikewise) {
  const auto producer = begun();
  EXPECT_EQ(end(producer, false).error, Error::none);
  EXPECT_EQ(status(), Status::prepare_abort);
  complete();
  EXPECT_EQ(end(producer, false).error, Error::none);
  EXPECT_EQ(end(producer, true).error, Error::invalid_txn_state);
}

TEST_F(TransactionTest, NothingCanBeEndedThatWasNotBegun) {
  const auto producer = init().producer;
  EXPECT_EQ(end(producer, true).error, Error::invalid_txn_state);
  EXPECT_EQ(end(producer, false).error, Error::invalid_txn_state);
}

TEST_F(TransactionTest, AnotherIdOrEpochIsRefused) {
  const auto producer = begun();
  const ProducerEpoch older{producer.id, -1}, newer{producer.id, 7}, other{producer.id + 1, producer.epoch};
  for (const ProducerEpoch who : {older, newer}) {
    EXPECT_EQ(add(who, {a0}), Error::producer_fenced);
    EXPECT_EQ(end(who, true).error, Error::producer_fenced);
    EXPECT_EQ(state.verify(who, a0), Error::producer_fenced);
  }
  EXPECT_EQ(add(other, {a0}), Error::invalid_producer_id_mapping);
  EXPECT_EQ(end(other, true).error, Error::invalid_producer_id_mapping);
  EXPECT_EQ(state.verify(other, a0), Error::invalid_producer_id_mapping);
}

TEST_F(TransactionTest, OnlyPartitionsThatWereAddedAreVerified) {
  const auto producer = begun();
  EXPECT_EQ(state.verify(producer, a0), Error::none);
  EXPECT_EQ(state.verify(producer, b0), Error::transaction_abortable);
  end(producer, true), complete();
  EXPECT_EQ(state.verify(producer, a0), Error::transaction_abortable) << "it would hang for ever";
}

TEST_F(TransactionTest, AddingWhatIsThereWritesNothing) {
  const auto producer = begun();
  const auto step = state.add(producer, {a0}, first, now);
  EXPECT_EQ(step.error, Error::none);
  EXPECT_FALSE(step.next);
}

TEST_F(TransactionTest, WhileAStepIsOnItsWayEverybodyIsToldToAskAgain) {
  const auto producer = begun();
  auto step = state.add(producer, {b0}, first, now);
  state.begin(*step.next);
  EXPECT_EQ(state.verify(producer, a0), Error::none) << "that holds already";
  EXPECT_EQ(state.verify(producer, b0), Error::concurrent_transactions);
  EXPECT_EQ(state.add(producer, {a0}, first, now).error, Error::concurrent_transactions);
  EXPECT_EQ(state.end(producer, true, first, -1, now).error, Error::concurrent_transactions);
  EXPECT_EQ(state.init({}, timeout, 7, now).error, Error::concurrent_transactions);
  EXPECT_EQ(state.times_out_at(), std::nullopt);
  state.pending_written(false);
  EXPECT_EQ(state.verify(producer, b0), Error::transaction_abortable) << "it did not reach the disk";
  step = state.end(producer, true, first, -1, now);
  state.begin(*step.next);
  EXPECT_EQ(state.verify(producer, a0), Error::concurrent_transactions) << "it may be over already";
}

TEST_F(TransactionTest, WhoBeginsFencesWhoIsInTheMiddle) {
  const auto old = begun();
  EXPECT_EQ(init().error, Error::concurrent_transactions) << "until the old one is aborted";
  EXPECT_EQ(status(), Status::prepare_abort);
  EXPECT_EQ(state.now().producer, (ProducerEpoch{old.id, 1})) << "the marker fences";
  EXPECT_EQ(end(old, true).error, Error::producer_fenced);
  EXPECT_EQ(end(old, false, second).error, Error::producer_fenced) << "it cannot go on";
  EXPECT_EQ(init().error, Error::concurrent_transactions);
  complete();
  EXPECT_EQ(init().producer, (ProducerEpoch{old.id, 2}));
  EXPECT_EQ(add(old, {a0}), Error::producer_fenced);
}

// ---- going on after an error (KIP-360)

TEST_F(TransactionTest, AProducerThatGoesOnGetsTheNextEpoch) {
  const auto producer = init().producer;
  EXPECT_EQ(init(producer).producer, (ProducerEpoch{100, 1}));
  EXPECT_EQ(init(producer).producer, (ProducerEpoch{100, 1})) << "it did not hear the first answer";
  EXPECT_EQ(init({100, 1}).producer, (ProducerEpoch{100, 2}));
  EXPECT_EQ(init(producer).error, Error::producer_fenced);
}

TEST_F(TransactionTest, AProducerCannotGoOnAfterAnotherBegan) {
  const auto producer = init().producer;
  init();
  EXPECT_EQ(init(producer).error, Error::producer_fenced);
  EXPECT_EQ(init({99, 1}).error, Error::producer_fenced);
}

TEST_F(TransactionTest, AFencedProducerCannotAbortWhatTheNewOneHasOpen) {
  const auto old = init().producer;
  begun();
  EXPECT_EQ(init(old).error, Error::producer_fenced);
  EXPECT_EQ(status(), Status::ongoing);
}

TEST_F(TransactionTest, APlaceForAProducerThatWeNeverHeardOf) {
  EXPECT_EQ(init({55, 3}).producer, (ProducerEpoch{100, 0})) << "we forgot it";
}

// ---- time

TEST_F(TransactionTest, WhatTakesTooLongIsAbortedAndItsProducerFenced) {
  const auto producer = begun();
  EXPECT_EQ(state.times_out_at(), now + timeout);
  now += timeout - 1;
  EXPECT_FALSE(state.time_out(now).next);
  now += 1;
  take(state.time_out(now));
  EXPECT_EQ(status(), Status::prepare_abort);
  EXPECT_EQ(end(producer, true).error, Error::producer_fenced);
  complete();
  EXPECT_EQ(add(producer, {a0}), Error::producer_fenced);
  EXPECT_EQ(state.verify(producer, a0), Error::producer_fenced);
  EXPECT_EQ(state.times_out_at(), std::nullopt);
  EXPECT_EQ(init(producer).producer, (ProducerEpoch{producer.id, 1})) << "nobody else took its place";
}

TEST_F(TransactionTest, TheClockBeginsWithTheFirstPartitionAndIsNotSetBack) {
  const auto producer = begun();
  now += 10;
  add(producer, {b0});
  EXPECT_EQ(state.times_out_at(), now - 10 + timeout);
}

TEST_F(TransactionTest, OnlyAnIdWithNothingOpenExpires) {
  const auto producer = begun();
  EXPECT_EQ(state.expires_at(1000), std::nullopt);
  end(producer, true);
  EXPECT_EQ(state.expires_at(1000), std::nullopt);
  now += 5;
  complete();
  EXPECT_EQ(state.expires_at(1000), now + 1000);
}

// ---- the second version: an epoch for every transaction (KIP-890)

TEST_F(TransactionTest, EveryTransactionTakesAnEpoch) {
  const auto producer = begun(second);
  auto step = end(producer, true, second);
  EXPECT_EQ(step.error, Error::none);
  const ProducerEpoch next{producer.id, 1};
  EXPECT_EQ(step.producer, next) << "to go on with";
  EXPECT_EQ(state.now().producer, next) << "the markers carry it";
  EXPECT_EQ(end(producer, true, second).error, Error::concurrent_transactions);
  EXPECT_EQ(end(producer, false, second).error, Error::invalid_txn_state);
  EXPECT_EQ(add(next, {a0}, second), Error::concurrent_transactions);
  complete();
  step = end(producer, true, second);
  EXPECT_EQ(step.error, Error::none) << "the answer was lost";
  EXPECT_EQ(step.producer, next);
  EXPECT_EQ(add(producer, {a0}, second), Error::producer_fenced);
  EXPECT_EQ(add(next, {a0}, second), Error::none);
}

TEST_F(TransactionTest, TheTableOfRepeatedEnds) {
  struct Row {
    bool committed, retry, commit;
    Error expected;
  };
  const Row rows[] = {
      {true, true, true, Error::none},
      {true, true, false, Error::invalid_txn_state},
      {true, false, true, Error::invalid_txn_state},
      {true, false, false, Error::none},  // an abort of nothing
      {false, true, true, Error::transaction_abortable},
      {false, true, false, Error::none},
      {false, false, true, Error::invalid_txn_state},
      {false, false, false, Error::none},
  };
  for (const Row& row : rows) {
    state = {};
    const auto producer = begun(second);
    const auto next = end(producer, row.committed, second).producer;
    complete();
    const auto step = end(row.retry ? producer : next, row.commit, second);
    EXPECT_EQ(step.error, row.expected) << row.committed << row.retry << row.commit;
    if (step.error != Error::none) continue;
    EXPECT_EQ(step.producer.epoch, row.retry ? next.epoch : next.epoch + 1);
    EXPECT_EQ(state.now().producer, step.producer);
  }
}

TEST_F(TransactionTest, AnEmptyTransactionCanBeAbortedButNotCommitted) {
  const auto producer = init().producer;
  EXPECT_EQ(end(producer, true, second).error, Error::invalid_txn_state);
  EXPECT_EQ(end(producer, false, second).producer, (ProducerEpoch{producer.id, 1}));
  EXPECT_EQ(status(), Status::complete_abort);
  EXPECT_EQ(end(producer, false, second).producer, (ProducerEpoch{producer.id, 1})) << "again";
}

TEST_F(TransactionTest, AFencedProducerIsToldSoWhenNothingIsOpen) {
  const auto old = init().producer;
  init(old);
  EXPECT_EQ(end(old, false, second).error, Error::producer_fenced);
}

TEST_F(TransactionTest, ALateEndDoesNotEndTheNextTransaction) {
  const auto producer = begun(second);
  const auto next = end(producer, true, second).producer;
  complete();
  add(next, {a0}, second);
  EXPECT_EQ(end(producer, true, second).error, Error::producer_fenced);
  EXPECT_EQ(status(), Status::ongoing);
}

TEST_F(TransactionTest, AProducerOfTheSecondVersionGoesOnAfterItsTransactionTookTooLong) {
  const auto producer = begun(second);
  now += timeout;
  take(state.time_out(now));
  EXPECT_EQ(end(producer, true, second).error, Error::transaction_abortable);
  complete();
  EXPECT_EQ(end(producer, true, second).error, Error::transaction_abortable);
  EXPECT_EQ(end(producer, false, second).producer, (ProducerEpoch{producer.id, 1}));
}

// ---- epochs run out

class ExhaustedTest : public TransactionTest {
 protected:
  void SetUp() override {
    Transaction stored;
    stored.producer = {7, Transaction::epoch_usable_max};
    stored.timeout_ms = timeout;
    stored.status = Status::complete_commit;
    stored.partitions = {};
    state = TransactionState(stored);
  }
  const ProducerEpoch last{7, Transaction::epoch_usable_max};
};

TEST_F(ExhaustedTest, BeginningTakesANewId) {
  EXPECT_TRUE(state.wants_id());
  EXPECT_EQ(init().producer, (ProducerEpoch{100, 0}));
  EXPECT_EQ(add(last, {a0}), Error::invalid_producer_id_mapping);
}

TEST_F(ExhaustedTest, GoingOnTakesANewIdToo) {
  EXPECT_EQ(init(last).producer, (ProducerEpoch{100, 0}));
  EXPECT_EQ(init(last).producer, (ProducerEpoch{100, 0})) << "it did not hear the answer";
}

TEST_F(ExhaustedTest, OneEpochIsLeftToFenceWith) {
  add(last, {a0});
  EXPECT_EQ(init().error, Error::concurrent_transactions);
  EXPECT_EQ(state.now().producer, (ProducerEpoch{7, INT16_MAX}));
  complete();
  EXPECT_EQ(init().producer.epoch, 0);
  EXPECT_NE(state.now().producer.id, 7);
}

TEST_F(ExhaustedTest, AnEndOfTheSecondVersionAnswersTheNewId) {
  add(last, {a0}, second);
  const auto step = end(last, true, second);
  EXPECT_EQ(step.producer, (ProducerEpoch{100, 0}));
  EXPECT_EQ(state.now().producer, (ProducerEpoch{7, INT16_MAX})) << "the markers are of the old one";
  complete();
  EXPECT_EQ(state.now().producer, (ProducerEpoch{100, 0}));
  EXPECT_EQ(end(last, true, second).producer, (ProducerEpoch{100, 0})) << "again";
}

// ---- restarts

TEST_F(TransactionTest, WhatIsWrittenComesBack) {
  const auto producer = begun(second);
  add(producer, {a1, b0}, second);
  for (const bool ended : {false, true}) {
    if (ended) end(producer, true, second);
    const auto record = record_of("my-id", state.now());
    const auto remembered = read_record(record.key, *record.value);
    ASSERT_TRUE(remembered);
    EXPECT_EQ(remembered->id, "my-id");
    EXPECT_EQ(TransactionState(*remembered->transaction).now(), state.now());
  }
  EXPECT_FALSE(read_record(forgotten("my-id").key, std::nullopt)->transaction);
}

TEST_F(TransactionTest, DamagedRecordsAreNone) {
  begun();
  const auto record = record_of("my-id", state.now());
  const net::Bytes key = record.key, value = *record.value;
  for (std::size_t n = 0; n < value.size(); n++) EXPECT_FALSE(read_record(key, value.first(n))) << n;
  for (std::size_t n = 0; n < key.size(); n++) EXPECT_FALSE(read_record(key.first(n), value)) << n;
}

TEST_F(TransactionTest, ARepeatedEndIsUnderstoodAfterARestart) {
  const auto producer = begun(second);
  end(producer, true, second), complete();
  const auto record = record_of("my-id", state.now());
  state = TransactionState(*read_record(record.key, *record.value)->transaction);
  EXPECT_EQ(end(producer, true, second).error, Error::none);
}

// ---- anything at any time

// Three clients that hear their answers or not, a clock, and writes that fail: whatever they do, an epoch
// never goes back, no two clients believe the same, and a transaction ends as it was told.
TEST_F(TransactionTest, RandomEventsKeepThePromises) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto chance = [&random](unsigned n) { return random() % n == 0; };
  std::vector<ProducerEpoch> clients(3);
  std::set<ProducerId> used_up;
  state = {};
  for (int i = 0; i < 50'000; i++) {
    const Transaction before = state.now();
    if (chance(500) && !state.is_pending() && before.producer.id >= 0 && !before.is_preparing()) {
      Transaction jump = before;  // or no epoch would ever run out
      jump.producer.epoch = std::max(jump.producer.epoch, std::int16_t{32760});
      state.begin(jump), state.pending_written(true);
      continue;
    }
    ProducerEpoch& client = clients[random() % clients.size()];
    const ClientVersion version = chance(2) ? first : second;
    now += random() % 100;
    Step step;
    const unsigned what = random() % 8;
    const bool commit = chance(2);
    if (what == 0) step = state.init({}, 500, next_id++, now);
    if (what == 1) step = state.init(client, 500, next_id++, now);
    if (what == 2 || what == 3)
      step = state.add(client, {{"t", static_cast<std::int32_t>(random() % 3)}}, version, now);
    if (what == 4 || what == 5) step = state.end(client, commit, version, next_id++, now);
    if (what == 6) step = state.complete(now);
    if (what == 7) step = state.time_out(now);
    if (step.next) {
      state.begin(*step.next);
      ASSERT_EQ(state.add(client, {a0}, version, now).next, std::nullopt) << "one step at a time";
      state.pending_written(!chance(10));
    }
    const Transaction& after = state.now();
    const bool durable = step.next && after == *step.next;
    if (step.error == Error::none && (durable || !step.next) && step.producer.id >= 0 && !chance(5))
      client = step.producer;

    ASSERT_FALSE(state.is_pending());
    ASSERT_GE(after.producer.epoch, -1) << "it never runs over";
    if (after.producer.id == before.producer.id) {
      ASSERT_GE(after.producer.epoch, before.producer.epoch);
    } else if (before.producer.id >= 0) {
      ASSERT_TRUE(used_up.insert(before.producer.id).second) << "an id does not come back";
    }
    ASSERT_EQ(after.partitions.empty(), after.status != Status::ongoing && !after.is_preparing());
    if (before.is_preparing() && after.status != before.status) {
      const bool committed = before.status == Status::prepare_commit;
      ASSERT_EQ(after.status, committed ? Status::complete_commit : Status::complete_abort);
    }
    if (after.is_preparing() && !before.is_preparing()) {
      ASSERT_EQ(before.status, Status::ongoing);
      ASSERT_EQ(after.partitions, before.partitions) << "all of them get a marker";
    }
  }
}

}  // namespace
}  // namespace mq::core
