// SPDX-License-Identifier: Apache-2.0
// Conversations about forgetting offsets, which depends on what the members of a group read.
#include "tests/core/handlers/group_conversation.h"

namespace mq::core {
namespace {

using OffsetDeleteTest = GroupsTest;

TEST_F(OffsetDeleteTest, OffsetsAreDeletedUnlessTheyAreInUse) {
  create("t", 2);
  create("other");
  const auto joined = alone("g");
  for (const char* topic : {"t", "other"})
    EXPECT_EQ(
        commit({.topic = topic, .offset = 5, .member = joined.member_id, .generation = joined.generation_id}),
        0);
  kafka::OffsetDeleteRequest request;
  request.group_id = "g";
  for (const char* name : {"t", "other", "unknown"}) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.partitions.push_back({0});
  }
  const auto answer = wire->call<kafka::OffsetDeleteResponse>(request, 0);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, code(Error::group_subscribed_to_topic));
  EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, 0);
  EXPECT_EQ(answer.topics.at(2).partitions.at(0).error_code, code(Error::unknown_topic_or_partition));
  kafka::OffsetFetchRequest all;
  all.group_id = "g";
  EXPECT_EQ(wire->call<kafka::OffsetFetchResponse>(all, 2).topics.size(), 1u);
  request.group_id = "unknown";
  EXPECT_EQ(wire->call<kafka::OffsetDeleteResponse>(request, 0).error_code, code(Error::group_id_not_found));

  auto workers = join_request("workers");
  workers.protocol_type = "connect";
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(workers, 3).error_code, 0);
  request.group_id = "workers";
  EXPECT_EQ(wire->call<kafka::OffsetDeleteResponse>(request, 0).error_code, code(Error::non_empty_group))
      << "nobody knows what they read";
}

TEST_F(OffsetDeleteTest, WhatNobodyCanReadCountsAsASubscriptionToEverything) {
  create("t");
  auto request = join_request("g");
  request.protocols.at(0).metadata = owned("\xff\xff not a subscription");
  const auto joined = wire->call<kafka::JoinGroupResponse>(request, 3);
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync_request("g", joined), 5).error_code, 0);
  EXPECT_EQ(commit({.offset = 5, .member = joined.member_id, .generation = joined.generation_id}), 0);
  kafka::OffsetDeleteRequest remove_offsets;
  remove_offsets.group_id = "g";
  remove_offsets.topics.emplace_back().name = "t";
  remove_offsets.topics.back().partitions.push_back({0});
  EXPECT_EQ(
      wire->call<kafka::OffsetDeleteResponse>(remove_offsets, 0).topics.at(0).partitions.at(0).error_code,
      code(Error::group_subscribed_to_topic));
}

// Kafka reads of any version what version 0 has; there are clients that write no more.
TEST_F(OffsetDeleteTest, ASubscriptionNeedsNoMoreThanItsVersionZero) {
  create("t");
  create("other");
  kafka::ConsumerProtocolSubscription said;
  said.topics = {"t"};
  for (const std::byte version : {std::byte{1}, std::byte{3}, std::byte{9}}) {
    kafka::Bytes metadata = kafka::encode_value(said, 0);
    metadata.at(1) = version;
    const std::string group = "g" + std::to_string(std::to_integer<int>(version));
    auto request = join_request(group);
    request.protocols.at(0).metadata = metadata;
    const auto joined = wire->call<kafka::JoinGroupResponse>(request, 3);
    EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync_request(group, joined), 5).error_code, 0);
    kafka::OffsetDeleteRequest deletion;
    deletion.group_id = group;
    for (const char* name : {"t", "other"}) {
      auto& topic = deletion.topics.emplace_back();
      topic.name = name;
      topic.partitions.push_back({0});
    }
    const auto answer = wire->call<kafka::OffsetDeleteResponse>(deletion, 0);
    EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, code(Error::group_subscribed_to_topic));
    EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, 0);
  }
}

}  // namespace
}  // namespace mq::core
