// SPDX-License-Identifier: Apache-2.0
// Our versions against Kafka's own descriptions of its messages.
#include "core/handlers/routes.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string_view>

#include "tests/net/kafka/golden.h"

namespace mq::core {
namespace {

namespace json = boost::json;

// The descriptions are newer than Kafka 4.3, which is what we answer like; these came later.
const std::map<std::string, kafka::Version> newer_than_ours = {
    {"ApiVersionsRequest", 5},      // KIP-1242
    {"DeleteGroupsRequest", 3},     // the answer says more of what went wrong
    {"TxnOffsetCommitRequest", 6},  // topics by id (KIP-1319)
};

struct Described {
  std::string name;
  kafka::Versions valid;
};

// By key: what Kafka serves.
std::map<std::int16_t, Described> described_requests() {
  std::map<std::int16_t, Described> all;
  const auto folder = kafka::golden::folder() / "messages" / "2026-08" / "clients";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path());
    std::string text;
    for (std::string line; std::getline(in, line);)
      if (line.find_first_not_of(' ') == line.npos || line.substr(line.find_first_not_of(' '), 2) != "//")
        text += line + "\n";
    const json::object message = json::parse(text).as_object();
    const std::string range(message.at("validVersions").as_string());
    if (message.at("type") != "request" || range == "none") continue;
    const auto dash = range.find('-');
    const auto first = static_cast<kafka::Version>(std::stoi(range));
    auto last = dash == range.npos ? first : static_cast<kafka::Version>(std::stoi(range.substr(dash + 1)));
    const auto* unstable = message.if_contains("latestVersionUnstable");
    if (unstable && unstable->as_bool()) last--;
    const std::string name(message.at("name").as_string());
    if (const auto newer = newer_than_ours.find(name); newer != newer_than_ours.end())
      last = std::min<kafka::Version>(last, static_cast<kafka::Version>(newer->second - 1));
    all[static_cast<std::int16_t>(message.at("apiKey").as_int64())] = {name, {first, last}};
  }
  return all;
}

TEST(Routes, VersionsAreThoseOfKafka) {
  MQ_NEEDS_GOLDEN_BYTES();
  const auto described = described_requests();
  for (const Route& route : routes()) {
    ASSERT_TRUE(described.contains(route.key)) << route.key;
    const Described& kafkas = described.at(route.key);
    EXPECT_EQ(route.versions.first, kafkas.valid.first) << kafkas.name;
    EXPECT_EQ(route.versions.last, kafkas.valid.last) << kafkas.name;
  }
}

// What makes sense for what, as Kafka has it; a right that nobody can be given would shut everybody out.
TEST(Routes, WhatIsAskedForCanBeAllowed) {
  const auto bit = [](kafka::AclOperation operation) { return 1 << static_cast<int>(operation); };
  for (const Route& route : routes()) {
    EXPECT_FALSE(route.name.empty());
    switch (route.resource) {
      case kafka::AclResource::topic:
        EXPECT_TRUE(kafka::topic_operations & bit(route.operation)) << route.name;
        break;
      case kafka::AclResource::group:
        EXPECT_TRUE(kafka::group_operations & bit(route.operation)) << route.name;
        break;
      case kafka::AclResource::cluster:
        EXPECT_TRUE(kafka::cluster_operations & bit(route.operation)) << route.name;
        break;
      case kafka::AclResource::transactional_id:
        EXPECT_TRUE(route.operation == kafka::AclOperation::write ||
                    route.operation == kafka::AclOperation::describe)
            << route.name;
        break;
      case kafka::AclResource::any:
        break;
    }
  }
}

TEST(Routes, WhatChangesTopicsAndConfigurationsIsTheControllers) {
  std::set<std::string_view> names;
  for (const Route& route : routes())
    if (route.answered_by == AnsweredBy::controller) names.insert(route.name);
  EXPECT_EQ(names, (std::set<std::string_view>{
                       "AlterConfigs", "AlterPartitionReassignments", "CreatePartitions", "CreateTopics",
                       "DeleteTopics", "ElectLeaders", "IncrementalAlterConfigs",
                       "ListPartitionReassignments", "UnregisterBroker", "UpdateFeatures"}));
}

}  // namespace
}  // namespace mq::core
