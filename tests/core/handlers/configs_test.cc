// SPDX-License-Identifier: Apache-2.0
// Conversations about the configs of topics, of the broker and of groups.
#include <gmock/gmock.h>

#include <algorithm>

#include "core/config/topic_config.h"
#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using testing::Not;
using testing::StartsWith;

class ConfigsTest : public Conversation {
 protected:
  kafka::DescribeConfigsResponse::DescribeConfigsResult describe(std::int8_t type, std::string name) {
    kafka::DescribeConfigsRequest request;
    request.include_synonyms = request.include_documentation = true;
    request.resources.push_back({type, std::move(name), std::nullopt});
    return wire->call<kafka::DescribeConfigsResponse>(request, 4).results.at(0);
  }
  std::optional<std::string> config(const std::string& topic, const std::string& key) {
    for (const auto& row : describe(2, topic).configs)
      if (row.name == key) return row.value;
    return {};
  }
  auto rows_of(std::int8_t type, std::string name) {
    std::map<std::string, kafka::DescribeConfigsResponse::DescribeConfigsResourceResult> rows;
    for (auto& row : describe(type, std::move(name)).configs) rows[row.name] = row;
    return rows;
  }
  kafka::MetadataResponse ask_for(const std::string& topic) {  // which makes it
    kafka::MetadataRequest request;
    request.topics.emplace().emplace_back().name = topic;
    request.allow_auto_topic_creation = true;
    return wire->call<kafka::MetadataResponse>(request, 12);
  }
  struct Change {
    std::string name;
    std::int8_t operation;
    std::optional<std::string> value;
  };
  std::int16_t alter(std::int8_t type, std::string resource, std::vector<Change> changes,
                     bool validate_only = false) {
    kafka::IncrementalAlterConfigsRequest request;
    request.validate_only = validate_only;
    auto& wanted = request.resources.emplace_back();
    wanted.resource_type = type;
    wanted.resource_name = std::move(resource);
    for (auto& c : changes) wanted.configs.push_back({c.name, c.operation, c.value});
    return wire->call<kafka::IncrementalAlterConfigsResponse>(request, 1).responses.at(0).error_code;
  }
};

TEST_F(ConfigsTest, InternalTopicsAreMadeByTheBrokerAndStayCompacted) {
  for (const std::string name : {"__consumer_offsets", "__transaction_state"}) {
    kafka::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = topic.replication_factor = 1;
    EXPECT_EQ(wire->call<kafka::CreateTopicsResponse>(request, 7).topics.at(0).error_code,
              code(Error::policy_violation));
    EXPECT_EQ(ask_for(name).topics.at(0).partitions.size(), 50u);
    EXPECT_EQ(alter(2, name, {{"cleanup.policy", 0, "delete"}}), code(Error::invalid_config));
    EXPECT_EQ(alter(2, name, {{"cleanup.policy", 1, std::nullopt}}), code(Error::invalid_config));
    EXPECT_EQ(alter(2, name, {{"cleanup.policy", 2, "delete"}}), code(Error::invalid_config));
    EXPECT_EQ(alter(2, name, {{"min.cleanable.dirty.ratio", 0, "0.2"}}), 0);
    EXPECT_EQ(config(name, "cleanup.policy"), "compact");
  }
}

TEST_F(ConfigsTest, DescribeConfigsReturnsEveryKeyWithTypeDefaultAndSynonyms) {
  create("t", 1, {{"retention.ms", "1000"}});
  const auto result = describe(2, "t");
  EXPECT_GT(result.configs.size(), 25u);
  for (const auto& row : result.configs) {
    EXPECT_NE(row.config_type, 0) << row.name;
    EXPECT_FALSE(row.synonyms.empty() && row.config_source == 1) << row.name;
    if (row.name != "retention.ms") continue;
    EXPECT_EQ(row.value, "1000");
    EXPECT_EQ(row.config_source, 1);
    EXPECT_EQ(row.synonyms.at(0).name, "retention.ms");
    EXPECT_GE(row.synonyms.size(), 2u);
  }
  EXPECT_EQ(describe(2, "nobody").error_code, code(Error::unknown_topic_or_partition));
}

TEST_F(ConfigsTest, IncrementalChangesSetDeleteAppendAndSubtract) {
  create("t");
  EXPECT_EQ(alter(2, "t", {{"retention.ms", 0, "5000"}}), 0);
  EXPECT_EQ(config("t", "retention.ms"), "5000");
  EXPECT_EQ(alter(2, "t", {{"cleanup.policy", 2, "compact"}}), 0);
  EXPECT_EQ(config("t", "cleanup.policy"), "delete,compact");
  EXPECT_EQ(alter(2, "t", {{"cleanup.policy", 3, "delete"}}), 0);
  EXPECT_EQ(config("t", "cleanup.policy"), "compact");
  EXPECT_EQ(alter(2, "t", {{"retention.ms", 1, std::nullopt}}), 0);
  EXPECT_EQ(config("t", "retention.ms"), "604800000");
  start();
  EXPECT_EQ(config("t", "cleanup.policy"), "compact");
}

TEST_F(ConfigsTest, ABadChangeChangesNothing) {
  create("t");
  EXPECT_EQ(alter(2, "t", {{"retention.ms", 0, "5000"}, {"retention.mz", 0, "1"}}),
            code(Error::invalid_config));
  EXPECT_EQ(alter(2, "t", {{"retention.ms", 2, "1"}}), code(Error::invalid_config)) << "not a list";
  EXPECT_EQ(alter(2, "t", {{"retention.ms", 0, "1"}, {"retention.ms", 0, "2"}}),
            code(Error::invalid_request));
  EXPECT_EQ(alter(2, "t", {{"retention.ms", 0, std::nullopt}}), code(Error::invalid_request));
  EXPECT_EQ(alter(2, "t", {{"retention.ms", 0, "5000"}}, true), 0);
  EXPECT_EQ(alter(2, "nobody", {{"retention.ms", 0, "1"}}), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(config("t", "retention.ms"), "604800000");
}

TEST_F(ConfigsTest, AlterConfigsReplacesTheWholeSet) {
  create("t", 1, {{"retention.ms", "5000"}});
  kafka::AlterConfigsRequest request;
  request.resources.push_back({2, "t", {{"max.message.bytes", "2000"}}});
  EXPECT_EQ(wire->call<kafka::AlterConfigsResponse>(request, 2).responses.at(0).error_code, 0);
  EXPECT_EQ(config("t", "retention.ms"), "604800000");
  EXPECT_EQ(config("t", "max.message.bytes"), "2000");
}

TEST_F(ConfigsTest, BrokerDefaultsChangeAtRunTimeAndStay) {
  create("t");
  EXPECT_EQ(alter(4, "", {{"message.max.bytes", 0, "1000"}}), 0);
  for (int restart = 0; restart < 2; restart++) {
    EXPECT_EQ(config("t", "max.message.bytes"), "1000");
    EXPECT_EQ(produce("t", batch({{std::string(2000, 'x')}})).error_code, code(Error::message_too_large));
    start();
  }
  EXPECT_EQ(alter(4, "", {{"node.id", 0, "7"}}), code(Error::invalid_request)) << "not at run time";
  EXPECT_EQ(alter(4, "99", {{"message.max.bytes", 0, "1000"}}), code(Error::invalid_request))
      << "another broker";
  EXPECT_GT(describe(4, "1").configs.size(), 20u);
}

TEST_F(ConfigsTest, WhatHasNoEffectSaysSo) {
  create("t");
  const auto topic = rows_of(2, "t"), own = rows_of(4, "1");
  for (const char* name : {"segment.bytes", "preallocate", "segment.index.bytes"})
    EXPECT_THAT(*topic.at(name).documentation, StartsWith(no_effect)) << name;
  EXPECT_THAT(*topic.at("retention.ms").documentation, Not(StartsWith(no_effect)));
  for (const char* name : {"num.io.threads", "fetch.max.bytes", "log.segment.bytes", "quota.window.num"})
    EXPECT_THAT(*own.at(name).documentation, StartsWith(no_effect)) << name;
  EXPECT_THAT(*own.at("num.partitions").documentation, Not(StartsWith(no_effect)));
}

TEST_F(ConfigsTest, ATopicCannotBeTieredForThereIsNothingToTierTo) {
  create("t");
  EXPECT_EQ(alter(2, "t", {{"remote.storage.enable", 0, "true"}}), code(Error::invalid_config));
  EXPECT_EQ(create("tiered", 1, {{"remote.storage.enable", "true"}}).error_code, code(Error::invalid_config));
  EXPECT_EQ(alter(2, "t", {{"remote.storage.enable", 0, "false"}}), 0);
}

TEST_F(ConfigsTest, BrokerConfigsThatHaveNoEffectAreAlteredAsInKafka) {
  EXPECT_EQ(alter(4, "1", {{"num.io.threads", 0, "16"}, {"some.plugin", 0, "secret"}}), 0);
  EXPECT_EQ(alter(4, "", {{"log.cleaner.threads", 0, "2"}, {"num.io.threads", 0, "12"}}), 0);
  for (int restart = 0; restart < 2; restart++) {
    const auto own = rows_of(4, "1");
    EXPECT_EQ(own.at("num.io.threads").value, "16");
    EXPECT_EQ(own.at("num.io.threads").config_source, 2);
    EXPECT_EQ(own.at("num.io.threads").synonyms.size(), 3u);
    EXPECT_FALSE(own.at("num.io.threads").read_only);
    EXPECT_EQ(own.at("log.cleaner.threads").value, "2");
    EXPECT_TRUE(own.at("some.plugin").is_sensitive) << "it might be";
    EXPECT_EQ(own.at("some.plugin").value, std::nullopt);
    EXPECT_EQ(rows_of(4, "").size(), 2u);
    start();
  }
  EXPECT_EQ(alter(4, "1", {{"num.io.threads", 1, {}}, {"some.plugin", 1, {}}, {"never.set", 1, {}}}), 0);
  EXPECT_EQ(rows_of(4, "1").at("num.io.threads").value, "12");
  EXPECT_FALSE(rows_of(4, "1").contains("some.plugin"));
}

TEST_F(ConfigsTest, BrokerConfigsThatCannotBeAlteredAreAnInvalidRequestAsInKafka) {
  for (const char* name : {"broker.id", "num.partitions", "max.connections", "fetch.max.bytes"})
    EXPECT_EQ(alter(4, "1", {{name, 0, "7"}}), code(Error::invalid_request)) << name;
  EXPECT_EQ(alter(4, "1", {{"num.io.threads", 0, "many"}}), code(Error::invalid_request));
  EXPECT_EQ(alter(4, "1", {{"log.retention.ms", 0, "long"}}), code(Error::invalid_request));
  EXPECT_EQ(alter(4, "1", {{"ssl.keystore.location", 0, "/k"}}), code(Error::invalid_request))
      << "nobody would keep what it promises";
  EXPECT_EQ(alter(4, "1", {{"mesage.max.bytes", 0, "7"}}), code(Error::invalid_request)) << "misspelt";
  EXPECT_EQ(alter(4, "1", {{"num.io.threads", 2, "7"}}), code(Error::invalid_config)) << "not a list";
}

TEST_F(ConfigsTest, TheNumberOfAlteredBrokerConfigsIsBounded) {
  std::vector<Change> changes;
  for (int i = 0; i < 1000; i++)
    changes.push_back({"plugin.setting." + std::to_string(100'000 + i * 1001), 0, "x"});
  EXPECT_EQ(alter(4, "1", changes), 0);
  EXPECT_EQ(alter(4, "1", {{"another.plugin", 0, "x"}}), code(Error::invalid_request));
  EXPECT_EQ(alter(4, "1", {{std::string(300, 'x'), 0, "x"}}), code(Error::invalid_request));
}

TEST_F(ConfigsTest, AGroupHasConfigsOfItsOwnThatStay) {
  constexpr std::int8_t group = 32, source_default = 5, source_group = 8;
  const std::string key = "consumer.session.timeout.ms", name = "a/group";
  const auto session = [&] { return describe(group, name).configs.at(1); };
  EXPECT_EQ(describe(group, name).configs.size(), 2u) << "there or not";
  EXPECT_EQ(session().value, "45000");
  EXPECT_EQ(session().config_source, source_default);
  EXPECT_FALSE(session().read_only);

  EXPECT_EQ(alter(group, name, {{key, 0, "30000"}}, true), 0);
  EXPECT_EQ(session().value, "45000") << "only validated";
  EXPECT_EQ(alter(group, name, {{key, 0, "30000"}}), 0);
  start();
  EXPECT_EQ(session().value, "30000");
  EXPECT_EQ(session().config_source, source_group);
  ASSERT_EQ(session().synonyms.size(), 2u);
  EXPECT_EQ(session().synonyms[1].name, "group." + key);
  const auto listed = [&] {
    kafka::ListConfigResourcesRequest request;
    request.resource_types = {group};
    return wire->call<kafka::ListConfigResourcesResponse>(request, 1).config_resources.size();
  };
  EXPECT_EQ(listed(), 1u);

  EXPECT_EQ(alter(group, name, {{key, 1, {}}}), 0);
  start();
  EXPECT_EQ(session().value, "45000");
  EXPECT_EQ(listed(), 0u);
}

TEST_F(ConfigsTest, ABadConfigOfAGroupIsRefused) {
  constexpr std::int8_t group = 32;
  const std::string key = "consumer.session.timeout.ms";
  EXPECT_EQ(alter(group, "", {{key, 0, "30000"}}), code(Error::invalid_request));
  EXPECT_EQ(describe(group, "").error_code, code(Error::invalid_request));
  EXPECT_EQ(alter(group, "g", {{key, 0, "soon"}}), code(Error::invalid_config));
  EXPECT_EQ(alter(group, "g", {{"nonsense", 0, "1"}}), code(Error::invalid_config));
  EXPECT_EQ(alter(group, "g", {{"nonsense", 1, {}}}), code(Error::invalid_config));
  EXPECT_EQ(alter(group, "g", {{key, 2, "30000"}}), code(Error::invalid_config)) << "not a list";
  EXPECT_EQ(alter(group, "g", {{key, 0, "5000"}}), code(Error::invalid_config)) << "as long as a heartbeat";
}

TEST_F(ConfigsTest, ResourcesWithConfigsAreListed) {
  create("t");
  const auto all = wire->call<kafka::ListConfigResourcesResponse>(kafka::ListConfigResourcesRequest{}, 1);
  EXPECT_EQ(all.config_resources.size(), 2u);
  EXPECT_TRUE(wire->call<kafka::ListConfigResourcesResponse>(kafka::ListConfigResourcesRequest{}, 0)
                  .config_resources.empty());
}

}  // namespace
}  // namespace mq::core
