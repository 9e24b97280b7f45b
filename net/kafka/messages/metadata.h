// SPDX-License-Identifier: Apache-2.0
// Metadata: the brokers, and who leads which partition of which topic.
//   v1 racks, controller, null asks for all topics   v2 cluster id   v3 throttle time   v4 auto creation   v5
//   offline replicas   v7 leader epochs   v8 authorized operations   v9 flexible   v10 topic ids   v12 topics
//   by id   v13 top-level error
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct MetadataRequest {
  struct MetadataRequestTopic {
    Uuid topic_id{};
    std::optional<std::string> name;
    bool operator==(const MetadataRequestTopic&) const = default;
  };

  std::optional<std::vector<MetadataRequestTopic>> topics;
  bool allow_auto_topic_creation = true;
  bool include_cluster_authorized_operations = false;
  bool include_topic_authorized_operations = false;
  bool operator==(const MetadataRequest&) const = default;
};

template <>
struct Describe<MetadataRequest::MetadataRequestTopic> {
  using M = MetadataRequest::MetadataRequestTopic;
  static constexpr auto fields = std::tuple{field("topic_id", &M::topic_id, {.in = since(10)}),
                                            field("name", &M::name, {.null = since(10)})};
};

template <>
struct Describe<MetadataRequest> {
  using M = MetadataRequest;
  static constexpr std::string_view name = "MetadataRequest";
  static constexpr std::int16_t key = 3;
  static constexpr Versions valid{0, 13}, flexible = since(9);
  static constexpr auto fields =
      std::tuple{field("topics", &M::topics, {.null = since(1)}),
                 field("allow_auto_topic_creation", &M::allow_auto_topic_creation, {.in = since(4)}),
                 field("include_cluster_authorized_operations", &M::include_cluster_authorized_operations,
                       {.in = {8, 10}}),
                 field("include_topic_authorized_operations", &M::include_topic_authorized_operations,
                       {.in = since(8)})};
};

struct MetadataResponse {
  struct MetadataResponseBroker {
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;
    bool operator==(const MetadataResponseBroker&) const = default;
  };

  struct MetadataResponsePartition {
    std::int16_t error_code = 0;
    std::int32_t partition_index = 0;
    std::int32_t leader_id = 0;
    std::int32_t leader_epoch = -1;
    std::vector<std::int32_t> replica_nodes;
    std::vector<std::int32_t> isr_nodes;
    std::vector<std::int32_t> offline_replicas;
    bool operator==(const MetadataResponsePartition&) const = default;
  };

  struct MetadataResponseTopic {
    std::int16_t error_code = 0;
    std::optional<std::string> name;
    Uuid topic_id{};
    bool is_internal = false;
    std::vector<MetadataResponsePartition> partitions;
    std::int32_t topic_authorized_operations = -2147483648;
    bool operator==(const MetadataResponseTopic&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<MetadataResponseBroker> brokers;
  std::optional<std::string> cluster_id;
  std::int32_t controller_id = -1;
  std::vector<MetadataResponseTopic> topics;
  std::int32_t cluster_authorized_operations = -2147483648;
  std::int16_t error_code = 0;
  bool operator==(const MetadataResponse&) const = default;
};

template <>
struct Describe<MetadataResponse::MetadataResponseBroker> {
  using M = MetadataResponse::MetadataResponseBroker;
  static constexpr auto fields =
      std::tuple{field("node_id", &M::node_id), field("host", &M::host), field("port", &M::port),
                 field("rack", &M::rack, {.in = since(1)})};
};

template <>
struct Describe<MetadataResponse::MetadataResponsePartition> {
  using M = MetadataResponse::MetadataResponsePartition;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code),
                 field("partition_index", &M::partition_index),
                 field("leader_id", &M::leader_id),
                 field("leader_epoch", &M::leader_epoch, {.in = since(7)}),
                 field("replica_nodes", &M::replica_nodes),
                 field("isr_nodes", &M::isr_nodes),
                 field("offline_replicas", &M::offline_replicas, {.in = since(5)})};
};

template <>
struct Describe<MetadataResponse::MetadataResponseTopic> {
  using M = MetadataResponse::MetadataResponseTopic;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code),
                 field("name", &M::name, {.null = since(12)}),
                 field("topic_id", &M::topic_id, {.in = since(10)}),
                 field("is_internal", &M::is_internal, {.in = since(1)}),
                 field("partitions", &M::partitions),
                 field("topic_authorized_operations", &M::topic_authorized_operations, {.in = since(8)})};
};

template <>
struct Describe<MetadataResponse> {
  using M = MetadataResponse;
  static constexpr std::string_view name = "MetadataResponse";
  static constexpr std::int16_t key = 3;
  static constexpr Versions valid{0, 13}, flexible = since(9);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(3)}),
                 field("brokers", &M::brokers),
                 field("cluster_id", &M::cluster_id, {.in = since(2)}),
                 field("controller_id", &M::controller_id, {.in = since(1)}),
                 field("topics", &M::topics),
                 field("cluster_authorized_operations", &M::cluster_authorized_operations, {.in = {8, 10}}),
                 field("error_code", &M::error_code, {.in = since(13)})};
};

}  // namespace mq::kafka
