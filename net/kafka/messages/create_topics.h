// SPDX-License-Identifier: Apache-2.0
// CreateTopics: new topics, each with a number of partitions or an assignment of its own.
//   v4 -1 means the broker's default   v5 flexible, the answer describes the topic   v7 topic id
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct CreateTopicsRequest {
  struct CreatableReplicaAssignment {
    std::int32_t partition_index = 0;
    std::vector<std::int32_t> broker_ids;
    bool operator==(const CreatableReplicaAssignment&) const = default;
  };

  struct CreatableTopicConfig {
    std::string name;
    std::optional<std::string> value;
    bool operator==(const CreatableTopicConfig&) const = default;
  };

  struct CreatableTopic {
    std::string name;
    std::int32_t num_partitions = 0;
    std::int16_t replication_factor = 0;
    std::vector<CreatableReplicaAssignment> assignments;
    std::vector<CreatableTopicConfig> configs;
    bool operator==(const CreatableTopic&) const = default;
  };

  std::vector<CreatableTopic> topics;
  std::int32_t timeout_ms = 60000;
  bool validate_only = false;
  bool operator==(const CreateTopicsRequest&) const = default;
};

template <>
struct Describe<CreateTopicsRequest::CreatableReplicaAssignment> {
  using M = CreateTopicsRequest::CreatableReplicaAssignment;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("broker_ids", &M::broker_ids)};
};

template <>
struct Describe<CreateTopicsRequest::CreatableTopicConfig> {
  using M = CreateTopicsRequest::CreatableTopicConfig;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("value", &M::value)};
};

template <>
struct Describe<CreateTopicsRequest::CreatableTopic> {
  using M = CreateTopicsRequest::CreatableTopic;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("num_partitions", &M::num_partitions),
                 field("replication_factor", &M::replication_factor), field("assignments", &M::assignments),
                 field("configs", &M::configs)};
};

template <>
struct Describe<CreateTopicsRequest> {
  using M = CreateTopicsRequest;
  static constexpr std::string_view name = "CreateTopicsRequest";
  static constexpr std::int16_t key = 19;
  static constexpr Versions valid{2, 7}, flexible = since(5);
  static constexpr auto fields = std::tuple{field("topics", &M::topics), field("timeout_ms", &M::timeout_ms),
                                            field("validate_only", &M::validate_only)};
};

struct CreateTopicsResponse {
  struct CreatableTopicConfigs {
    std::string name;
    std::optional<std::string> value;
    bool read_only = false;
    std::int8_t config_source = -1;
    bool is_sensitive = false;
    bool operator==(const CreatableTopicConfigs&) const = default;
  };

  struct CreatableTopicResult {
    std::string name;
    Uuid topic_id{};
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::int16_t topic_config_error_code = 0;
    std::int32_t num_partitions = -1;
    std::int16_t replication_factor = -1;
    std::optional<std::vector<CreatableTopicConfigs>> configs;
    bool operator==(const CreatableTopicResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<CreatableTopicResult> topics;
  bool operator==(const CreateTopicsResponse&) const = default;
};

template <>
struct Describe<CreateTopicsResponse::CreatableTopicConfigs> {
  using M = CreateTopicsResponse::CreatableTopicConfigs;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("value", &M::value), field("read_only", &M::read_only),
                 field("config_source", &M::config_source), field("is_sensitive", &M::is_sensitive)};
};

template <>
struct Describe<CreateTopicsResponse::CreatableTopicResult> {
  using M = CreateTopicsResponse::CreatableTopicResult;
  static constexpr auto fields =
      std::tuple{field("name", &M::name),
                 field("topic_id", &M::topic_id, {.in = since(7)}),
                 field("error_code", &M::error_code),
                 field("error_message", &M::error_message),
                 field("topic_config_error_code", &M::topic_config_error_code, {.in = since(5), .tag = 0}),
                 field("num_partitions", &M::num_partitions, {.in = since(5)}),
                 field("replication_factor", &M::replication_factor, {.in = since(5)}),
                 field("configs", &M::configs, {.in = since(5)})};
};

template <>
struct Describe<CreateTopicsResponse> {
  using M = CreateTopicsResponse;
  static constexpr std::string_view name = "CreateTopicsResponse";
  static constexpr std::int16_t key = 19;
  static constexpr Versions valid{2, 7}, flexible = since(5);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("topics", &M::topics)};
};

}  // namespace mq::kafka
