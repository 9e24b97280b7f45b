// SPDX-License-Identifier: Apache-2.0
// Consumers that say in which rack they are read from followers there (KIP-392).
#include <gtest/gtest.h>

#include "tests/core/support/cluster_model.h"

namespace mq::core {
namespace {

using PartitionAnswer = kafka::FetchResponse::PartitionData;

class Racks : public testing::Test {
 protected:
  static void stand(Config& config) { config.rack = "rack " + std::to_string(*config.node_id); }
  static std::string rack_of(BrokerId broker) { return "rack " + std::to_string(broker); }

  void SetUp() override {
    ASSERT_EQ(cluster.create("t", 1), Error::none);
    ASSERT_TRUE(cluster.run_until([&] {
      leader = cluster.leader(1, "t", 0);
      return leader > 0 && cluster.partition(leader, "t", 0) && cluster.partition(leader, "t", 0)->leads() &&
             cluster.state(leader, "t", 0).isr.size() == 3;
    }));
    follower = leader % 3 + 1;
  }
  void produce(const std::string& value) {
    const std::string records = batch(BatchOf{{value}});
    auto request = core::produce_request("t", 0, bytes_of(records));
    request.timeout_ms = 5'000;
    const auto answer = cluster.ask<kafka::ProduceResponse>(leader, request, 9);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->responses.at(0).partition_responses.at(0).error_code, 0);
  }
  PartitionAnswer fetch(BrokerId from, const std::string& rack, Offset offset, Epoch epoch = -1,
                        kafka::Version version = 12) {
    kafka::FetchRequest request;
    request.max_wait_ms = 500;
    request.min_bytes = 1;
    request.max_bytes = 1 << 20;
    request.rack_id = rack;
    auto& topic = request.topics.emplace_back();
    topic.topic = "t";
    auto& partition = topic.partitions.emplace_back();
    partition.fetch_offset = offset;
    partition.last_fetched_epoch = epoch;
    partition.partition_max_bytes = 1 << 20;
    const auto answer = cluster.ask<kafka::FetchResponse>(from, request, version);
    return answer ? answer->responses.at(0).partitions.at(0) : PartitionAnswer{};
  }
  // The follower has everything, and knows that it is committed.
  void even_out(Offset end) {
    ASSERT_TRUE(cluster.run_until([&] {
      return cluster.partition(follower, "t", 0)->high_watermark() == end &&
             cluster.partition(leader, "t", 0)->high_watermark() == end;
    }));
  }

  ClusterModel cluster{1, 3, stand};
  BrokerId leader = -1, follower = -1;
};

TEST_F(Racks, TheLeaderSendsAConsumerToTheFollowerInItsRack) {
  produce("v");
  even_out(1);
  const PartitionAnswer answer = fetch(leader, rack_of(follower), 0);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.preferred_read_replica, follower);
  EXPECT_TRUE(answer.records->bytes.empty());
  EXPECT_EQ(answer.high_watermark, 1);
}

TEST_F(Racks, TheFollowerAnswersUpToItsHighWatermark) {
  produce("v");
  even_out(1);
  const PartitionAnswer answer = fetch(follower, rack_of(follower), 0);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.preferred_read_replica, -1);
  EXPECT_FALSE(answer.records->bytes.empty());
  EXPECT_EQ(answer.high_watermark, 1);
  EXPECT_TRUE(fetch(follower, rack_of(follower), 1).records->bytes.empty()) << "waits, there is no more";
}

TEST_F(Racks, WhoIsWhereTheLeaderIsOrNobodyIsReadsFromTheLeader) {
  produce("v");
  for (const std::string& rack : {rack_of(leader), std::string("elsewhere"), std::string()}) {
    const PartitionAnswer answer = fetch(leader, rack, 0);
    EXPECT_EQ(answer.preferred_read_replica, -1) << rack;
    EXPECT_FALSE(answer.records->bytes.empty()) << rack;
  }
}

TEST_F(Racks, WhoSaysNoRackIsAnsweredByTheLeaderAlone) {
  EXPECT_EQ(fetch(follower, "", 0).error_code, code(Error::not_leader_or_follower));
  EXPECT_EQ(fetch(follower, rack_of(follower), 0, -1, 10).error_code, code(Error::not_leader_or_follower))
      << "before racks could be told";
}

TEST_F(Racks, AFollowerSendsBackToTheLeaderWhoeverAsksForWhatItLacks) {
  produce("v");
  even_out(1);
  const auto out_of_range = code(Error::offset_out_of_range);
  EXPECT_EQ(fetch(follower, rack_of(follower), 2).error_code, out_of_range);
  const Epoch epoch = cluster.partition(leader, "t", 0)->leader_epoch();
  EXPECT_EQ(fetch(follower, rack_of(follower), 1, epoch).error_code, 0);
  EXPECT_EQ(fetch(follower, rack_of(follower), 2, epoch).error_code, out_of_range);
  EXPECT_EQ(fetch(follower, rack_of(follower), 0, epoch + 1).error_code, out_of_range);
}

TEST_F(Racks, AFollowerThatLagsOrIsGoneIsNotPreferred) {
  produce("v");
  even_out(1);
  cluster.crash(follower);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.state(leader, "t", 0).isr.size() == 2; }));
  EXPECT_EQ(fetch(leader, rack_of(follower), 0).preferred_read_replica, -1);
}

TEST_F(Racks, AReaderAtAFollowerHearsOfWhatComes) {
  produce("v");
  even_out(1);
  kafka::FetchRequest request;
  request.max_wait_ms = 20'000;
  request.min_bytes = 1;
  request.max_bytes = 1 << 20;
  request.rack_id = rack_of(follower);
  request.topics.push_back({"t", {}, {{}}});
  request.topics[0].partitions[0].fetch_offset = 1;
  request.topics[0].partitions[0].partition_max_bytes = 1 << 20;
  const auto connection = cluster.connect(follower);
  ClusterModel::send(*connection, request, 12);
  produce("w");
  std::optional<std::vector<std::byte>> frame;
  ASSERT_TRUE(
      cluster.run_until([&] { return (frame = connection->take()).has_value(); }, std::chrono::seconds(5)));
  const auto answer = cluster.decoded<kafka::FetchResponse>(std::move(*frame), 12);
  EXPECT_FALSE(answer.responses.at(0).partitions.at(0).records->bytes.empty());
  EXPECT_EQ(answer.responses.at(0).partitions.at(0).high_watermark, 2);
}

}  // namespace
}  // namespace mq::core
