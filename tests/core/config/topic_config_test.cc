// SPDX-License-Identifier: Apache-2.0
#include "core/config/topic_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/broker_config.h"

namespace mq::core {
namespace {

using testing::HasSubstr;

const TopicConfigKey& key(std::string_view name) {
  const TopicConfigKey* found = find_topic_config(name);
  if (!found) throw std::runtime_error("no topic config " + std::string(name));
  return *found;
}

bool valid(std::string_view name, std::string_view value) {
  return !validate(key(name), value);
}

TEST(TopicConfigKeys, AreSortedDocumentedAndHaveValidDefaults) {
  std::string_view before;
  for (const TopicConfigKey& each : topic_config_keys()) {
    EXPECT_LT(before, each.name);
    before = each.name;
    EXPECT_FALSE(validate(each, each.default_value)) << each.name;
    EXPECT_TRUE(each.documentation.ends_with('.')) << each.name;
    EXPECT_EQ(find_topic_config(each.name), &each);
  }
}

TEST(TopicConfigKeys, AreUnknownByOtherNamesAndTheProbableOneIsSuggested) {
  EXPECT_EQ(find_topic_config("retention"), nullptr);
  EXPECT_EQ(suggest_topic_config("retention.mss"), "retention.ms");
  EXPECT_EQ(suggest_topic_config("log.retention.hours"), "retention.ms");
  EXPECT_EQ(suggest_topic_config("colour"), "");
}

TEST(TopicConfigKeys, RefuseWrongValuesNamingKeyAndValue) {
  EXPECT_EQ(validate(key("retention.ms"), "soon"),
            "Invalid value for retention.ms: \"soon\" is not a whole number");
  EXPECT_THAT(*validate(key("cleanup.policy"), "compact,shrink"),
              HasSubstr("\"shrink\" is none of compact,delete"));
  EXPECT_FALSE(valid("retention.ms", "-2"));
  EXPECT_FALSE(valid("min.insync.replicas", "0"));
  EXPECT_FALSE(valid("max.message.bytes", "2147483648"));
  EXPECT_FALSE(valid("compression.type", "GZIP"));
  EXPECT_FALSE(valid("compression.gzip.level", "0"));
  EXPECT_FALSE(valid("min.cleanable.dirty.ratio", "1.1"));
  EXPECT_FALSE(valid("min.cleanable.dirty.ratio", "nan"));
  EXPECT_FALSE(valid("preallocate", "1"));
  EXPECT_FALSE(valid("leader.replication.throttled.replicas", "0:1,2"));
  EXPECT_FALSE(valid("retention.ms", "7d"));
}

TEST(TopicConfigKeys, AcceptWhatKafkaAccepts) {
  EXPECT_TRUE(valid("retention.ms", " -1 "));
  EXPECT_TRUE(valid("cleanup.policy", ""));
  EXPECT_TRUE(valid("cleanup.policy", "delete, compact"));
  EXPECT_TRUE(valid("preallocate", "TRUE"));
  EXPECT_TRUE(valid("compression.zstd.level", "-131072"));
  EXPECT_TRUE(valid("follower.replication.throttled.replicas", "*"));
  EXPECT_TRUE(valid("follower.replication.throttled.replicas", "0:1,1:2"));
  EXPECT_TRUE(valid("segment.bytes", "10000"));
  EXPECT_TRUE(valid("remote.storage.enable", "False"));
  EXPECT_FALSE(valid("remote.storage.enable", "true")) << "there is nothing to tier to";
  EXPECT_TRUE(valid("flush.ms", "9223372036854775807"));
}

TEST(TopicConfigKeys, TakeUnitsFromPeopleAndGiveThemBack) {
  EXPECT_EQ(*to_wire(key("retention.ms"), "7d"), "604800000");
  EXPECT_EQ(*to_wire(key("retention.ms"), "604800000"), "604800000");
  EXPECT_EQ(*to_wire(key("retention.ms"), "inf"), "-1");
  EXPECT_EQ(*to_wire(key("flush.ms"), "inf"), "9223372036854775807");
  EXPECT_EQ(*to_wire(key("max.message.bytes"), "2M"), "2097152");
  EXPECT_EQ(*to_wire(key("preallocate"), "yes"), "true");
  EXPECT_EQ(*to_wire(key("cleanup.policy"), " compact "), "compact");
  EXPECT_FALSE(to_wire(key("max.message.bytes"), "2GiB"));
  EXPECT_FALSE(to_wire(key("retention.ms"), "7x"));
  EXPECT_EQ(to_human(key("retention.ms"), "604800000"), "7d");
  EXPECT_EQ(to_human(key("retention.ms"), "-1"), "inf");
  EXPECT_EQ(to_human(key("max.message.bytes"), "2097152"), "2MiB");
  for (const TopicConfigKey& each : topic_config_keys())
    EXPECT_EQ(*to_wire(each, to_human(each, each.default_value)), each.default_value) << each.name;
}

TEST(TopicConfigLists, AppendWithoutRepeatingAndSubtractAll) {
  EXPECT_EQ(list_append("delete", "compact,delete"), "delete,compact");
  EXPECT_EQ(list_append("", "compact"), "compact");
  EXPECT_EQ(list_subtract("delete,compact", " delete"), "compact");
  EXPECT_EQ(list_subtract("delete", "delete"), "");
}

TEST(TopicConfig, WithoutAnythingSetIsKafkasDefault) {
  EXPECT_EQ(TopicConfig::from({}, {}), TopicConfig{});
}

TEST(TopicConfig, TakesTheStrongestValue) {
  TopicDefaults defaults;
  defaults.file["retention.ms"] = "1000";
  EXPECT_EQ(TopicConfig::from({}, defaults).retention_ms, 1000);
  defaults.cluster["retention.ms"] = "2000";
  EXPECT_EQ(TopicConfig::from({}, defaults).retention_ms, 2000);
  defaults.broker["retention.ms"] = "3000";
  EXPECT_EQ(TopicConfig::from({}, defaults).retention_ms, 3000);
  EXPECT_EQ(TopicConfig::from({{"retention.ms", "4000"}}, defaults).retention_ms, 4000);
}

TEST(TopicConfig, IsParsedOnce) {
  const ConfigMap overrides{{"cleanup.policy", "compact"},
                            {"compression.type", "zstd"},
                            {"compression.zstd.level", "7"},
                            {"message.timestamp.type", "LogAppendTime"},
                            {"min.insync.replicas", "2"},
                            {"retention.bytes", "-100"},
                            {"unclean.leader.election.enable", "True"}};
  const TopicConfig config = TopicConfig::from(overrides, {});
  EXPECT_TRUE(config.compacts);
  EXPECT_FALSE(config.deletes);
  EXPECT_EQ(config.compression, CompressionType::zstd);
  EXPECT_EQ(config.compression_level, 7);
  EXPECT_EQ(config.timestamp_type, TimestampType::log_append_time);
  EXPECT_EQ(config.insync_replicas_min, 2);
  EXPECT_EQ(config.retention_bytes, -1);
  EXPECT_TRUE(config.unclean_leader_election);
}

TEST(TopicConfig, CountsAStoredValueThatDoesNotParseAsNotThere) {
  TopicDefaults defaults;
  defaults.file["min.insync.replicas"] = "3";
  EXPECT_EQ(TopicConfig::from({{"min.insync.replicas", "many"}}, defaults).insync_replicas_min, 3);
}

TEST(TopicConfig, TheLargerHalfOfTheReplicasMustBeInSyncUnlessSomebodySaysOtherwise) {
  const TopicConfig unsaid = TopicConfig::from({}, {});
  for (const auto& [replicas, wanted] : {std::pair{1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 3}})
    EXPECT_EQ(insync_replicas_min(unsaid, replicas), wanted) << replicas;
  EXPECT_EQ(insync_replicas_min(TopicConfig::from({{"min.insync.replicas", "1"}}, {}), 3), 1);
}

TEST(DescribeTopicConfig, ShowsTheDefaultUnderTheNameThatCarriesIt) {
  const ConfigEntry entry = describe_topic_config(key("retention.ms"), {}, {});
  EXPECT_EQ(entry.value, "604800000");
  EXPECT_EQ(entry.source, ConfigSource::default_value);
  EXPECT_EQ(entry.type, ConfigType::int64);
  ASSERT_EQ(entry.synonyms.size(), 1u);
  EXPECT_EQ(entry.synonyms[0].name, "log.retention.hours");
  EXPECT_EQ(entry.synonyms[0].value, "168");
}

TEST(DescribeTopicConfig, ListsEverySourceStrongestFirst) {
  TopicDefaults defaults;
  defaults.file["max.message.bytes"] = "1";
  defaults.cluster["max.message.bytes"] = "2";
  defaults.broker["max.message.bytes"] = "3";
  const ConfigEntry entry =
      describe_topic_config(key("max.message.bytes"), {{"max.message.bytes", "4"}}, defaults);
  EXPECT_EQ(entry.value, "4");
  EXPECT_EQ(entry.source, ConfigSource::topic);
  std::vector<std::string> seen;
  for (const ConfigSynonym& synonym : entry.synonyms)
    seen.push_back(synonym.name + "=" + synonym.value + "/" +
                   std::to_string(static_cast<int>(synonym.source)));
  EXPECT_THAT(seen,
              testing::ElementsAre("max.message.bytes=4/1", "message.max.bytes=3/2", "message.max.bytes=2/3",
                                   "message.max.bytes=1/4", "message.max.bytes=1048588/5"));
}

TEST(BrokerConfig, HasEachNameOnceAValueAndADocumentation) {
  const auto entries = describe_broker(Config{}, 7, {});
  std::string before;
  for (const ConfigEntry& entry : entries) {
    EXPECT_LT(before, entry.name);
    before = entry.name;
    EXPECT_TRUE(entry.documentation.ends_with('.')) << entry.name;
    EXPECT_EQ(entry.read_only, validate_dynamic(entry.name, *entry.value).has_value()) << entry.name;
    EXPECT_TRUE(is_broker_config(entry.name));
  }
  EXPECT_GT(entries.size(), 90u);
}

const ConfigEntry& find(const std::vector<ConfigEntry>& entries, std::string_view name) {
  for (const ConfigEntry& entry : entries)
    if (entry.name == name) return entry;
  throw std::runtime_error("no entry " + std::string(name));
}

TEST(BrokerConfig, HasEveryNameThatTheSettingsClaim) {
  const auto entries = describe_broker(Config{}, 7, {});
  for (const Setting& setting : settings()) {
    if (setting.kafka.empty()) continue;
    EXPECT_NO_THROW(find(entries, setting.kafka)) << setting.key;
  }
}

TEST(BrokerConfig, ShowsSettingsUnderKafkasNames) {
  Config config;
  config.default_partitions = 6;
  config.origins["topics.default_partitions"] = "--set topics.default_partitions";
  config.listeners = {{"inside", {"10.0.0.1", 9092}, {}},
                      {"outside", {"", 9093}, Address{"mq.example.net", 443}}};
  const auto entries = describe_broker(config, 7, {});
  EXPECT_EQ(find(entries, "node.id").value, "7");
  EXPECT_EQ(find(entries, "broker.id").value, "7");
  EXPECT_EQ(find(entries, "num.partitions").value, "6");
  EXPECT_EQ(find(entries, "num.partitions").source, ConfigSource::static_broker);
  EXPECT_EQ(find(entries, "listeners").value, "INSIDE://10.0.0.1:9092,OUTSIDE://:9093");
  EXPECT_EQ(find(entries, "advertised.listeners").value,
            "INSIDE://10.0.0.1:9092,OUTSIDE://mq.example.net:443");
  EXPECT_EQ(find(entries, "listener.security.protocol.map").value, "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT");
  EXPECT_EQ(find(entries, "log.retention.hours").value, "168");
  EXPECT_EQ(find(entries, "max.connections.per.ip").source, ConfigSource::default_value);
}

TEST(BrokerConfig, AlteredDefaultsReachTopicsUnderTheirOwnNames) {
  DynamicConfigs dynamic;
  dynamic.broker["log.retention.ms"] = "5000";
  dynamic.cluster["message.max.bytes"] = "2000";
  const TopicDefaults defaults = topic_defaults(Config{}, dynamic);
  const TopicConfig topic = TopicConfig::from({}, defaults);
  EXPECT_EQ(topic.retention_ms, 5000);
  EXPECT_EQ(topic.message_bytes_max, 2000);

  const auto entries = describe_broker(Config{}, 7, dynamic);
  EXPECT_EQ(find(entries, "log.retention.ms").source, ConfigSource::dynamic_broker);
  EXPECT_EQ(find(entries, "log.retention.hours").value, std::nullopt);
  const auto cluster = describe_cluster_default(dynamic);
  ASSERT_EQ(cluster.size(), 1u);
  EXPECT_EQ(cluster[0].name, "message.max.bytes");
  EXPECT_FALSE(cluster[0].read_only);
}

TEST(BrokerConfig, WhatIsWantedOfABrokerIsOneOfThreeWords) {
  for (const char* word : {"serve", "drain", "decommission"})
    EXPECT_EQ(validate_dynamic("broker.intent", word), std::nullopt) << word;
  EXPECT_THAT(*validate_dynamic("broker.intent", "leave"), HasSubstr("not serve, drain or decommission"));
  EXPECT_EQ(intent_of({}), BrokerIntent::serve);
  EXPECT_EQ(intent_of({{"broker.intent", "drain"}}), BrokerIntent::drain);
  const auto of_another = describe_other_broker({{"broker.intent", "drain"}});
  ASSERT_EQ(of_another.size(), 1u);
  EXPECT_EQ(of_another[0].value, "drain");
  EXPECT_EQ(of_another[0].source, ConfigSource::dynamic_broker);
}

TEST(BrokerConfig, OnlyDefaultsOfTopicsCanBeAlteredAndWhatHasNoEffect) {
  EXPECT_EQ(validate_dynamic("log.retention.ms", "1000"), std::nullopt);
  EXPECT_THAT(*validate_dynamic("log.retention.ms", "x"), HasSubstr("log.retention.ms: Invalid value"));
  EXPECT_EQ(*validate_dynamic("num.partitions", "3"),
            "Cannot alter num.partitions while the broker runs; mq.yaml has it as topics.default_partitions");
  EXPECT_FALSE(is_dynamic("log.retention.hours"));
  EXPECT_FALSE(is_dynamic(""));
  EXPECT_EQ(*validate_dynamic("mesage.max.bytes", "3"),
            "Unknown broker config mesage.max.bytes; did you mean message.max.bytes?");
  EXPECT_EQ(*validate_dynamic("ssl.keystore.location", "x"),
            "Cannot alter ssl.keystore.location: there is no TLS");
  EXPECT_EQ(validate_dynamic("nobody.knows.it", "3"), std::nullopt);
  EXPECT_EQ(validate_dynamic("num.io.threads", "3"), std::nullopt);
  EXPECT_FALSE(is_dynamic("num.io.threads")) << "topics do not ask for it";
  EXPECT_EQ(topic_key_for("log.roll.hours"), "segment.ms");
  EXPECT_EQ(topic_key_for("nothing"), "");
}

}  // namespace
}  // namespace mq::core
