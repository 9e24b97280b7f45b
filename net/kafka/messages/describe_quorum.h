// SPDX-License-Identifier: Apache-2.0
// DescribeQuorum: who keeps the metadata, and how far each of them is. Flexible from the start.
//   v1 times of fetches (KIP-836)   v2 messages, directories, where the nodes are (KIP-853)
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeQuorumRequest {
  struct PartitionData {
    std::int32_t partition_index = 0;
    bool operator==(const PartitionData&) const = default;
  };

  struct TopicData {
    std::string topic_name;
    std::vector<PartitionData> partitions;
    bool operator==(const TopicData&) const = default;
  };

  std::vector<TopicData> topics;
  bool operator==(const DescribeQuorumRequest&) const = default;
};

template <>
struct Describe<DescribeQuorumRequest::PartitionData> {
  using M = DescribeQuorumRequest::PartitionData;
  static constexpr auto fields = std::tuple{field("partition_index", &M::partition_index)};
};

template <>
struct Describe<DescribeQuorumRequest::TopicData> {
  using M = DescribeQuorumRequest::TopicData;
  static constexpr auto fields =
      std::tuple{field("topic_name", &M::topic_name), field("partitions", &M::partitions)};
};

template <>
struct Describe<DescribeQuorumRequest> {
  using M = DescribeQuorumRequest;
  static constexpr std::string_view name = "DescribeQuorumRequest";
  static constexpr std::int16_t key = 55;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields = std::tuple{field("topics", &M::topics)};
};

struct DescribeQuorumResponse {
  struct ReplicaState {
    std::int32_t replica_id = 0;
    Uuid replica_directory_id{};
    std::int64_t log_end_offset = 0;
    std::int64_t last_fetch_timestamp = -1;
    std::int64_t last_caught_up_timestamp = -1;
    bool operator==(const ReplicaState&) const = default;
  };

  struct PartitionData {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::int32_t leader_id = 0;
    std::int32_t leader_epoch = 0;
    std::int64_t high_watermark = 0;
    std::vector<ReplicaState> current_voters;
    std::vector<ReplicaState> observers;
    bool operator==(const PartitionData&) const = default;
  };

  struct TopicData {
    std::string topic_name;
    std::vector<PartitionData> partitions;
    bool operator==(const TopicData&) const = default;
  };

  struct Listener {
    std::string name;
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const Listener&) const = default;
  };

  struct Node {
    std::int32_t node_id = 0;
    std::vector<Listener> listeners;
    bool operator==(const Node&) const = default;
  };

  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::vector<TopicData> topics;
  std::vector<Node> nodes;
  bool operator==(const DescribeQuorumResponse&) const = default;
};

template <>
struct Describe<DescribeQuorumResponse::ReplicaState> {
  using M = DescribeQuorumResponse::ReplicaState;
  static constexpr auto fields =
      std::tuple{field("replica_id", &M::replica_id),
                 field("replica_directory_id", &M::replica_directory_id, {.in = since(2)}),
                 field("log_end_offset", &M::log_end_offset),
                 field("last_fetch_timestamp", &M::last_fetch_timestamp, {.in = since(1)}),
                 field("last_caught_up_timestamp", &M::last_caught_up_timestamp, {.in = since(1)})};
};

template <>
struct Describe<DescribeQuorumResponse::PartitionData> {
  using M = DescribeQuorumResponse::PartitionData;
  static constexpr auto fields = std::tuple{field("partition_index", &M::partition_index),
                                            field("error_code", &M::error_code),
                                            field("error_message", &M::error_message, {.in = since(2)}),
                                            field("leader_id", &M::leader_id),
                                            field("leader_epoch", &M::leader_epoch),
                                            field("high_watermark", &M::high_watermark),
                                            field("current_voters", &M::current_voters),
                                            field("observers", &M::observers)};
};

template <>
struct Describe<DescribeQuorumResponse::TopicData> {
  using M = DescribeQuorumResponse::TopicData;
  static constexpr auto fields =
      std::tuple{field("topic_name", &M::topic_name), field("partitions", &M::partitions)};
};

template <>
struct Describe<DescribeQuorumResponse::Listener> {
  using M = DescribeQuorumResponse::Listener;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("host", &M::host), field("port", &M::port)};
};

template <>
struct Describe<DescribeQuorumResponse::Node> {
  using M = DescribeQuorumResponse::Node;
  static constexpr auto fields = std::tuple{field("node_id", &M::node_id), field("listeners", &M::listeners)};
};

template <>
struct Describe<DescribeQuorumResponse> {
  using M = DescribeQuorumResponse;
  static constexpr std::string_view name = "DescribeQuorumResponse";
  static constexpr std::int16_t key = 55;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields = std::tuple{
      field("error_code", &M::error_code), field("error_message", &M::error_message, {.in = since(2)}),
      field("topics", &M::topics), field("nodes", &M::nodes, {.in = since(2)})};
};

}  // namespace mq::kafka
