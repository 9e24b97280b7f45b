// SPDX-License-Identifier: Apache-2.0
// Leadership of an id's partition is taken away and given back in the midst of a transaction: the client gets
// an answer, the next coordinator finishes what was prepared, and no marker is missing.
#include "tests/core/transaction/coordinated_transactions.h"

namespace mq::core::transaction_leadership_test {
namespace {

const TopicPartition t0{"t", 0}, t1{"t", 1};

class TransactionLeadershipTest : public CoordinatedTransactions {
 protected:
  void open() override {
    CoordinatedTransactions::open();
    EXPECT_EQ(run(log->ensure()), Error::none);
  }
  std::int32_t partition() { return log->partition_of("tx"); }
  void take_away() { StoredTopics::take_away(transactions_topic, partition(), *transactions); }
  void give_back() {
    StoredTopics::give_back(transactions_topic, partition(), *transactions);
    while (transactions->is_loading()) loop.run_one();
  }
  // Begun, disturbed after so many turns of the loop, and asked again as long as a client would.
  template <class Ask>
  auto disturbed(int turn, Ask ask) {
    using Answer = decltype(run(ask()));
    for (bool first = true;; first = false) {
      std::optional<Answer> answer;
      asio::co_spawn(loop, ask(), [&](std::exception_ptr, Answer got) { answer = got; });
      if (first) {
        turns(turn);
        take_away();
        turns(turn % 5);
        give_back();
      }
      while (!answer) loop.run_one();
      const Error error = error_of(*answer);
      const bool again = error == Error::not_coordinator || error == Error::coordinator_load_in_progress ||
                         error == Error::concurrent_transactions || error == Error::coordinator_not_available;
      if (!again) return *answer;
    }
  }
  static Error error_of(Error error) { return error; }
  static Error error_of(const TransactionCoordinator::Answer& answer) { return answer.error; }
};

TEST_F(TransactionLeadershipTest, WhoIsLedElsewhereIsSentThere) {
  const auto who = begin();
  take_away();
  EXPECT_EQ(transactions->serves("tx"), Error::not_coordinator);
  EXPECT_EQ(add(who, {t0}), Error::not_coordinator);
  give_back();
  EXPECT_EQ(add(who, {t0}), Error::none);
}

TEST_F(TransactionLeadershipTest, AtEveryTurnOfEveryStepATransactionComesToItsEnd) {
  for (int turn = 0; turn < 40; turn++) {
    const auto begun = disturbed(turn, [&] { return transactions->init("tx", 60'000, {}); });
    ASSERT_EQ(begun.error, Error::none) << turn;
    const ProducerEpoch who = begun.producer;
    const Error added = disturbed(turn, [&] {
      return transactions->add("tx", who, std::set<TopicPartition>{t0, t1}, ClientVersion::first);
    });
    ASSERT_EQ(added, Error::none) << turn;
    const Offset before[] = {end_of(0), end_of(1)};
    const bool commit = turn % 2 == 0;
    const auto ended =
        disturbed(turn, [&] { return transactions->end("tx", who, commit, ClientVersion::first); });
    ASSERT_EQ(ended.error, Error::none) << turn;
    wait_for(commit ? Status::complete_commit : Status::complete_abort);
    EXPECT_GT(end_of(0), before[0]) << turn;
    EXPECT_GT(end_of(1), before[1]) << turn;
  }
}

TEST_F(TransactionLeadershipTest, MarkersOfTheNextCoordinatorCarryItsEpochAndFenceTheOneBefore) {
  const auto who = begin();
  add(who, {t0});
  take_away();
  give_back();
  EXPECT_EQ(end(who, true), Error::none);
  wait_for(Status::complete_commit);
  const auto t = topics->partitions.find(topics->catalog.find("t")->id, 0);
  const std::int32_t epoch = t->producers().all().at(who.id).coordinator_epoch;
  EXPECT_GT(epoch, 0);
  std::optional<Error> late;
  transactions->write_marker(t0, who, {true, epoch - 1}, [&](Error error) { late = error; });
  EXPECT_EQ(late, Error::transaction_coordinator_fenced);
}

TEST_F(TransactionLeadershipTest, MarkersWaitForALeaderOfThePartitionTheyGoTo) {
  const auto who = begin();
  add(who, {t0, t1});
  const auto t = topics->partitions.find(topics->catalog.find("t")->id, 0);
  t->follow(1);
  EXPECT_EQ(end(who, true), Error::none);
  loop.poll();
  EXPECT_EQ(status(), Status::prepare_commit);
  PartitionState state = initial_state({1}, 1, {{1, {0, true}}});
  state.leader_epoch = 2;
  t->lead(1, state, 2);
  clock.pass(std::chrono::seconds(2));
  wait_for(Status::complete_commit);
  EXPECT_EQ(t->end(), 1);
}

}  // namespace
}  // namespace mq::core::transaction_leadership_test
