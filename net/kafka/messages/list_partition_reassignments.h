// SPDX-License-Identifier: Apache-2.0
// ListPartitionReassignments: partitions that are moving. Flexible from the start.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ListPartitionReassignmentsRequest {
  struct ListPartitionReassignmentsTopics {
    std::string name;
    std::vector<std::int32_t> partition_indexes;
    bool operator==(const ListPartitionReassignmentsTopics&) const = default;
  };

  std::int32_t timeout_ms = 60000;
  std::optional<std::vector<ListPartitionReassignmentsTopics>> topics;
  bool operator==(const ListPartitionReassignmentsRequest&) const = default;
};

template <>
struct Describe<ListPartitionReassignmentsRequest::ListPartitionReassignmentsTopics> {
  using M = ListPartitionReassignmentsRequest::ListPartitionReassignmentsTopics;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("partition_indexes", &M::partition_indexes)};
};

template <>
struct Describe<ListPartitionReassignmentsRequest> {
  using M = ListPartitionReassignmentsRequest;
  static constexpr std::string_view name = "ListPartitionReassignmentsRequest";
  static constexpr std::int16_t key = 46;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{field("timeout_ms", &M::timeout_ms), field("topics", &M::topics)};
};

struct ListPartitionReassignmentsResponse {
  struct OngoingPartitionReassignment {
    std::int32_t partition_index = 0;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> adding_replicas;
    std::vector<std::int32_t> removing_replicas;
    bool operator==(const OngoingPartitionReassignment&) const = default;
  };

  struct OngoingTopicReassignment {
    std::string name;
    std::vector<OngoingPartitionReassignment> partitions;
    bool operator==(const OngoingTopicReassignment&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::vector<OngoingTopicReassignment> topics;
  bool operator==(const ListPartitionReassignmentsResponse&) const = default;
};

template <>
struct Describe<ListPartitionReassignmentsResponse::OngoingPartitionReassignment> {
  using M = ListPartitionReassignmentsResponse::OngoingPartitionReassignment;
  static constexpr auto fields = std::tuple{
      field("partition_index", &M::partition_index), field("replicas", &M::replicas),
      field("adding_replicas", &M::adding_replicas), field("removing_replicas", &M::removing_replicas)};
};

template <>
struct Describe<ListPartitionReassignmentsResponse::OngoingTopicReassignment> {
  using M = ListPartitionReassignmentsResponse::OngoingTopicReassignment;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<ListPartitionReassignmentsResponse> {
  using M = ListPartitionReassignmentsResponse;
  static constexpr std::string_view name = "ListPartitionReassignmentsResponse";
  static constexpr std::int16_t key = 46;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code),
                 field("error_message", &M::error_message), field("topics", &M::topics)};
};

}  // namespace mq::kafka
