// SPDX-License-Identifier: Apache-2.0
// ElectLeaders: the preferred replica, or any, becomes the leader.
//   v1 the kind of election   v2 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ElectLeadersRequest {
  struct TopicPartitions {
    std::string topic;
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicPartitions&) const = default;
  };

  std::int8_t election_type = 0;
  std::optional<std::vector<TopicPartitions>> topic_partitions;
  std::int32_t timeout_ms = 60000;
  bool operator==(const ElectLeadersRequest&) const = default;
};

template <>
struct Describe<ElectLeadersRequest::TopicPartitions> {
  using M = ElectLeadersRequest::TopicPartitions;
  static constexpr auto fields = std::tuple{field("topic", &M::topic), field("partitions", &M::partitions)};
};

template <>
struct Describe<ElectLeadersRequest> {
  using M = ElectLeadersRequest;
  static constexpr std::string_view name = "ElectLeadersRequest";
  static constexpr std::int16_t key = 43;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("election_type", &M::election_type, {.in = since(1)}),
                 field("topic_partitions", &M::topic_partitions), field("timeout_ms", &M::timeout_ms)};
};

struct ElectLeadersResponse {
  struct PartitionResult {
    std::int32_t partition_id = 0;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    bool operator==(const PartitionResult&) const = default;
  };

  struct ReplicaElectionResult {
    std::string topic;
    std::vector<PartitionResult> partition_result;
    bool operator==(const ReplicaElectionResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<ReplicaElectionResult> replica_election_results;
  bool operator==(const ElectLeadersResponse&) const = default;
};

template <>
struct Describe<ElectLeadersResponse::PartitionResult> {
  using M = ElectLeadersResponse::PartitionResult;
  static constexpr auto fields =
      std::tuple{field("partition_id", &M::partition_id), field("error_code", &M::error_code),
                 field("error_message", &M::error_message)};
};

template <>
struct Describe<ElectLeadersResponse::ReplicaElectionResult> {
  using M = ElectLeadersResponse::ReplicaElectionResult;
  static constexpr auto fields =
      std::tuple{field("topic", &M::topic), field("partition_result", &M::partition_result)};
};

template <>
struct Describe<ElectLeadersResponse> {
  using M = ElectLeadersResponse;
  static constexpr std::string_view name = "ElectLeadersResponse";
  static constexpr std::int16_t key = 43;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms),
                                            field("error_code", &M::error_code, {.in = since(1)}),
                                            field("replica_election_results", &M::replica_election_results)};
};

}  // namespace mq::kafka
