// SPDX-License-Identifier: Apache-2.0
// Three whole brokers, replicating: what a producer was told is on all that count, whoever dies.
#include <gtest/gtest.h>

#include "net/kafka/messages/alter_partition_reassignments.h"
#include "net/kafka/messages/incremental_alter_configs.h"
#include "tests/core/support/cluster_model.h"
#include "tests/support/seed.h"

namespace mq::core {
namespace {

class Replication : public testing::Test {
 protected:
  // As an idempotent producer: however often it is sent, it is there once.
  kafka::ProduceRequest produce_request(const std::string& value) {
    BatchOf of{{value}};
    of.producer = {1000, 0, sequence_};
    records_ = batch(of);
    auto request = core::produce_request("t", 0, bytes_of(records_));
    request.timeout_ms = 5'000;
    return request;
  }
  // At whoever leads, as often as it takes. -1: never.
  std::int64_t produce(const std::string& value) {
    for (int attempt = 0; attempt < 40; attempt++) {
      for (BrokerId id = 1; id <= 3; id++) {
        if (!cluster.is_up(id) || cluster.leader(id, "t", 0) != id) continue;
        const auto answer = cluster.ask<kafka::ProduceResponse>(id, produce_request(value), 9);
        if (!answer) continue;
        const auto& one = answer->responses.at(0).partition_responses.at(0);
        if (one.error_code == 0) sequence_++;
        if (one.error_code == 0) return one.base_offset;
      }
      cluster.pass(std::chrono::milliseconds(500));
    }
    return -1;
  }
  BrokerId leader() {
    BrokerId leads = -1;
    EXPECT_TRUE(cluster.run_until([&] {
      for (BrokerId id = 1; id <= 3; id++)
        if (const auto here = cluster.is_up(id) ? cluster.partition(id, "t", 0) : nullptr)
          if (here->leads() && cluster.leader(id, "t", 0) == id) leads = id;
      return leads > 0;
    })) << "nobody leads";
    return leads;
  }
  // All replicas have all, and know that it is committed.
  bool is_even(Offset end) {
    return cluster.run_until([&] {
      for (BrokerId id = 1; id <= 3; id++) {
        const auto here = cluster.partition(id, "t", 0);
        if (!here || here->end() != end || here->high_watermark() != end) return false;
        if (cluster.state(id, "t", 0).isr.size() != 3) return false;
      }
      return true;
    });
  }

  std::int16_t configure(std::int8_t type, const std::string& of, const std::string& name,
                         const std::string& value) {
    constexpr std::int8_t set = 0;
    kafka::IncrementalAlterConfigsRequest request;
    request.resources.push_back({type, of, {{name, set, value}}});
    BrokerId asked = 1;
    while (!cluster.is_up(asked)) asked++;
    const auto answer = cluster.ask<kafka::IncrementalAlterConfigsResponse>(asked, request, 1);
    return answer ? answer->responses.at(0).error_code : -1;
  }

  ClusterModel cluster{1};
  std::string records_;
  std::int32_t sequence_ = 0;
};

TEST_F(Replication, BrokersFindEachOtherAndOneIsTheController) {
  EXPECT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  EXPECT_TRUE(cluster.controller());
}

TEST_F(Replication, WhatIsProducedIsOnAllReplicas) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  for (int i = 0; i < 5; i++) EXPECT_EQ(produce("v" + std::to_string(i)), i);
  EXPECT_TRUE(is_even(5)) << cluster.describe("t", 0);
}

TEST_F(Replication, AfterTheLeadersDeathAnotherLeadsAndHasAllThatWasAcknowledged) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  for (int i = 0; i < 5; i++) EXPECT_EQ(produce("v" + std::to_string(i)), i);
  const BrokerId first = leader();
  cluster.crash(first);
  ASSERT_TRUE(cluster.run_until([&] {
    const BrokerId other = first == 1 ? 2 : 1;
    const BrokerId now = cluster.leader(other, "t", 0);
    return now > 0 && now != first;
  }));
  EXPECT_EQ(produce("v5"), 5);
  cluster.start(first);
  EXPECT_TRUE(is_even(6)) << cluster.describe("t", 0);
}

TEST_F(Replication, AWipedReplicaIsNotCountedUntilItHasEverythingAgain) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  for (int i = 0; i < 5; i++) EXPECT_EQ(produce("v" + std::to_string(i)), i);
  const BrokerId first = leader();
  cluster.crash(first);
  cluster.wipe(first);
  cluster.start(first);
  EXPECT_EQ(produce("v5"), 5);
  EXPECT_TRUE(is_even(6)) << cluster.describe("t", 0);
}

TEST_F(Replication, ALostSessionCostsTheLeadershipAndNothingElse) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  EXPECT_EQ(produce("v0"), 0);
  cluster.end_session(leader());
  EXPECT_EQ(produce("v1"), 1);
  EXPECT_TRUE(is_even(2)) << cluster.describe("t", 0);
}

TEST_F(Replication, WhoIsCutOffLeavesTheIsrAndComesBack) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  EXPECT_EQ(produce("v0"), 0);
  const BrokerId leads = leader();
  const BrokerId follower = leads == 1 ? 2 : 1;
  cluster.network.cut(follower, leads);
  EXPECT_EQ(produce("v1"), 1);
  EXPECT_EQ(cluster.state(leads, "t", 0).isr.size(), 2u);
  cluster.network.heal();
  EXPECT_TRUE(is_even(2)) << cluster.describe("t", 0);
}

TEST_F(Replication, WhoseDiskFailsLeavesTheIsrBeforeAnythingWaitsForIt) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  EXPECT_EQ(produce("v0"), 0);
  ASSERT_TRUE(is_even(1));
  const BrokerId leads = leader();
  const BrokerId follower = leads == 1 ? 2 : 1;
  const Time began = cluster.clock.now();
  cluster.fail_disk(follower);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.state(leads, "t", 0).isr.size() == 2; }))
      << "though nothing is produced";
  EXPECT_LT(cluster.clock.now() - began, std::chrono::seconds(1));
  EXPECT_EQ(produce("v1"), 1);
  cluster.mend_disk(follower);
  EXPECT_TRUE(is_even(2)) << cluster.describe("t", 0);
}

TEST_F(Replication, WhoStopsInOrderHandsOverWhatItLeadsFirst) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  EXPECT_EQ(produce("v0"), 0);
  const BrokerId first = leader();
  const Time began = cluster.clock.now();
  cluster.stop(first);
  const BrokerId other = first == 1 ? 2 : 1;
  ASSERT_TRUE(cluster.run_until([&] { return cluster.leader(other, "t", 0) != first; }));
  EXPECT_LT(cluster.clock.now() - began, StoreModel::session_ttl / 2);
  EXPECT_EQ(produce("v1"), 1);
  cluster.start(first);
  EXPECT_TRUE(is_even(2)) << cluster.describe("t", 0);
}

TEST_F(Replication, WhoIsPreferredLeadsAgainWhenItIsBackForAWhile) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  EXPECT_EQ(produce("v0"), 0);
  const BrokerId first = leader();
  cluster.crash(first);
  cluster.start(first);
  const BrokerId other = first == 1 ? 2 : 1;
  ASSERT_TRUE(cluster.run_until([&] {
    const BrokerId now = cluster.leader(other, "t", 0);
    return now > 0 && now != first;
  }));
  EXPECT_TRUE(cluster.run_until([&] { return cluster.leader(other, "t", 0) == first; }));
  EXPECT_TRUE(is_even(1)) << cluster.describe("t", 0);
}

TEST_F(Replication, WhereTheTopicAllowsItSomebodyLeadsWhoLacksRecordsWhenNobodyElseRuns) {
  ASSERT_EQ(cluster.create("t", 1, 1), Error::none);
  EXPECT_EQ(produce("v0"), 0);
  EXPECT_TRUE(is_even(1));
  const BrokerId leads = leader(), other = leads == 1 ? 2 : 1, third = 6 - leads - other;
  cluster.crash(other);
  EXPECT_EQ(produce("v1"), 1);
  cluster.crash(third);
  EXPECT_EQ(produce("v2"), 2);
  cluster.start(other);
  cluster.crash(leads);
  cluster.pass(std::chrono::minutes(1));
  EXPECT_EQ(cluster.leader(other, "t", 0), -1) << cluster.describe("t", 0);

  constexpr std::int8_t topic = 2;
  ASSERT_EQ(configure(topic, "t", "unclean.leader.election.enable", "true"), 0);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.leader(other, "t", 0) == other; }))
      << cluster.describe("t", 0);
}

TEST_F(Replication, AControllerThatNobodyCanReadIsNoneAndDoesNotStayOne) {
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  for (BrokerId id = 1; id <= 3; id++) cluster.crash(id);
  cluster.pass(StoreModel::session_ttl * 2);
  MetadataChange garbage;
  garbage.puts["controller"] = "{";
  ASSERT_EQ(cluster.store.commit(garbage, 0).outcome, Committed::Outcome::done);
  for (BrokerId id = 1; id <= 3; id++) cluster.start(id);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.is_settled() && cluster.controller(); }));
}

class Moving : public Replication {
 protected:
  using Request = kafka::AlterPartitionReassignmentsRequest;
  std::int16_t move(std::optional<std::vector<BrokerId>> to) {
    Request request;
    request.topics.push_back({"t", {{0, std::move(to)}}});
    const auto answer = cluster.ask<kafka::AlterPartitionReassignmentsResponse>(1, request, 1);
    return answer ? answer->responses.at(0).partitions.at(0).error_code : -1;
  }
  std::int16_t set_rate(const std::string& rate) {
    constexpr std::int8_t broker = 4;
    return configure(broker, "", "leader.replication.throttled.rate", rate);
  }
  bool is_on(std::vector<BrokerId> replicas) {
    return cluster.run_until([&] {
      const PartitionState state = cluster.state(1, "t", 0);
      return state.replicas == replicas && state.isr.size() == replicas.size();
    });
  }
};

TEST_F(Moving, APartitionGoesWhereItIsToldWithAllItHas) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  for (int i = 0; i < 5; i++) EXPECT_EQ(produce("v" + std::to_string(i)), i);
  const BrokerId first = leader();
  const BrokerId second = first == 1 ? 2 : 1;
  ASSERT_EQ(move(std::vector{second}), 0);
  EXPECT_TRUE(is_on({second})) << cluster.describe("t", 0);
  EXPECT_TRUE(cluster.run_until([&] { return !cluster.partition(first, "t", 0); }))
      << "what has moved away is still there";
  EXPECT_EQ(produce("v5"), 5);
  ASSERT_EQ(move(std::vector{first, second, 6 - first - second}), 0);
  EXPECT_TRUE(is_on({first, second, 6 - first - second})) << cluster.describe("t", 0);
  EXPECT_TRUE(is_even(6)) << cluster.describe("t", 0);
}

TEST_F(Moving, WhoIsAddedGetsNothingAtARateOfZeroAndWhoIsInSyncAllTheSame) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  for (int i = 0; i < 5; i++) EXPECT_EQ(produce("v" + std::to_string(i)), i);
  const BrokerId first = leader();
  const BrokerId second = first == 1 ? 2 : 1, third = 6 - first - second;
  ASSERT_EQ(move(std::vector{first, second}), 0);
  ASSERT_TRUE(is_on({first, second})) << cluster.describe("t", 0);
  ASSERT_EQ(set_rate("0"), 0);
  ASSERT_EQ(move(std::vector{first, second, third}), 0);
  for (int i = 5; i < 8; i++) EXPECT_EQ(produce("v" + std::to_string(i)), i);
  cluster.pass(std::chrono::seconds(30));
  EXPECT_EQ(cluster.state(first, "t", 0).isr.size(), 2u) << cluster.describe("t", 0);
  const auto added = cluster.partition(third, "t", 0);
  ASSERT_TRUE(added);
  EXPECT_EQ(added->end(), 0);
  ASSERT_EQ(set_rate("1000"), 0);
  EXPECT_TRUE(is_on({first, second, third})) << cluster.describe("t", 0);
  EXPECT_TRUE(is_even(8)) << cluster.describe("t", 0);
}

TEST_F(Moving, IsRefusedToBrokersThatAreNotThere) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  EXPECT_EQ(move(std::vector{1, 9}), kafka::number_of(Error::invalid_replica_assignment));
  EXPECT_EQ(move(std::vector{1, 1}), kafka::number_of(Error::invalid_replica_assignment));
  EXPECT_EQ(move(std::nullopt), kafka::number_of(Error::no_reassignment_in_progress));
}

}  // namespace
}  // namespace mq::core
