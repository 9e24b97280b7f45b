// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/catalog.h"

#include <gtest/gtest.h>

#include <random>

#include "core/metadata/entries.h"

namespace mq::core {
namespace {

constexpr BrokerId self = 4;

Uuid id_of(int number) {
  Uuid id{};
  id[0] = std::byte{0x40};
  id[14] = static_cast<std::byte>(number >> 8);
  id[15] = static_cast<std::byte>(number);
  return id;
}

// What a metadata store would hold.
class Entries {
 public:
  void topic(const std::string& name, int id, std::int32_t partitions) {
    put(topic_key(name), to_json(TopicEntry{id_of(id), partitions, 1}));
  }
  void config(const std::string& name, const ConfigMap& values) {
    put(config_key(topic_kind, name), config_to_json(values));
  }
  void put(const std::string& key, std::string value) {
    const MetadataEntry entry{std::move(value), ++revision_};
    all_[key] = entry;
    changed_[key] = entry;
  }
  void erase(const std::string& key) {
    revision_++;
    all_.erase(key);
    changed_[key] = std::nullopt;
  }
  MetadataUpdate whole() const {
    MetadataUpdate update{.revision = revision_, .whole = true};
    for (const auto& [key, entry] : all_) update.entries[key] = entry;
    return update;
  }
  MetadataUpdate changed() { return {revision_, false, std::exchange(changed_, {})}; }
  const std::map<std::string, MetadataEntry>& all() const { return all_; }

 private:
  Revision revision_ = 0;
  std::map<std::string, MetadataEntry> all_;
  std::map<std::string, std::optional<MetadataEntry>> changed_;
};

class CatalogTest : public testing::Test {
 protected:
  Catalog::Applied apply() { return catalog.apply(entries.changed()); }

  Entries entries;
  Catalog catalog{self};
};

TEST_F(CatalogTest, ATopicIsKnownByItsNameAndItsIdWhileItsEntryIsThere) {
  entries.topic("t", 1, 3);
  auto applied = apply();
  ASSERT_EQ(applied.topics.size(), 1u);
  EXPECT_FALSE(applied.topics[0].before);
  const TopicPtr topic = catalog.find("t");
  ASSERT_TRUE(topic);
  EXPECT_EQ(topic, applied.topics[0].after);
  EXPECT_EQ(topic, catalog.find(id_of(1)));
  EXPECT_EQ(topic->partitions, 3);
  EXPECT_TRUE(topic->has(2));
  EXPECT_FALSE(topic->has(3));
  EXPECT_FALSE(topic->has(-1));
  EXPECT_EQ(catalog.partition_count(), 3u);

  entries.erase(topic_key("t"));
  applied = apply();
  ASSERT_EQ(applied.topics.size(), 1u);
  EXPECT_EQ(applied.topics[0].before, topic);
  EXPECT_FALSE(applied.topics[0].after);
  EXPECT_FALSE(catalog.find("t"));
  EXPECT_FALSE(catalog.find(id_of(1)));
  EXPECT_EQ(catalog.partition_count(), 0u);
}

TEST_F(CatalogTest, AloneEveryPartitionIsLedByThisBroker) {
  entries.topic("t", 1, 3);
  apply();
  const PartitionState state = catalog.state(*catalog.find("t"), 2);
  EXPECT_EQ(state.leader, self);
  EXPECT_EQ(state.leader_epoch, 0);
  EXPECT_EQ(state.replicas, std::vector<BrokerId>{self});
  EXPECT_EQ(state.isr.size(), 1u);
}

TEST_F(CatalogTest, ConfigsComeInAnyOrderAndFallBackToTheBrokersDefaults) {
  catalog.set_defaults({.broker = {{"retention.ms", "5000"}}, .cluster = {}, .file = {}});
  entries.config("t", {{"segment.bytes", "1048576"}});
  apply();
  entries.topic("t", 1, 1);
  apply();
  EXPECT_EQ(catalog.find("t")->overrides, (Overrides{{"segment.bytes", "1048576"}}));
  EXPECT_EQ(catalog.find("t")->config.retention_ms, 5000);
  entries.config("t", {{"retention.ms", "7000"}});
  EXPECT_EQ(apply().topics.size(), 1u);
  EXPECT_EQ(catalog.find("t")->config.retention_ms, 7000);
  EXPECT_EQ(catalog.config(topic_kind, "t").size(), 1u);
  EXPECT_GT(catalog.config_version(topic_kind, "t"), 0);
  entries.erase(config_key(topic_kind, "t"));
  apply();
  EXPECT_TRUE(catalog.find("t")->overrides.empty());
  EXPECT_EQ(catalog.config_version(topic_kind, "t"), 0);
  catalog.set_defaults({.broker = {{"retention.ms", "9000"}}, .cluster = {}, .file = {}});
  EXPECT_EQ(catalog.refresh(catalog.find("t"))->config.retention_ms, 9000);
}

TEST_F(CatalogTest, OthersThanTopicsAreConfiguredToo) {
  entries.put(config_key(group_kind, "a/b"), config_to_json({{"x", "1"}}));
  entries.put(config_key(broker_kind, all_brokers), config_to_json({{"y", "2"}}));
  EXPECT_TRUE(apply().topics.empty());
  EXPECT_EQ(catalog.configured(group_kind), std::vector<std::string>{"a/b"});
  EXPECT_EQ(catalog.config(group_kind, "a/b"), (ConfigMap{{"x", "1"}}));
  EXPECT_EQ(catalog.config(broker_kind, all_brokers), (ConfigMap{{"y", "2"}}));
}

TEST_F(CatalogTest, NamesThatCountAsTheSameAreTwins) {
  entries.topic("a.b", 1, 1);
  apply();
  EXPECT_EQ(catalog.twin_of("a_b"), catalog.find("a.b"));
  EXPECT_FALSE(catalog.twin_of("a.b")) << "that is itself";
}

TEST_F(CatalogTest, ATopicMadeAnewWhileNobodyLookedIsAnother) {
  entries.topic("t", 1, 2);
  apply();
  entries.erase(topic_key("t"));
  entries.topic("t", 2, 5);
  const auto applied = apply();
  ASSERT_EQ(applied.topics.size(), 2u);
  EXPECT_EQ(applied.topics[0].before->id, id_of(1));
  EXPECT_FALSE(applied.topics[0].after);
  EXPECT_FALSE(applied.topics[1].before);
  EXPECT_EQ(applied.topics[1].after->id, id_of(2));
  EXPECT_FALSE(catalog.find(id_of(1)));
  EXPECT_EQ(catalog.partition_count(), 5u);
}

TEST_F(CatalogTest, WhatCannotBeReadIsToldAndChangesNothing) {
  entries.topic("t", 1, 2);
  apply();
  entries.put(topic_key("t"), "{\"v\":1,\"id\":");
  entries.put(config_key(topic_kind, "t"), "{\"v\":2,\"c\":{}}");
  const auto applied = apply();
  EXPECT_EQ(applied.damaged.size(), 2u);
  EXPECT_TRUE(applied.topics.empty());
  EXPECT_EQ(catalog.find("t")->partitions, 2);
}

TEST_F(CatalogTest, WhateverUpdatesCameTheImageIsThatOfTheStore) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&random](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  int made = 0;
  for (int step = 0; step < 2000; step++) {
    const std::string name = "t" + std::to_string(below(5));
    switch (below(5)) {
      case 0:
        entries.topic(name, ++made, 1 + below(4));
        break;
      case 1:
        entries.erase(topic_key(name));
        break;
      case 2:
        entries.config(name, {{"retention.ms", std::to_string(below(9))}});
        break;
      case 3:
        entries.erase(config_key(topic_kind, name));
        break;
      default:
        below(5) == 0 ? catalog.apply(entries.whole()) : apply();
    }
    if (step % 10 != 0) continue;
    apply();
    Catalog anew(self);
    anew.apply(entries.whole());
    ASSERT_EQ(catalog.all().size(), anew.all().size());
    EXPECT_EQ(catalog.partition_count(), anew.partition_count());
    for (const auto& [known, topic] : anew.all()) {
      const TopicPtr other = catalog.find(known);
      ASSERT_TRUE(other) << known;
      EXPECT_EQ(other->id, topic->id);
      EXPECT_EQ(other->partitions, topic->partitions);
      EXPECT_EQ(other->overrides, topic->overrides);
      EXPECT_EQ(other->version, topic->version);
      EXPECT_EQ(catalog.find(topic->id), other);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace mq::core
