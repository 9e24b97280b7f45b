// SPDX-License-Identifier: Apache-2.0
#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

class MetadataTest : public Conversation {};

// As Kafka 4.3 answers without an authorizer.
TEST_F(MetadataTest, SaysWhatMayBeDoneWhereItIsAsked) {
  constexpr std::int32_t of_topics = 0xdf8, of_cluster = 0x1fa0, of_groups = 0xd48;
  create("t");
  kafka::MetadataRequest metadata;
  metadata.topics.emplace().emplace_back().name = "t";
  metadata.include_topic_authorized_operations = metadata.include_cluster_authorized_operations = true;
  const auto described = wire->call<kafka::MetadataResponse>(metadata, 9);
  EXPECT_EQ(described.topics.at(0).topic_authorized_operations, of_topics);
  EXPECT_EQ(described.cluster_authorized_operations, of_cluster);
  const auto cluster = wire->call<kafka::DescribeClusterResponse>(kafka::DescribeClusterRequest{true}, 1);
  EXPECT_EQ(cluster.cluster_authorized_operations, of_cluster);
  kafka::DescribeTopicPartitionsRequest partitions;
  partitions.topics = {{"t"}};
  EXPECT_EQ(wire->call<kafka::DescribeTopicPartitionsResponse>(partitions, 0)
                .topics.at(0)
                .topic_authorized_operations,
            of_topics);
  const kafka::DescribeGroupsRequest groups{{"g"}, true};
  EXPECT_EQ(wire->call<kafka::DescribeGroupsResponse>(groups, 5).groups.at(0).authorized_operations,
            of_groups);
}

}  // namespace
}  // namespace mq::core
