// SPDX-License-Identifier: Apache-2.0
// ListOffsets: the first offset at or after a time; negative times ask for the ends of the log.
//   v2 isolation   v4 leader epoch   v6 flexible   v7 largest timestamp (-3)   v8 earliest local (-4)   v10
//   timeout
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ListOffsetsRequest {
  struct ListOffsetsPartition {
    std::int32_t partition_index = 0;
    std::int32_t current_leader_epoch = -1;
    std::int64_t timestamp = 0;
    bool operator==(const ListOffsetsPartition&) const = default;
  };

  struct ListOffsetsTopic {
    std::string name;
    std::vector<ListOffsetsPartition> partitions;
    bool operator==(const ListOffsetsTopic&) const = default;
  };

  std::int32_t replica_id = 0;
  std::int8_t isolation_level = 0;
  std::vector<ListOffsetsTopic> topics;
  std::int32_t timeout_ms = 0;
  bool operator==(const ListOffsetsRequest&) const = default;
};

template <>
struct Describe<ListOffsetsRequest::ListOffsetsPartition> {
  using M = ListOffsetsRequest::ListOffsetsPartition;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index),
                 field("current_leader_epoch", &M::current_leader_epoch, {.in = since(4)}),
                 field("timestamp", &M::timestamp)};
};

template <>
struct Describe<ListOffsetsRequest::ListOffsetsTopic> {
  using M = ListOffsetsRequest::ListOffsetsTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<ListOffsetsRequest> {
  using M = ListOffsetsRequest;
  static constexpr std::string_view name = "ListOffsetsRequest";
  static constexpr std::int16_t key = 2;
  static constexpr Versions valid{1, 11}, flexible = since(6);
  static constexpr auto fields = std::tuple{
      field("replica_id", &M::replica_id), field("isolation_level", &M::isolation_level, {.in = since(2)}),
      field("topics", &M::topics), field("timeout_ms", &M::timeout_ms, {.in = since(10)})};
};

struct ListOffsetsResponse {
  struct ListOffsetsPartitionResponse {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    std::int64_t timestamp = -1;
    std::int64_t offset = -1;
    std::int32_t leader_epoch = -1;
    bool operator==(const ListOffsetsPartitionResponse&) const = default;
  };

  struct ListOffsetsTopicResponse {
    std::string name;
    std::vector<ListOffsetsPartitionResponse> partitions;
    bool operator==(const ListOffsetsTopicResponse&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<ListOffsetsTopicResponse> topics;
  bool operator==(const ListOffsetsResponse&) const = default;
};

template <>
struct Describe<ListOffsetsResponse::ListOffsetsPartitionResponse> {
  using M = ListOffsetsResponse::ListOffsetsPartitionResponse;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("error_code", &M::error_code),
                 field("timestamp", &M::timestamp), field("offset", &M::offset),
                 field("leader_epoch", &M::leader_epoch, {.in = since(4)})};
};

template <>
struct Describe<ListOffsetsResponse::ListOffsetsTopicResponse> {
  using M = ListOffsetsResponse::ListOffsetsTopicResponse;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<ListOffsetsResponse> {
  using M = ListOffsetsResponse;
  static constexpr std::string_view name = "ListOffsetsResponse";
  static constexpr std::int16_t key = 2;
  static constexpr Versions valid{1, 11}, flexible = since(6);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(2)}),
                                            field("topics", &M::topics)};
};

}  // namespace mq::kafka
