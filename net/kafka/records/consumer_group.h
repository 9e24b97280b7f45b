// SPDX-License-Identifier: Apache-2.0
// A consumer group (KIP-848), as __consumer_offsets keeps it: its epoch, its members, what they should
// own (target) and what they own (current), and what regular expressions have found. The group and each
// member have rows of their own; what is gone is a key without a value.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ConsumerGroupMetadataKey {
  std::string group_id;
  bool operator==(const ConsumerGroupMetadataKey&) const = default;
};

template <>
struct Describe<ConsumerGroupMetadataKey> {
  using M = ConsumerGroupMetadataKey;
  static constexpr std::string_view name = "ConsumerGroupMetadataKey";
  static constexpr std::int16_t type = 3;
  static constexpr auto fields = std::tuple{field("group_id", &M::group_id)};
};

struct ConsumerGroupMetadataValue {
  std::int32_t epoch = 0;
  std::int64_t metadata_hash = 0;
  bool operator==(const ConsumerGroupMetadataValue&) const = default;
};

template <>
struct Describe<ConsumerGroupMetadataValue> {
  using M = ConsumerGroupMetadataValue;
  static constexpr std::string_view name = "ConsumerGroupMetadataValue";
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("epoch", &M::epoch), field("metadata_hash", &M::metadata_hash, {.tag = 0})};
};

struct ConsumerGroupMemberMetadataKey {
  std::string group_id;
  std::string member_id;
  bool operator==(const ConsumerGroupMemberMetadataKey&) const = default;
};

template <>
struct Describe<ConsumerGroupMemberMetadataKey> {
  using M = ConsumerGroupMemberMetadataKey;
  static constexpr std::string_view name = "ConsumerGroupMemberMetadataKey";
  static constexpr std::int16_t type = 5;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("member_id", &M::member_id)};
};

struct ConsumerGroupMemberMetadataValue {
  struct ClassicProtocol {
    std::string name;
    Bytes metadata;
    bool operator==(const ClassicProtocol&) const = default;
  };

  struct ClassicMemberMetadata {
    std::int32_t session_timeout_ms = 0;
    std::vector<ClassicProtocol> supported_protocols;
    bool operator==(const ClassicMemberMetadata&) const = default;
  };

  std::optional<std::string> instance_id;
  std::optional<std::string> rack_id;
  std::string client_id;
  std::string client_host;
  std::vector<std::string> subscribed_topic_names;
  std::optional<std::string> subscribed_topic_regex;
  std::int32_t rebalance_timeout_ms = -1;
  std::optional<std::string> server_assignor;
  std::optional<ClassicMemberMetadata> classic_member_metadata;
  bool operator==(const ConsumerGroupMemberMetadataValue&) const = default;
};

template <>
struct Describe<ConsumerGroupMemberMetadataValue::ClassicProtocol> {
  using M = ConsumerGroupMemberMetadataValue::ClassicProtocol;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("metadata", &M::metadata)};
};

template <>
struct Describe<ConsumerGroupMemberMetadataValue::ClassicMemberMetadata> {
  using M = ConsumerGroupMemberMetadataValue::ClassicMemberMetadata;
  static constexpr auto fields = std::tuple{field("session_timeout_ms", &M::session_timeout_ms),
                                            field("supported_protocols", &M::supported_protocols)};
};

template <>
struct Describe<ConsumerGroupMemberMetadataValue> {
  using M = ConsumerGroupMemberMetadataValue;
  static constexpr std::string_view name = "ConsumerGroupMemberMetadataValue";
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("instance_id", &M::instance_id),
                 field("rack_id", &M::rack_id),
                 field("client_id", &M::client_id),
                 field("client_host", &M::client_host),
                 field("subscribed_topic_names", &M::subscribed_topic_names),
                 field("subscribed_topic_regex", &M::subscribed_topic_regex),
                 field("rebalance_timeout_ms", &M::rebalance_timeout_ms),
                 field("server_assignor", &M::server_assignor),
                 field("classic_member_metadata", &M::classic_member_metadata, {.tag = 0})};
};

struct ConsumerGroupTargetAssignmentMetadataKey {
  std::string group_id;
  bool operator==(const ConsumerGroupTargetAssignmentMetadataKey&) const = default;
};

template <>
struct Describe<ConsumerGroupTargetAssignmentMetadataKey> {
  using M = ConsumerGroupTargetAssignmentMetadataKey;
  static constexpr std::string_view name = "ConsumerGroupTargetAssignmentMetadataKey";
  static constexpr std::int16_t type = 6;
  static constexpr auto fields = std::tuple{field("group_id", &M::group_id)};
};

struct ConsumerGroupTargetAssignmentMetadataValue {
  std::int32_t assignment_epoch = 0;
  std::int64_t assignment_timestamp = 0;
  bool operator==(const ConsumerGroupTargetAssignmentMetadataValue&) const = default;
};

template <>
struct Describe<ConsumerGroupTargetAssignmentMetadataValue> {
  using M = ConsumerGroupTargetAssignmentMetadataValue;
  static constexpr std::string_view name = "ConsumerGroupTargetAssignmentMetadataValue";
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("assignment_epoch", &M::assignment_epoch),
                 field("assignment_timestamp", &M::assignment_timestamp, {.tag = 0})};
};

struct ConsumerGroupTargetAssignmentMemberKey {
  std::string group_id;
  std::string member_id;
  bool operator==(const ConsumerGroupTargetAssignmentMemberKey&) const = default;
};

template <>
struct Describe<ConsumerGroupTargetAssignmentMemberKey> {
  using M = ConsumerGroupTargetAssignmentMemberKey;
  static constexpr std::string_view name = "ConsumerGroupTargetAssignmentMemberKey";
  static constexpr std::int16_t type = 7;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("member_id", &M::member_id)};
};

struct ConsumerGroupTargetAssignmentMemberValue {
  struct TopicPartition {
    Uuid topic_id{};
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicPartition&) const = default;
  };

  std::vector<TopicPartition> topic_partitions;
  bool operator==(const ConsumerGroupTargetAssignmentMemberValue&) const = default;
};

template <>
struct Describe<ConsumerGroupTargetAssignmentMemberValue::TopicPartition> {
  using M = ConsumerGroupTargetAssignmentMemberValue::TopicPartition;
  static constexpr auto fields =
      std::tuple{field("topic_id", &M::topic_id), field("partitions", &M::partitions)};
};

template <>
struct Describe<ConsumerGroupTargetAssignmentMemberValue> {
  using M = ConsumerGroupTargetAssignmentMemberValue;
  static constexpr std::string_view name = "ConsumerGroupTargetAssignmentMemberValue";
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{field("topic_partitions", &M::topic_partitions)};
};

struct ConsumerGroupCurrentMemberAssignmentKey {
  std::string group_id;
  std::string member_id;
  bool operator==(const ConsumerGroupCurrentMemberAssignmentKey&) const = default;
};

template <>
struct Describe<ConsumerGroupCurrentMemberAssignmentKey> {
  using M = ConsumerGroupCurrentMemberAssignmentKey;
  static constexpr std::string_view name = "ConsumerGroupCurrentMemberAssignmentKey";
  static constexpr std::int16_t type = 8;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("member_id", &M::member_id)};
};

struct ConsumerGroupCurrentMemberAssignmentValue {
  struct TopicPartitions {
    Uuid topic_id{};
    std::vector<std::int32_t> partitions;
    std::optional<std::vector<std::int32_t>> assignment_epochs;
    bool operator==(const TopicPartitions&) const = default;
  };

  std::int32_t member_epoch = 0;
  std::int32_t previous_member_epoch = 0;
  std::int8_t state = 0;
  std::vector<TopicPartitions> assigned_partitions;
  std::vector<TopicPartitions> partitions_pending_revocation;
  bool operator==(const ConsumerGroupCurrentMemberAssignmentValue&) const = default;
};

template <>
struct Describe<ConsumerGroupCurrentMemberAssignmentValue::TopicPartitions> {
  using M = ConsumerGroupCurrentMemberAssignmentValue::TopicPartitions;
  static constexpr auto fields =
      std::tuple{field("topic_id", &M::topic_id), field("partitions", &M::partitions),
                 field("assignment_epochs", &M::assignment_epochs, {.tag = 0})};
};

template <>
struct Describe<ConsumerGroupCurrentMemberAssignmentValue> {
  using M = ConsumerGroupCurrentMemberAssignmentValue;
  static constexpr std::string_view name = "ConsumerGroupCurrentMemberAssignmentValue";
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{
      field("member_epoch", &M::member_epoch), field("previous_member_epoch", &M::previous_member_epoch),
      field("state", &M::state), field("assigned_partitions", &M::assigned_partitions),
      field("partitions_pending_revocation", &M::partitions_pending_revocation)};
};

struct ConsumerGroupRegularExpressionKey {
  std::string group_id;
  std::string regular_expression;
  bool operator==(const ConsumerGroupRegularExpressionKey&) const = default;
};

template <>
struct Describe<ConsumerGroupRegularExpressionKey> {
  using M = ConsumerGroupRegularExpressionKey;
  static constexpr std::string_view name = "ConsumerGroupRegularExpressionKey";
  static constexpr std::int16_t type = 16;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("regular_expression", &M::regular_expression)};
};

struct ConsumerGroupRegularExpressionValue {
  std::vector<std::string> topics;
  std::int64_t version = 0;
  std::int64_t timestamp = 0;
  bool operator==(const ConsumerGroupRegularExpressionValue&) const = default;
};

template <>
struct Describe<ConsumerGroupRegularExpressionValue> {
  using M = ConsumerGroupRegularExpressionValue;
  static constexpr std::string_view name = "ConsumerGroupRegularExpressionValue";
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{field("topics", &M::topics), field("version", &M::version),
                                            field("timestamp", &M::timestamp)};
};

}  // namespace mq::kafka
