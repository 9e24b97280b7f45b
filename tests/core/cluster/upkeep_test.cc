// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/upkeep.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/metadata/internal_topic.h"

namespace mq::core {
namespace {

class UpkeepTest : public testing::Test {
 protected:
  static Uuid id_of(std::string_view topic) {
    Uuid id{};
    id[0] = std::byte{0x40};
    id[15] = static_cast<std::byte>(topic.size());
    return id;
  }
  void broker(BrokerId id, std::string rack = "", LiveEntry::Status status = LiveEntry::Status::running) {
    LiveEntry entry;
    entry.epoch = 10 + id;
    entry.status = status;
    entry.rack = std::move(rack);
    put(live_key(id), to_json(entry));
  }
  void topic(std::string_view name, std::vector<std::vector<BrokerId>> partitions) {
    put(topic_key(name), to_json(TopicEntry{id_of(name), static_cast<std::int32_t>(partitions.size()), 1}));
    for (std::size_t i = 0; i < partitions.size(); i++)
      partition(name, static_cast<std::int32_t>(i), initial_state(partitions[i], 1, catalog.registrations()));
  }
  void partition(std::string_view topic, std::int32_t index, const PartitionState& state) {
    put(partition_key(id_of(topic), index), to_json(state));
  }
  void put(const std::string& key, std::string value) {
    MetadataUpdate update{.revision = ++revision};
    update.entries[key] = MetadataEntry{std::move(value), revision};
    catalog.apply(update);
  }
  std::vector<std::vector<BrokerId>> due() const {
    std::vector<std::vector<BrokerId>> replicas;
    for (const WantedReplicas& wanted : due_internal_replicas(catalog)) replicas.push_back(wanted.replicas);
    return replicas;
  }

  Catalog catalog{1, Catalog::Mode::member};
  Revision revision = 0;
};

using Replicas = std::vector<std::vector<BrokerId>>;

TEST_F(UpkeepTest, AnInternalTopicGetsReplicasWhenThereAreBrokersForThem) {
  broker(1);
  topic(offsets_topic, {{1}, {1}, {1}});
  EXPECT_EQ(due(), Replicas{});
  broker(2);
  EXPECT_EQ(due(), (Replicas{{1, 2}, {2, 1}, {1, 2}}));
  broker(3);
  broker(4);
  const Replicas replicas = due();
  ASSERT_EQ(replicas.size(), 3u);
  std::set<BrokerId> leaders;
  for (const auto& one : replicas) {
    EXPECT_EQ(one.size(), 3u);
    EXPECT_EQ(std::ranges::count(one, 1), 1) << "whoever has it keeps it";
    leaders.insert(one.front());
  }
  EXPECT_EQ(leaders.size(), 3u) << "led by each alike";
}

TEST_F(UpkeepTest, TopicsOfOthersAreTheirOwnAffair) {
  broker(1);
  broker(2);
  topic("orders", {{1}});
  EXPECT_EQ(due(), Replicas{});
}

TEST_F(UpkeepTest, OnlyBrokersThatRunAndAreToStayGetThem) {
  broker(1);
  broker(2, "", LiveEntry::Status::starting);
  broker(3);
  topic(transactions_topic, {{1}});
  put(config_key(broker_kind, "3"), config_to_json({{"broker.intent", "decommission"}}));
  EXPECT_EQ(due(), Replicas{});
  put(config_key(broker_kind, "3"), config_to_json({{"broker.intent", "drain"}}));
  EXPECT_EQ(due(), (Replicas{{1, 3}}));
}

TEST_F(UpkeepTest, OtherRacksComeFirst) {
  broker(1, "a");
  broker(2, "a");
  broker(3, "a");
  broker(4, "b");
  topic(offsets_topic, {{1, 2}});
  EXPECT_EQ(due(), (Replicas{{1, 2, 4}}));
}

TEST_F(UpkeepTest, WhatMovesIsLeftAlone) {
  broker(1);
  broker(2);
  topic(offsets_topic, {{1}});
  EXPECT_FALSE(anything_moves(catalog));
  partition(offsets_topic, 0, reassign(initial_state({1}, 1, catalog.registrations()), {2}));
  EXPECT_TRUE(anything_moves(catalog));
  EXPECT_EQ(due(), Replicas{});
}

TEST_F(UpkeepTest, ALimitIsFoundWhereverItWasSet) {
  put(config_key(broker_kind, all_brokers), config_to_json({{"leader.replication.throttled.rate", "1000"}}));
  put(config_key(broker_kind, "2"), config_to_json({{"log.retention.ms", "1000"}}));
  put(config_key(broker_kind, "3"), config_to_json({{"leader.replication.throttled.rate", "0"}}));
  EXPECT_EQ(with_replication_rate(catalog), (std::vector<std::string>{"3", "default"}));
}

TEST_F(UpkeepTest, WhatIsWantedOfABrokerIsKnownFromItsConfiguration) {
  EXPECT_EQ(catalog.intent(2), BrokerIntent::serve);
  put(config_key(broker_kind, "2"), config_to_json({{"broker.intent", "drain"}}));
  put(config_key(broker_kind, "3"), config_to_json({{"broker.intent", "decommission"}}));
  put(config_key(broker_kind, "4"), config_to_json({{"broker.intent", "serve"}}));
  EXPECT_EQ(catalog.intent(2), BrokerIntent::drain);
  EXPECT_EQ(catalog.not_to_lead(), (std::set<BrokerId>{2, 3}));
}

}  // namespace
}  // namespace mq::core
