// SPDX-License-Identifier: Apache-2.0
// What a cluster says of its brokers, and how it forgets one.
#include <gmock/gmock.h>

#include "net/kafka/messages/alter_partition_reassignments.h"
#include "tests/core/support/cluster_model.h"

namespace mq::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ClusterBrokers : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled() && cluster.controller(); }));
  }
  kafka::UnregisterBrokerResponse forget(BrokerId broker, BrokerId asked = 1) {
    const auto answer =
        cluster.ask<kafka::UnregisterBrokerResponse>(asked, kafka::UnregisterBrokerRequest{broker}, 0);
    return answer.value_or(kafka::UnregisterBrokerResponse{0, -1, {}});
  }
  std::vector<std::string> brokers_with_configs(BrokerId asked = 1) {
    constexpr std::int8_t broker_resource = 4;
    const kafka::ListConfigResourcesRequest request{{broker_resource}};
    const auto answer = cluster.ask<kafka::ListConfigResourcesResponse>(asked, request, 1);
    std::vector<std::string> names;
    if (answer)
      for (const auto& resource : answer->config_resources) names.push_back(resource.resource_name);
    return names;
  }
  void move(std::vector<std::int32_t> replicas) {
    kafka::AlterPartitionReassignmentsRequest request;
    request.topics.push_back({"t", {{0, std::move(replicas)}}});
    const auto answer = cluster.ask<kafka::AlterPartitionReassignmentsResponse>(1, request, 0);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->responses.at(0).partitions.at(0).error_code, 0);
  }
  bool is_away(BrokerId broker) {
    return cluster.run_until([&] {
      const auto known = cluster.ask<kafka::DescribeClusterResponse>(1, kafka::DescribeClusterRequest{}, 1);
      return known &&
             std::ranges::none_of(known->brokers, [&](const auto& b) { return b.broker_id == broker; });
    });
  }

  ClusterModel cluster{1};
};

TEST_F(ClusterBrokers, TheControllerLeadsTheQuorumAndAllWhoRunVote) {
  kafka::DescribeQuorumRequest request;
  request.topics.push_back({"__cluster_metadata", {{0}}});
  for (BrokerId asked = 1; asked <= 3; asked++) {
    const auto answer = cluster.ask<kafka::DescribeQuorumResponse>(asked, request, 2);
    ASSERT_TRUE(answer);
    const auto& partition = answer->topics.at(0).partitions.at(0);
    EXPECT_EQ(partition.leader_id, *cluster.controller());
    EXPECT_GT(partition.leader_epoch, 0);
    EXPECT_GT(partition.high_watermark, 0);
    ASSERT_EQ(partition.current_voters.size(), 3u);
    for (const auto& voter : partition.current_voters)
      EXPECT_EQ(voter.last_caught_up_timestamp >= 0, voter.replica_id == partition.leader_id);
  }
}

TEST_F(ClusterBrokers, ConfigsOfAllThatAreRegisteredAreListedByEach) {
  EXPECT_THAT(brokers_with_configs(2), ElementsAre("1", "2", "3"));
  cluster.crash(3);
  ASSERT_TRUE(is_away(3));
  EXPECT_THAT(brokers_with_configs(2), ElementsAre("1", "2", "3")) << "it may come back";
}

TEST_F(ClusterBrokers, WhoIsAwayIsDescribedAsFencedToWhoAsksForThose) {
  cluster.crash(3);
  ASSERT_TRUE(is_away(3));
  kafka::DescribeClusterRequest request;
  request.include_fenced_brokers = true;
  const auto answer = cluster.ask<kafka::DescribeClusterResponse>(1, request, 2);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->brokers.size(), 3u);
  for (const auto& broker : answer->brokers) EXPECT_EQ(broker.is_fenced, broker.broker_id == 3);
}

TEST_F(ClusterBrokers, WhoRunsOrHasPartitionsIsNotForgotten) {
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  EXPECT_EQ(forget(7).error_code, code(Error::broker_id_not_registered));
  cluster.crash(3);
  ASSERT_TRUE(is_away(3));
  const auto refused = forget(3);
  EXPECT_EQ(refused.error_code, code(Error::policy_violation));
  EXPECT_THAT(*refused.error_message, HasSubstr("1 partition: t[0]"));
}

TEST_F(ClusterBrokers, WhoRunsIsNotForgottenThoughItHasNothing) {
  EXPECT_EQ(forget(3).error_code, code(Error::duplicate_broker_registration));
  EXPECT_EQ(forget(1).error_code, code(Error::duplicate_broker_registration)) << "the one that is asked";
}

TEST_F(ClusterBrokers, WhoIsAwayAndHasNothingIsForgottenAndComesBackAsNew) {
  ASSERT_EQ(cluster.create("t", 1, 1), Error::none);
  move({1, 2});
  ASSERT_TRUE(cluster.run_until([&] { return cluster.state(1, "t", 0).replicas.size() == 2; }));
  cluster.crash(3);
  ASSERT_TRUE(is_away(3));
  EXPECT_EQ(forget(3).error_code, 0);
  EXPECT_THAT(brokers_with_configs(), ElementsAre("1", "2"));
  EXPECT_EQ(forget(3).error_code, code(Error::broker_id_not_registered));
  cluster.start(3);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  EXPECT_THAT(brokers_with_configs(), ElementsAre("1", "2", "3"));
}

}  // namespace
}  // namespace mq::core
