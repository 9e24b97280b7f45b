// SPDX-License-Identifier: Apache-2.0
#include "core/admin/cluster_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace mq::admin {

namespace {

using core::BrokerId;
using core::BrokerIntent;
using testing::ElementsAre;

// Three brokers with a partition each, and t[1] moves from 1 to 3.
ClusterLayout layout() {
  ClusterLayout layout;
  layout.brokers[1] = {.rack = "a", .runs = true, .disk_bytes = 1000, .used_bytes = 500};
  layout.brokers[2] = {.rack = "b", .runs = true, .intent = BrokerIntent::drain};
  layout.brokers[3] = {.rack = "b", .runs = true, .disk_bytes = 1000, .used_bytes = 100};
  layout.brokers[4] = {.runs = false, .intent = BrokerIntent::decommission};
  layout.partitions.push_back({{"t", 0}, 1, {1, 2}, {1, 2}, {}, {}, {{1, 100}, {2, 90}}});
  layout.partitions.push_back({{"t", 1}, 1, {3, 2, 1}, {1, 2}, {3}, {1}, {{1, 200}, {2, 200}, {3, 50}}});
  return layout;
}

TEST(ClusterLayout, WhatIsToGoOrIsExcludedIsToHoldNothing) {
  const auto brokers = brokers_to_balance(layout(), {1});
  ASSERT_EQ(brokers.size(), 4u);
  EXPECT_TRUE(brokers[0].excluded);
  EXPECT_FALSE(brokers[1].excluded);
  EXPECT_FALSE(brokers[1].leads) << "it is drained";
  EXPECT_TRUE(brokers[2].leads);
  EXPECT_TRUE(brokers[3].excluded);
  EXPECT_FALSE(brokers[3].runs);
}

TEST(ClusterLayout, WhatIsStillBeingCopiedTakesItsRoom) {
  const auto brokers = brokers_to_balance(layout(), {});
  EXPECT_EQ(brokers[0].used_bytes, 500);
  EXPECT_EQ(brokers[2].used_bytes, 100 + 150);
}

TEST(ClusterLayout, WhatMovesStaysOnItsWay) {
  const auto partitions = partitions_to_balance(layout(), [](const auto&) { return true; });
  ASSERT_EQ(partitions.size(), 2u);
  EXPECT_FALSE(partitions[0].stays);
  EXPECT_EQ(partitions[0].bytes, 100) << "the leader's";
  EXPECT_TRUE(partitions[1].stays);
  EXPECT_THAT(partitions[1].replicas, ElementsAre(3, 2));
  const auto none = partitions_to_balance(layout(), [](const auto&) { return false; });
  EXPECT_TRUE(none[0].stays);
}

TEST(ClusterLayout, ReplicasAreAsLargeAsTheLeaderOrTheLargestThereIs) {
  ClusterLayout::Partition partition{{"t", 0}, 1, {1, 2}, {}, {}, {}, {{1, 70}, {2, 90}}};
  EXPECT_EQ(partition.size(), 70);
  EXPECT_EQ(partition.bytes_on(2), 70) << "what compaction left behind is no progress";
  EXPECT_EQ(partition.bytes_on(3), 0);
  partition.leader = 5;
  EXPECT_EQ(partition.size(), 90);
}

TEST(ClusterLayout, TheBusiestLeaderDecidesHowLongItTakes) {
  BalancePlan plan;
  plan.moves.push_back({{"t", 0}, {1, 2}, {3, 2}, 100});
  plan.moves.push_back({{"t", 1}, {1, 2}, {3, 4}, 200});
  EXPECT_EQ(seconds_to_copy(layout(), plan, 100), 5);
  EXPECT_EQ(seconds_to_copy(layout(), plan, 1000), 1);
  EXPECT_EQ(seconds_to_copy(layout(), plan, 0), 0) << "paused: for ever";
}

TEST(ClusterLayout, WhatIsWantedOfABrokerIsOneOfItsConfigs) {
  const auto drain = to_set_intent(2, BrokerIntent::drain);
  ASSERT_EQ(drain.resources.size(), 1u);
  EXPECT_EQ(drain.resources[0].resource_name, "2");
  EXPECT_EQ(drain.resources[0].configs[0].name, "broker.intent");
  EXPECT_EQ(drain.resources[0].configs[0].value, "drain");
  EXPECT_EQ(to_set_intent(2, BrokerIntent::serve).resources[0].configs[0].value, std::nullopt);
  const auto limit = to_set_rate(1000);
  EXPECT_EQ(limit.resources[0].resource_name, "");
  EXPECT_EQ(limit.resources[0].configs[0].value, "1000");
}

}  // namespace

}  // namespace mq::admin
