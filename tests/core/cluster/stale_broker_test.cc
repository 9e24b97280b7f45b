// SPDX-License-Identifier: Apache-2.0
// A broker that was deposed and cannot know it: what it remembers others have changed since.
#include <gtest/gtest.h>

#include "net/kafka/messages/find_coordinator.h"
#include "net/kafka/messages/metadata.h"
#include "net/kafka/messages/offset_commit.h"
#include "net/kafka/messages/offset_fetch.h"
#include "net/kafka/messages/produce.h"
#include "tests/core/support/cluster_model.h"

namespace mq::core {
namespace {

class StaleBroker : public testing::Test {
 protected:
  Error commit(BrokerId at, std::int64_t offset) {
    kafka::OffsetCommitRequest request;
    request.group_id = "g";
    request.generation_id_or_member_epoch = -1;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().committed_offset = offset;
    const auto answer = cluster.ask<kafka::OffsetCommitResponse>(at, request, 8);
    return answer ? kafka::error_of(answer->topics.at(0).partitions.at(0).error_code)
                  : Error::request_timed_out;
  }
  // As the broker says it; nothing: it does not.
  std::optional<std::int64_t> committed(BrokerId at) {
    kafka::OffsetFetchRequest request;
    request.group_id = "g";
    request.topics.emplace().push_back({"t", {}, {0}});
    const auto answer = cluster.ask<kafka::OffsetFetchResponse>(at, request, 7);
    if (!answer || answer->error_code != 0) return std::nullopt;
    return answer->topics.at(0).partitions.at(0).committed_offset;
  }
  // By whoever coordinates the group, other than one.
  BrokerId commit_elsewhere(BrokerId not_at, std::int64_t offset) {
    for (int i = 0; i < 100; i++) {
      for (BrokerId id = 1; id <= 3; id++)
        if (id != not_at && commit(id, offset) == Error::none) return id;
      cluster.pass(std::chrono::milliseconds(500));
    }
    ADD_FAILURE() << "nobody takes a commit";
    return -1;
  }
  void cut_off(BrokerId broker) {
    for (BrokerId other = 1; other <= 3; other++)
      if (other != broker) cluster.network.cut(broker, other), cluster.network.cut(other, broker);
    cluster.links[broker].is_cut = true;
  }

  // Whom it names as leader of the topic's partition, and what it says to who fetches from there.
  BrokerId leader_told(BrokerId at) {
    kafka::MetadataRequest request;
    request.topics.emplace().emplace_back().name = "t";
    const auto answer = cluster.ask<kafka::MetadataResponse>(at, request, 12);
    return answer ? answer->topics.at(0).partitions.at(0).leader_id : -2;
  }
  Error fetch(BrokerId at) {
    kafka::FetchRequest request;
    request.max_bytes = 1 << 20;
    auto& topic = request.topics.emplace_back();
    topic.topic = "t";
    topic.partitions.emplace_back().partition_max_bytes = 1 << 20;
    const auto answer = cluster.ask<kafka::FetchResponse>(at, request, 12);
    return answer ? kafka::error_of(answer->responses.at(0).partitions.at(0).error_code)
                  : Error::request_timed_out;
  }
  Error find_coordinator(BrokerId at) {
    const auto answer =
        cluster.ask<kafka::FindCoordinatorResponse>(at, kafka::FindCoordinatorRequest{"g", 0, {"g"}}, 4);
    return answer ? kafka::error_of(answer->coordinators.at(0).error_code) : Error::request_timed_out;
  }

  // A topic's partition, in sync everywhere, and a group that somebody coordinates; who leads that partition
  // is cut off.
  BrokerId cut_off_the_leader() {
    EXPECT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
    EXPECT_EQ(cluster.create("t", 1), Error::none);
    const BrokerId coordinator = commit_elsewhere(-1, 5);
    EXPECT_TRUE(cluster.run_until([&] { return cluster.state(coordinator, "t", 0).isr.size() == 3; }));
    const BrokerId leads = leader_told(coordinator);
    cut_off(leads);
    return leads;
  }

  ClusterModel cluster{1};
};

TEST_F(StaleBroker, SendsClientsAwayWhenItHearsNobody) {
  const BrokerId leads = cut_off_the_leader();
  EXPECT_EQ(fetch(leads), Error::none) << "at once it cannot know";
  cluster.pass(StoreModel::session_ttl * 2);
  EXPECT_EQ(leader_told(leads), -2) << "it hangs up";
  EXPECT_EQ(fetch(leads), Error::not_leader_or_follower);
  cluster.network.heal();
  cluster.links[leads].is_cut = false;
  ASSERT_TRUE(cluster.run_until([&] { return leader_told(leads) > 0; }));
  EXPECT_EQ(fetch(leader_told(leads)), Error::none);
}

TEST_F(StaleBroker, DoesNotLetProducersWaitForWhoItDoesNotHear) {
  const BrokerId leads = cut_off_the_leader();
  const Time began = cluster.clock.now();
  const std::string records = batch({.values = {"v"}});
  auto request = core::produce_request("t", 0, bytes_of(records));
  request.timeout_ms = 600'000;
  const auto answer = cluster.ask<kafka::ProduceResponse>(leads, request, 9);
  ASSERT_TRUE(answer);
  EXPECT_EQ(kafka::error_of(answer->responses.at(0).partition_responses.at(0).error_code),
            Error::not_leader_or_follower);
  EXPECT_LT(cluster.clock.now() - began, StoreModel::session_ttl + std::chrono::seconds(5));
}

TEST_F(StaleBroker, IsNoneToItsGroupsWhenItHearsNobody) {
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  const BrokerId first = commit_elsewhere(-1, 5);
  cut_off(first);
  cluster.pass(StoreModel::session_ttl * 2);
  EXPECT_EQ(commit(first, 6), Error::not_coordinator);
  EXPECT_EQ(find_coordinator(first), Error::request_timed_out) << "it hangs up";
}

TEST_F(StaleBroker, GoesOnWhileNobodyReachesTheStore) {
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  const BrokerId first = commit_elsewhere(-1, 5);
  const BrokerId leads = leader_told(first);
  for (BrokerId id = 1; id <= 3; id++) cluster.links[id].is_cut = true;
  cluster.pass(StoreModel::session_ttl * 2);
  EXPECT_EQ(leader_told(leads), leads);
  EXPECT_EQ(fetch(leads), Error::none);
  EXPECT_EQ(commit(first, 6), Error::none);
}

TEST_F(StaleBroker, DoesNotTellOffsetsThatWereCommittedBeforeItWasDeposed) {
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  const BrokerId first = commit_elsewhere(-1, 5);
  ASSERT_EQ(committed(first), 5);
  cut_off(first);
  const BrokerId second = commit_elsewhere(first, 100);
  EXPECT_EQ(committed(second), 100);
  EXPECT_EQ(committed(first), std::nullopt);
}

TEST_F(StaleBroker, TellsThemAlsoWhileNobodyReachesTheStore) {
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  const BrokerId first = commit_elsewhere(-1, 5);
  for (BrokerId id = 1; id <= 3; id++) cluster.links[id].is_cut = true;
  cluster.pass(StoreModel::session_ttl * 2);
  EXPECT_EQ(committed(first), 5);
}

}  // namespace
}  // namespace mq::core
