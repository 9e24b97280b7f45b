// SPDX-License-Identifier: Apache-2.0
// Conversations about brokers themselves: who keeps the metadata, what they support, which is one no more.
#include <gmock/gmock.h>

#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using testing::HasSubstr;

class BrokersTest : public Conversation {
 protected:
  kafka::DescribeQuorumResponse quorum(std::vector<std::pair<std::string, std::int32_t>> partitions) {
    kafka::DescribeQuorumRequest request;
    for (const auto& [topic, index] : partitions) request.topics.push_back({topic, {{index}}});
    return wire->call<kafka::DescribeQuorumResponse>(request, 2);
  }
  kafka::UpdateFeaturesResponse update(std::string feature, std::int16_t level, std::int8_t type = 1,
                                       kafka::Version version = 1) {
    kafka::UpdateFeaturesRequest request;
    request.feature_updates.push_back({std::move(feature), level, version == 0 && type > 1, type});
    return wire->call<kafka::UpdateFeaturesResponse>(request, version);
  }
};

TEST_F(BrokersTest, ABrokerAloneIsItsOwnQuorum) {
  const auto answer = quorum({{"__cluster_metadata", 0}});
  EXPECT_EQ(answer.error_code, 0);
  const auto& partition = answer.topics.at(0).partitions.at(0);
  EXPECT_EQ(partition.error_code, 0);
  ASSERT_EQ(partition.current_voters.size(), 1u);
  const auto& voter = partition.current_voters[0];
  EXPECT_EQ(partition.leader_id, voter.replica_id);
  EXPECT_EQ(voter.log_end_offset, partition.high_watermark);
  EXPECT_NE(voter.replica_directory_id, kafka::Uuid{});
  EXPECT_EQ(answer.nodes.at(0).node_id, voter.replica_id);
  EXPECT_EQ(answer.nodes.at(0).listeners.size(), 1u);
}

TEST_F(BrokersTest, AQuorumGoesOnWithEveryChangeOfTheMetadata) {
  const auto before = quorum({{"__cluster_metadata", 0}}).topics.at(0).partitions.at(0).high_watermark;
  create("t");
  EXPECT_GT(quorum({{"__cluster_metadata", 0}}).topics.at(0).partitions.at(0).high_watermark, before);
}

TEST_F(BrokersTest, OnlyTheMetadataHasAQuorumAndItIsAskedForAlone) {
  const auto unknown = code(Error::unknown_topic_or_partition);
  EXPECT_EQ(quorum({{"t", 0}}).topics.at(0).partitions.at(0).error_code, unknown);
  EXPECT_EQ(quorum({{"__cluster_metadata", 1}}).topics.at(0).partitions.at(0).error_code, unknown);
  const auto twice = quorum({{"__cluster_metadata", 0}, {"__cluster_metadata", 0}});
  EXPECT_EQ(twice.topics.at(0).partitions.at(0).error_code, unknown);
}

TEST_F(BrokersTest, AFeatureCanBeSetToWhatItIs) {
  EXPECT_EQ(update("group.version", 1).error_code, 0);
  EXPECT_EQ(update("transaction.version", 2).error_code, 0);
  EXPECT_EQ(update("transaction.version", 2, 1, 0).results.at(0).error_code, 0);
  EXPECT_EQ(wire->call<kafka::UpdateFeaturesResponse>(kafka::UpdateFeaturesRequest{}, 2).error_code, 0);
}

TEST_F(BrokersTest, AFeatureThatWouldBeAnotherIsRefusedWithAllOfItsRequest) {
  const auto unknown = update("metadata.version", 7);
  EXPECT_EQ(unknown.error_code, code(Error::invalid_update_version));
  EXPECT_THAT(*unknown.error_message, HasSubstr("metadata.version"));
  EXPECT_EQ(unknown.results.at(0).error_code, code(Error::invalid_update_version));
  EXPECT_EQ(update("group.version", 2).error_code, code(Error::invalid_update_version));
  EXPECT_EQ(update("group.version", -1).error_code, code(Error::invalid_update_version));
  EXPECT_EQ(update("group.version", 0).error_code, code(Error::invalid_update_version)) << "no upgrade";
  EXPECT_EQ(update("group.version", 0, 2).error_code, code(Error::feature_update_failed));
  EXPECT_EQ(update("group.version", 0, 2, 0).error_code, code(Error::feature_update_failed));
  EXPECT_EQ(update("group.version", 1, 4).error_code, code(Error::invalid_request));
}

TEST_F(BrokersTest, ABrokerAloneForgetsNobody) {
  const auto forget = [&](std::int32_t id) {
    return wire->call<kafka::UnregisterBrokerResponse>(kafka::UnregisterBrokerRequest{id}, 0).error_code;
  };
  const auto self = quorum({{"__cluster_metadata", 0}}).topics.at(0).partitions.at(0).leader_id;
  EXPECT_EQ(forget(self), code(Error::duplicate_broker_registration));
  EXPECT_EQ(forget(self + 1), code(Error::broker_id_not_registered));
}

}  // namespace
}  // namespace mq::core
