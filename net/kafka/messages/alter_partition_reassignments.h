// SPDX-License-Identifier: Apache-2.0
// AlterPartitionReassignments: partitions move to other replicas, or stop doing so. Flexible from the start.
//   v1 whether the number of replicas may change
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct AlterPartitionReassignmentsRequest {
  struct ReassignablePartition {
    std::int32_t partition_index = 0;
    std::optional<std::vector<std::int32_t>> replicas;
    bool operator==(const ReassignablePartition&) const = default;
  };

  struct ReassignableTopic {
    std::string name;
    std::vector<ReassignablePartition> partitions;
    bool operator==(const ReassignableTopic&) const = default;
  };

  std::int32_t timeout_ms = 60000;
  bool allow_replication_factor_change = true;
  std::vector<ReassignableTopic> topics;
  bool operator==(const AlterPartitionReassignmentsRequest&) const = default;
};

template <>
struct Describe<AlterPartitionReassignmentsRequest::ReassignablePartition> {
  using M = AlterPartitionReassignmentsRequest::ReassignablePartition;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("replicas", &M::replicas)};
};

template <>
struct Describe<AlterPartitionReassignmentsRequest::ReassignableTopic> {
  using M = AlterPartitionReassignmentsRequest::ReassignableTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<AlterPartitionReassignmentsRequest> {
  using M = AlterPartitionReassignmentsRequest;
  static constexpr std::string_view name = "AlterPartitionReassignmentsRequest";
  static constexpr std::int16_t key = 45;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields = std::tuple{
      field("timeout_ms", &M::timeout_ms),
      field("allow_replication_factor_change", &M::allow_replication_factor_change, {.in = since(1)}),
      field("topics", &M::topics)};
};

struct AlterPartitionReassignmentsResponse {
  struct ReassignablePartitionResponse {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    bool operator==(const ReassignablePartitionResponse&) const = default;
  };

  struct ReassignableTopicResponse {
    std::string name;
    std::vector<ReassignablePartitionResponse> partitions;
    bool operator==(const ReassignableTopicResponse&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  bool allow_replication_factor_change = true;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::vector<ReassignableTopicResponse> responses;
  bool operator==(const AlterPartitionReassignmentsResponse&) const = default;
};

template <>
struct Describe<AlterPartitionReassignmentsResponse::ReassignablePartitionResponse> {
  using M = AlterPartitionReassignmentsResponse::ReassignablePartitionResponse;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("error_code", &M::error_code),
                 field("error_message", &M::error_message)};
};

template <>
struct Describe<AlterPartitionReassignmentsResponse::ReassignableTopicResponse> {
  using M = AlterPartitionReassignmentsResponse::ReassignableTopicResponse;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<AlterPartitionReassignmentsResponse> {
  using M = AlterPartitionReassignmentsResponse;
  static constexpr std::string_view name = "AlterPartitionReassignmentsResponse";
  static constexpr std::int16_t key = 45;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields = std::tuple{
      field("throttle_time_ms", &M::throttle_time_ms),
      field("allow_replication_factor_change", &M::allow_replication_factor_change, {.in = since(1)}),
      field("error_code", &M::error_code), field("error_message", &M::error_message),
      field("responses", &M::responses)};
};

}  // namespace mq::kafka
