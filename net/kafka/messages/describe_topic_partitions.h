// SPDX-License-Identifier: Apache-2.0
// DescribeTopicPartitions: Metadata in pages, for clusters of many partitions. Flexible from the start;
// `cursor` says where a page begins, `next_cursor` where the next one does.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeTopicPartitionsRequest {
  struct TopicRequest {
    std::string name;
    bool operator==(const TopicRequest&) const = default;
  };

  struct Cursor {
    std::string topic_name;
    std::int32_t partition_index = 0;
    bool operator==(const Cursor&) const = default;
  };

  std::vector<TopicRequest> topics;
  std::int32_t response_partition_limit = 2000;
  std::optional<Cursor> cursor;
  bool operator==(const DescribeTopicPartitionsRequest&) const = default;
};

template <>
struct Describe<DescribeTopicPartitionsRequest::TopicRequest> {
  using M = DescribeTopicPartitionsRequest::TopicRequest;
  static constexpr auto fields = std::tuple{field("name", &M::name)};
};

template <>
struct Describe<DescribeTopicPartitionsRequest::Cursor> {
  using M = DescribeTopicPartitionsRequest::Cursor;
  static constexpr auto fields =
      std::tuple{field("topic_name", &M::topic_name), field("partition_index", &M::partition_index)};
};

template <>
struct Describe<DescribeTopicPartitionsRequest> {
  using M = DescribeTopicPartitionsRequest;
  static constexpr std::string_view name = "DescribeTopicPartitionsRequest";
  static constexpr std::int16_t key = 75;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("topics", &M::topics), field("response_partition_limit", &M::response_partition_limit),
                 field("cursor", &M::cursor)};
};

struct DescribeTopicPartitionsResponse {
  struct DescribeTopicPartitionsResponsePartition {
    std::int16_t error_code = 0;
    std::int32_t partition_index = 0;
    std::int32_t leader_id = 0;
    std::int32_t leader_epoch = -1;
    std::vector<std::int32_t> replica_nodes;
    std::vector<std::int32_t> isr_nodes;
    std::optional<std::vector<std::int32_t>> eligible_leader_replicas;
    std::optional<std::vector<std::int32_t>> last_known_elr;
    std::vector<std::int32_t> offline_replicas;
    bool operator==(const DescribeTopicPartitionsResponsePartition&) const = default;
  };

  struct DescribeTopicPartitionsResponseTopic {
    std::int16_t error_code = 0;
    std::optional<std::string> name;
    Uuid topic_id{};
    bool is_internal = false;
    std::vector<DescribeTopicPartitionsResponsePartition> partitions;
    std::int32_t topic_authorized_operations = -2147483648;
    bool operator==(const DescribeTopicPartitionsResponseTopic&) const = default;
  };

  struct Cursor {
    std::string topic_name;
    std::int32_t partition_index = 0;
    bool operator==(const Cursor&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<DescribeTopicPartitionsResponseTopic> topics;
  std::optional<Cursor> next_cursor;
  bool operator==(const DescribeTopicPartitionsResponse&) const = default;
};

template <>
struct Describe<DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition> {
  using M = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition;
  static constexpr auto fields = std::tuple{field("error_code", &M::error_code),
                                            field("partition_index", &M::partition_index),
                                            field("leader_id", &M::leader_id),
                                            field("leader_epoch", &M::leader_epoch),
                                            field("replica_nodes", &M::replica_nodes),
                                            field("isr_nodes", &M::isr_nodes),
                                            field("eligible_leader_replicas", &M::eligible_leader_replicas),
                                            field("last_known_elr", &M::last_known_elr),
                                            field("offline_replicas", &M::offline_replicas)};
};

template <>
struct Describe<DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic> {
  using M = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code),
                 field("name", &M::name),
                 field("topic_id", &M::topic_id),
                 field("is_internal", &M::is_internal),
                 field("partitions", &M::partitions),
                 field("topic_authorized_operations", &M::topic_authorized_operations)};
};

template <>
struct Describe<DescribeTopicPartitionsResponse::Cursor> {
  using M = DescribeTopicPartitionsResponse::Cursor;
  static constexpr auto fields =
      std::tuple{field("topic_name", &M::topic_name), field("partition_index", &M::partition_index)};
};

template <>
struct Describe<DescribeTopicPartitionsResponse> {
  using M = DescribeTopicPartitionsResponse;
  static constexpr std::string_view name = "DescribeTopicPartitionsResponse";
  static constexpr std::int16_t key = 75;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("topics", &M::topics),
                 field("next_cursor", &M::next_cursor)};
};

}  // namespace mq::kafka
