// SPDX-License-Identifier: Apache-2.0
#include "core/admin/health.h"

#include <gmock/gmock.h>

#include "core/admin/rows.h"

namespace mq::admin {
namespace {

using testing::ElementsAre;
using Brokers = std::vector<core::BrokerId>;
using What = Problem::What;

// Three brokers, of which 1 is the controller.
kafka::MetadataResponse three_brokers() {
  kafka::MetadataResponse metadata;
  metadata.controller_id = 1;
  for (const core::BrokerId id : {1, 2, 3}) metadata.brokers.emplace_back().node_id = id;
  metadata.topics.emplace_back().name = "logs";
  return metadata;
}

void stop(kafka::MetadataResponse& metadata, core::BrokerId broker) {
  std::erase_if(metadata.brokers, [&](const auto& one) { return one.node_id == broker; });
}

void add(kafka::MetadataResponse& metadata, core::BrokerId leader, Brokers replicas, Brokers in_sync) {
  auto& partitions = metadata.topics[0].partitions;
  auto& partition = partitions.emplace_back();
  partition.partition_index = static_cast<std::int32_t>(partitions.size() - 1);
  partition.leader_id = leader;
  partition.replica_nodes = std::move(replicas);
  partition.isr_nodes = std::move(in_sync);
}

core::TopicPartition logs(std::int32_t partition) {
  return {"logs", partition};
}

TEST(Health, NothingIsWrongWhenThePreferredReplicasLeadAndAllAreInSync) {
  auto metadata = three_brokers();
  add(metadata, 1, {1, 2, 3}, {3, 1, 2});
  add(metadata, 2, {2}, {2});
  const Health health = health_of(metadata);
  EXPECT_TRUE(health.problems.empty());
  EXPECT_TRUE(health.good());
  EXPECT_EQ(health.partitions, 2u);
}

TEST(Health, APartitionWithoutLeaderIsCriticalAndNamesTheBrokersThatAreDown) {
  auto metadata = three_brokers();
  stop(metadata, 3);
  add(metadata, -1, {3}, {3});
  add(metadata, 1, {1, 2}, {1, 2});
  add(metadata, -1, {3}, {3});
  const Health health = health_of(metadata);
  ASSERT_EQ(health.problems.size(), 1u);
  EXPECT_EQ(health.problems[0].what, What::no_leader);
  EXPECT_THAT(health.problems[0].partitions, ElementsAre(logs(0), logs(2)));
  EXPECT_THAT(health.problems[0].brokers, ElementsAre(3));
  EXPECT_EQ(health.critical(), 1u);
  EXPECT_FALSE(health.good());
}

TEST(Health, WithoutLeaderCountsOnceAndNotAsUnderReplicated) {
  auto metadata = three_brokers();
  add(metadata, -1, {1, 2, 3}, {});
  const Health health = health_of(metadata);
  ASSERT_EQ(health.problems.size(), 1u);
  EXPECT_TRUE(health.problems[0].brokers.empty());  // all of them run
}

TEST(Health, ALeaderThatDoesNotRunIsNone) {
  auto metadata = three_brokers();
  stop(metadata, 3);
  add(metadata, 3, {3, 1, 2}, {1, 2, 3});
  const Health health = health_of(metadata);
  EXPECT_EQ(health.critical(), 1u);
  EXPECT_THAT(health.problems[0].brokers, ElementsAre(3));
}

TEST(Health, UnderReplicatedPartitionsAreToldByTheBrokersThatLack) {
  auto metadata = three_brokers();
  stop(metadata, 3);
  add(metadata, 1, {1, 3}, {1});
  add(metadata, 1, {1, 2}, {1});
  add(metadata, 2, {3, 2}, {2});
  const Health health = health_of(metadata);
  ASSERT_EQ(health.problems.size(), 2u);
  EXPECT_THAT(health.problems[0].brokers, ElementsAre(2));
  EXPECT_TRUE(health.problems[0].down.empty());
  EXPECT_THAT(health.problems[1].partitions, ElementsAre(logs(0), logs(2)));
  EXPECT_THAT(health.problems[1].down, ElementsAre(3));
  EXPECT_EQ(health.warnings(), 2u);
  EXPECT_FALSE(health.good());
}

TEST(Health, ALeaderThatIsNotPreferredIsAWarningAndNoIllness) {
  auto metadata = three_brokers();
  add(metadata, 2, {1, 2}, {1, 2});
  const Health health = health_of(metadata);
  ASSERT_EQ(health.problems.size(), 1u);
  EXPECT_EQ(health.problems[0].what, What::leader_not_preferred);
  EXPECT_TRUE(health.good());
}

TEST(Health, APreferredReplicaThatIsDrainedIsNotMissedAsLeader) {
  auto metadata = three_brokers();
  add(metadata, 2, {1, 2}, {1, 2});
  EXPECT_TRUE(health_of(metadata, {1}).problems.empty());
  EXPECT_EQ(health_of(metadata, {2}).problems.size(), 1u);
}

TEST(Health, AControllerThatIsNoneOfTheBrokersIsNone) {
  for (const core::BrokerId controller : {-1, 3}) {
    auto metadata = three_brokers();
    stop(metadata, 3);
    metadata.controller_id = controller;
    const Health health = health_of(metadata);
    ASSERT_EQ(health.problems.size(), 1u);
    EXPECT_EQ(health.problems[0].what, What::no_controller);
    EXPECT_EQ(health.critical(), 1u);
  }
}

TEST(Health, AsARowItNamesEveryPartition) {
  auto metadata = three_brokers();
  stop(metadata, 3);
  add(metadata, 1, {1, 3}, {1});
  EXPECT_EQ(json::serialize(row_of(health_of(metadata))),
            R"({"state":"unhealthy","critical":0,"warnings":1,"brokers":2,"topics":1,"partitions":1,)"
            R"("problems":[{"severity":"warning","problem":"under_replicated",)"
            R"("partitions":[{"topic":"logs","partition":0}],"brokers":[3],"down":[3]}]})");
}

}  // namespace
}  // namespace mq::admin
