// SPDX-License-Identifier: Apache-2.0
// A partition with replicas elsewhere: what is committed, who is answered when, and what is left of a log
// that another leads.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>

#include "core/partition/partition.h"
#include "net/kafka/record_batch.h"
#include "storage/error.h"
#include "storage/gather.h"
#include "storage/memory_log.h"
#include "tests/core/cleaning/wall_clock.h"
#include "tests/storage/support/batches.h"

namespace mq::core {
namespace {

using kafka::Error;

PartitionState led_by(BrokerId leader, Epoch epoch, const std::vector<BrokerId>& in_sync, int min_isr) {
  PartitionState state;
  state.leader = leader;
  state.leader_broker_epoch = 10;
  state.leader_epoch = epoch;
  state.replicas = {1, 2, 3};
  state.min_isr = min_isr;
  for (const BrokerId broker : in_sync) state.isr.push_back({broker, 10});
  return state;
}

// What a broker holds of a partition.
struct Replica {
  Replica(asio::io_context& on, BrokerId broker) : id(broker), loop(on) {}

  using Answer = std::shared_ptr<std::optional<Appended>>;  // none: on its way
  Answer send(std::int32_t sequence, Acks acks, bool transactional = false, std::int16_t epoch = 0) {
    const std::byte value{1};
    kafka::BatchBuilder builder(100);
    builder.append(1000, std::nullopt, net::Bytes(&value, 1));
    const net::Slice batch = builder.finish(kafka::Codec::none, 0, {7, epoch, sequence, transactional});
    const auto answer = std::make_shared<std::optional<Appended>>();
    partition->append(batch, *kafka::BatchHead::parse(batch.bytes()), {.acks = acks},
                      [answer](Appended appended) { *answer = appended; });
    return answer;
  }
  Answer end(bool commit) {
    const auto answer = std::make_shared<std::optional<Appended>>();
    partition->append_marker(7, 0, {commit, 0}, [answer](Appended appended) { *answer = appended; });
    return answer;
  }
  // The batches from an offset on, as a fetch gives them to a follower.
  net::Slice batches(Offset from) {
    const auto read = test::wait_for(loop, partition->read(from, 1 << 20));
    const auto bytes = *storage::gather(*read);
    net::Slice copy{{new std::byte[bytes.size()], std::default_delete<std::byte[]>()}, bytes.size()};
    std::copy(bytes.begin(), bytes.end(), copy.data.get());
    return copy;
  }
  error_code take(const net::Slice& batches) {
    std::optional<error_code> answer;
    partition->replicate(batches, [&](error_code error) { answer = error; });
    test::run_until(loop, [&] { return answer.has_value(); });
    return *answer;
  }
  bool fetched(BrokerId follower, Offset durable_end) {
    return partition->change_replicas([&](Replicas& replicas) {
      return replicas.fetched({follower, 10, partition->leader_epoch(), durable_end}, clock.now());
    });
  }
  void arrive() {
    loop.restart();
    loop.poll();
  }

  const BrokerId id;
  asio::io_context& loop;
  WallClock clock;  // what was seen when is the same for all
  std::shared_ptr<storage::MemoryLog> log = std::make_shared<storage::MemoryLog>(loop.get_executor());
  std::shared_ptr<Partition> partition = std::make_shared<Partition>(log, 1, clock);
};

class ReplicatedPartitionTest : public testing::Test {
 protected:
  void lead(Replica& replica, Epoch epoch, const std::vector<BrokerId>& in_sync = {1, 2}, int min_isr = 1) {
    replica.partition->lead(replica.id, led_by(replica.id, epoch, in_sync, min_isr), epoch);
  }
  // `follower` gets all that `leader` has and does not yet, and says so.
  void catch_up(Replica& leader, Replica& follower) {
    if (follower.partition->end() < leader.partition->end()) {
      EXPECT_FALSE(follower.take(leader.batches(follower.partition->end())));
    }
    leader.fetched(follower.id, follower.partition->end());
    follower.partition->learn_high_watermark(leader.partition->high_watermark());
  }

  asio::io_context loop{1};
  Replica one{loop, 1}, two{loop, 2};
};

TEST_F(ReplicatedPartitionTest, NothingIsTakenFromClientsOrServedBeforeItLeads) {
  EXPECT_EQ((*one.send(0, Acks::leader))->error, Error::not_leader_or_follower);
  EXPECT_EQ((*one.end(true))->error, Error::not_leader_or_follower);
  EXPECT_EQ(one.partition->high_watermark(), 0);
}

TEST_F(ReplicatedPartitionTest, WhoWantsAllIsAnsweredWhenTheIsrHasItAndWhoWantsTheLeaderWhenItIsDurable) {
  lead(one, 3);
  const auto leader = one.send(0, Acks::leader), all = one.send(1, Acks::all);
  one.arrive();
  EXPECT_EQ((*leader)->error, Error::none);
  EXPECT_FALSE(*all);
  EXPECT_EQ(one.partition->end(), 2);
  EXPECT_EQ(one.partition->high_watermark(), 0) << "readers see nothing yet";
  EXPECT_TRUE(one.fetched(2, 1));
  EXPECT_EQ(one.partition->high_watermark(), 1);
  EXPECT_FALSE(*all);
  EXPECT_TRUE(one.fetched(2, 2));
  EXPECT_EQ((*all)->error, Error::none);
  EXPECT_EQ((*all)->first, 1);
}

TEST_F(ReplicatedPartitionTest, WhoLeadsAnewWaitsForWhatWasRefusedBeforeItDid) {
  const auto refused = one.send(0, Acks::all);
  EXPECT_EQ((*refused)->error, Error::not_leader_or_follower);
  lead(one, 3);
  EXPECT_EQ((*one.send(1, Acks::all))->error, Error::not_leader_or_follower)
      << "its producer is not known, but this is not its first batch";
  const auto again = one.send(0, Acks::leader), next = one.send(1, Acks::leader);
  EXPECT_EQ((*one.send(3, Acks::leader))->error, Error::not_leader_or_follower);
  one.arrive();
  EXPECT_EQ((*again)->first, 0);
  EXPECT_EQ((*next)->first, 1);

  one.clock.wall += 75'000;
  EXPECT_EQ((*one.send(3, Acks::leader))->error, Error::out_of_order_sequence_number)
      << "nobody sends again after so long what was refused";
}

TEST_F(ReplicatedPartitionTest, WhoIsElectedWhileItTruncatesGoesOnFromWhereThatEnds) {
  lead(one, 3);
  for (std::int32_t i = 0; i < 3; i++) one.send(i, Acks::leader);
  one.arrive();
  catch_up(one, two);
  asio::co_spawn(loop, two.partition->truncate(1), asio::detached);
  loop.restart();
  loop.poll_one();  // it has begun
  lead(two, 4);
  EXPECT_EQ((*two.send(3, Acks::leader))->error, Error::kafka_storage_error);
  two.arrive();
  EXPECT_EQ(two.partition->replicas()->leader_epoch_start(), 1);
  const auto next = two.send(1, Acks::leader);
  two.arrive();
  EXPECT_EQ((*next)->first, 1);
}

TEST_F(ReplicatedPartitionTest, WhatIsBeingTruncatedIsNeitherThereNorCommittedThoughItsFollowersHaveIt) {
  lead(one, 3);
  for (std::int32_t i = 0; i < 3; i++) one.send(i, Acks::leader);
  one.arrive();
  ASSERT_FALSE(two.take(one.batches(0)));  // and does not say so: nothing is committed
  int read = 0;
  Partition::Walk walk;
  walk.visit = [&](net::Bytes) { read++; };
  asio::co_spawn(loop, two.partition->truncate(1), asio::detached);
  asio::co_spawn(loop, two.partition->walk(std::move(walk)), asio::detached);
  loop.restart();
  loop.poll_one();  // the first has begun
  lead(two, 4);
  ASSERT_EQ(two.log->end(), 3) << "it would show nothing";
  EXPECT_TRUE(two.partition->is_truncating());
  EXPECT_EQ(two.partition->end(), 1);
  two.fetched(1, 3);
  EXPECT_EQ(two.partition->high_watermark(), 1);
  two.arrive();
  EXPECT_EQ(read, 1);
  EXPECT_FALSE(two.partition->is_truncating());
  EXPECT_EQ(two.partition->high_watermark(), 1);
}

TEST_F(ReplicatedPartitionTest, ADuplicateOfWhatIsNotCommittedIsNotAcknowledgedBeforeIt) {
  lead(one, 3);
  const auto first = one.send(0, Acks::all);
  one.arrive();
  const auto again = one.send(0, Acks::all), for_leader = one.send(0, Acks::leader);
  EXPECT_FALSE(*first);
  EXPECT_FALSE(*again);
  EXPECT_EQ((*for_leader)->first, 0);
  one.fetched(2, 1);
  EXPECT_EQ((*first)->first, 0);
  EXPECT_EQ((*again)->first, 0);
}

TEST_F(ReplicatedPartitionTest, BelowMinIsrNothingIsTakenForAllAndWhatWaitsIsToldButStays) {
  lead(one, 3, {1, 2}, 2);
  const auto waiting = one.send(0, Acks::all), under_way = one.send(1, Acks::all);
  one.arrive();
  EXPECT_FALSE(*waiting);
  one.partition->change_replicas([](Replicas& replicas) { return replicas.adopt(led_by(1, 3, {1}, 2), 4); });
  EXPECT_EQ((*waiting)->error, Error::not_enough_replicas_after_append);
  EXPECT_EQ((*under_way)->error, Error::not_enough_replicas_after_append);
  EXPECT_EQ(one.partition->end(), 2);
  EXPECT_EQ(one.partition->high_watermark(), 0) << "it stands";
  EXPECT_EQ((*one.send(2, Acks::all))->error, Error::not_enough_replicas);
  EXPECT_EQ((*one.send(3, Acks::all))->error, Error::kafka_storage_error) << "it follows what we refused";
  EXPECT_EQ((*one.end(true))->error, Error::not_enough_replicas);
  const auto for_leader = one.send(2, Acks::leader);
  one.arrive();
  EXPECT_EQ((*for_leader)->first, 2);
  one.partition->change_replicas([](Replicas& replicas) {
    return replicas.adopt(led_by(1, 3, {1, 2}, 2), 5);
  });
  one.fetched(2, 3);
  EXPECT_EQ(one.partition->high_watermark(), 3);
}

TEST_F(ReplicatedPartitionTest, WhoWaitsWhenItLeadsNoMoreIsToldThat) {
  lead(one, 3);
  const auto durable = one.send(0, Acks::all);
  one.arrive();
  const auto under_way = one.send(1, Acks::leader);
  one.partition->follow(4);
  EXPECT_EQ((*durable)->error, Error::not_leader_or_follower);
  EXPECT_FALSE(*under_way);
  one.arrive();
  EXPECT_EQ((*under_way)->error, Error::not_leader_or_follower) << "it may be truncated";
  EXPECT_EQ(one.partition->end(), 2);
}

TEST_F(ReplicatedPartitionTest, AFollowerHasTheSameBytesEpochsProducersAndTransactions) {
  lead(one, 3);
  two.partition->follow(3);
  one.send(0, Acks::leader, true);
  one.send(1, Acks::leader, true);
  one.end(false);
  one.arrive();
  catch_up(one, two);
  EXPECT_EQ(two.partition->end(), 3);
  EXPECT_EQ(two.partition->high_watermark(), 3);
  EXPECT_EQ(two.partition->last_stable_offset(), 3);
  EXPECT_EQ(two.partition->producers().transactions().aborted(0, 3).size(), 1u);
  EXPECT_EQ(two.partition->epochs(), one.partition->epochs());
  EXPECT_EQ(std::as_bytes(std::span(two.batches(0).bytes())).size(), one.batches(0).size);
}

TEST_F(ReplicatedPartitionTest, AMarkerThatIsNotCommittedEndsNothing) {
  lead(one, 3);
  one.send(0, Acks::leader, true);
  one.arrive();
  one.fetched(2, 1);
  const auto marker = one.end(true);
  one.arrive();
  EXPECT_FALSE(*marker);
  EXPECT_EQ(one.partition->last_stable_offset(), 0);
  one.fetched(2, 2);
  EXPECT_EQ((*marker)->error, Error::none);
  EXPECT_EQ(one.partition->last_stable_offset(), 2);
}

// One led, and has more than two when two is elected.
TEST_F(ReplicatedPartitionTest, AnOldLeaderForgetsWhatOnlyItHasAndAnswersByTheNewOne) {
  lead(one, 3);
  two.partition->follow(3);
  for (std::int32_t i = 0; i < 2; i++) one.send(i, Acks::all);
  one.arrive();
  catch_up(one, two);
  for (std::int32_t i = 2; i < 10; i++) one.send(i, Acks::all);
  one.arrive();
  EXPECT_EQ(one.partition->end(), 10);

  lead(two, 4);
  one.partition->follow(4);
  EXPECT_FALSE(test::wait_for(loop, one.partition->truncate(2)));
  EXPECT_EQ(one.partition->end(), 2);
  EXPECT_EQ(one.partition->producers().all().at(7).batches.size(), 2u);
  const auto other = two.send(0, Acks::leader, false, 1);  // of the same producer, begun anew
  two.arrive();
  EXPECT_EQ((*other)->first, 2);
  EXPECT_FALSE(one.take(two.batches(2)));
  EXPECT_EQ(one.partition->producers().all(), two.partition->producers().all());
  EXPECT_EQ(one.partition->epochs(), two.partition->epochs());

  two.partition->follow(5);
  lead(one, 5);
  const auto again = one.send(0, Acks::all, false, 1);
  EXPECT_FALSE(*again) << "not before the ISR has it";
  one.fetched(2, 3);
  EXPECT_EQ((*again)->first, 2) << "where the other leader put it";
}

TEST_F(ReplicatedPartitionTest, AFollowerTakesGapsButNothingThatFallsOrIsDamaged) {
  lead(one, 3);
  two.partition->follow(3);
  one.send(0, Acks::leader);
  one.send(1, Acks::leader);
  one.arrive();
  EXPECT_FALSE(two.take(one.batches(1))) << "what was compacted leaves a gap";
  EXPECT_EQ(two.partition->end(), 2);
  EXPECT_EQ(two.take(one.batches(0)), kafka::make_error_code(Error::offset_out_of_range));
  one.send(2, Acks::leader);
  one.arrive();
  const net::Slice damaged = one.batches(2);
  damaged.data.get()[damaged.size - 1] ^= std::byte{1};
  EXPECT_EQ(two.take(damaged), kafka::make_error_code(Error::corrupt_message));
  damaged.data.get()[damaged.size - 1] ^= std::byte{1};
  kafka::stamp(damaged.data.get(), 2, 2);
  EXPECT_EQ(two.take(damaged), kafka::make_error_code(Error::corrupt_message)) << "of an older leader";
  EXPECT_EQ(two.partition->end(), 2);
  EXPECT_EQ(one.take(one.batches(0)), kafka::make_error_code(Error::not_leader_or_follower));
}

TEST_F(ReplicatedPartitionTest, ATransactionWhoseBeginningIsTrimmedLeavesItsProducerKnown) {
  lead(one, 3);
  one.send(0, Acks::leader, true);
  one.send(1, Acks::leader, true);
  one.arrive();
  EXPECT_FALSE(test::wait_for(loop, one.partition->trim(1)));
  const auto again = std::make_shared<Partition>(one.log, 1, one.clock);
  again->recover(*parse_snapshot(one.partition->snapshot()));
  EXPECT_TRUE(again->is_exact()) << "heads that are gone would not be read anew";
  EXPECT_EQ(again->producers().all().at(7).batches.size(), 2u);
}

// The leader begins within a batch: the follower goes back to where that batch begins.
TEST_F(ReplicatedPartitionTest, AnEmptyFollowerIsPutWhereItsLeaderBegins) {
  two.partition->follow(3);
  const auto taken = [&](int records, Offset first, Epoch epoch) {
    kafka::BatchBuilder builder(1 << 16);
    for (int i = 0; i < records; i++) builder.append(1000, std::nullopt, net::Bytes());
    const net::Slice batch = builder.finish();
    kafka::stamp(batch.data.get(), first, epoch);
    return two.take(batch);
  };
  EXPECT_FALSE(taken(1, 0, 3));
  EXPECT_FALSE(test::wait_for(loop, two.partition->trim(520)));
  EXPECT_EQ(two.partition->end(), 520);
  EXPECT_EQ(two.partition->epochs().last(), 0) << "what it had says nothing of what the leader has";
  EXPECT_FALSE(test::wait_for(loop, two.partition->truncate(480)));
  EXPECT_EQ(two.partition->end(), 480);
  EXPECT_FALSE(taken(41, 480, 2));
  EXPECT_FALSE(test::wait_for(loop, two.partition->trim(500)));
  EXPECT_EQ(two.partition->start(), 500);
  EXPECT_EQ(two.partition->end(), 521);
}

TEST_F(ReplicatedPartitionTest, ProducersAreReadAnewWhereMoreWasTruncatedThanCanBeUndone) {
  lead(one, 3, {1});
  for (std::int32_t i = 0; i < 5; i++) one.send(i, Acks::all);
  one.arrive();
  EXPECT_EQ(one.partition->high_watermark(), 5);
  one.partition->follow(4);
  EXPECT_FALSE(test::wait_for(loop, one.partition->truncate(3)))
      << "an unclean election took what was committed";
  EXPECT_TRUE(one.partition->is_exact());
  EXPECT_EQ(one.partition->high_watermark(), 3);
  const auto& batches = one.partition->producers().all().at(7).batches;
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches.back().last_sequence, 2);
}

TEST_F(ReplicatedPartitionTest, AFollowersFailedWriteIsUndone) {
  lead(one, 3);
  two.partition->follow(3);
  one.send(0, Acks::leader);
  one.send(1, Acks::leader);
  one.arrive();
  two.log->fail_with(make_error_code(storage::Errc::io));
  EXPECT_EQ(two.take(one.batches(0)), make_error_code(storage::Errc::io));
  two.log->fail_with({});
  EXPECT_TRUE(two.partition->producers().empty());
  EXPECT_FALSE(two.take(one.batches(0)));
  EXPECT_EQ(two.partition->end(), 2);
}

TEST_F(ReplicatedPartitionTest, OfATimeOnlyWhatIsCommittedIsFound) {
  lead(one, 3);
  one.send(0, Acks::leader);
  one.arrive();
  const auto found = test::wait_for(loop, one.partition->at_time(0, loop.get_executor()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->offset, -1);
  one.fetched(2, 1);
  EXPECT_EQ(test::wait_for(loop, one.partition->at_time(0, loop.get_executor()))->offset, 0);
}

}  // namespace
}  // namespace mq::core
