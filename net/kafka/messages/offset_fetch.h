// SPDX-License-Identifier: Apache-2.0
// OffsetFetch: how far a group has read, asked back.
//   v2 null asks for all topics, top-level error   v3 throttle time   v5 leader epochs   v6 flexible
//   v7 stable offsets only   v8 many groups at once   v9 member epochs   v10 topics by id
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct OffsetFetchRequest {
  struct OffsetFetchRequestTopic {
    std::string name;
    Uuid topic_id{};
    std::vector<std::int32_t> partition_indexes;
    bool operator==(const OffsetFetchRequestTopic&) const = default;
  };

  struct OffsetFetchRequestGroup {
    std::string group_id;
    std::optional<std::string> member_id;
    std::int32_t member_epoch = -1;
    std::optional<std::vector<OffsetFetchRequestTopic>> topics;
    bool operator==(const OffsetFetchRequestGroup&) const = default;
  };

  std::string group_id;
  std::optional<std::vector<OffsetFetchRequestTopic>> topics;
  std::vector<OffsetFetchRequestGroup> groups;
  bool require_stable = false;
  bool operator==(const OffsetFetchRequest&) const = default;
};

template <>
struct Describe<OffsetFetchRequest::OffsetFetchRequestTopic> {
  using M = OffsetFetchRequest::OffsetFetchRequestTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name, {.in = until(9)}),
                                            field("topic_id", &M::topic_id, {.in = since(10)}),
                                            field("partition_indexes", &M::partition_indexes)};
};

template <>
struct Describe<OffsetFetchRequest::OffsetFetchRequestGroup> {
  using M = OffsetFetchRequest::OffsetFetchRequestGroup;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("member_id", &M::member_id, {.in = since(9)}),
                 field("member_epoch", &M::member_epoch, {.in = since(9)}), field("topics", &M::topics)};
};

template <>
struct Describe<OffsetFetchRequest> {
  using M = OffsetFetchRequest;
  static constexpr std::string_view name = "OffsetFetchRequest";
  static constexpr std::int16_t key = 9;
  static constexpr Versions valid{1, 10}, flexible = since(6);
  static constexpr auto fields = std::tuple{field("group_id", &M::group_id, {.in = until(7)}),
                                            field("topics", &M::topics, {.in = until(7), .null = since(2)}),
                                            field("groups", &M::groups, {.in = since(8)}),
                                            field("require_stable", &M::require_stable, {.in = since(7)})};
};

struct OffsetFetchResponse {
  struct OffsetFetchResponsePartition {
    std::int32_t partition_index = 0;
    std::int64_t committed_offset = 0;
    std::int32_t committed_leader_epoch = -1;
    std::optional<std::string> metadata;
    std::int16_t error_code = 0;
    bool operator==(const OffsetFetchResponsePartition&) const = default;
  };

  struct OffsetFetchResponseTopic {
    std::string name;
    Uuid topic_id{};
    std::vector<OffsetFetchResponsePartition> partitions;
    bool operator==(const OffsetFetchResponseTopic&) const = default;
  };

  struct OffsetFetchResponseGroup {
    std::string group_id;
    std::vector<OffsetFetchResponseTopic> topics;
    std::int16_t error_code = 0;
    bool operator==(const OffsetFetchResponseGroup&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<OffsetFetchResponseTopic> topics;
  std::int16_t error_code = 0;
  std::vector<OffsetFetchResponseGroup> groups;
  bool operator==(const OffsetFetchResponse&) const = default;
};

template <>
struct Describe<OffsetFetchResponse::OffsetFetchResponsePartition> {
  using M = OffsetFetchResponse::OffsetFetchResponsePartition;
  static constexpr auto fields = std::tuple{
      field("partition_index", &M::partition_index), field("committed_offset", &M::committed_offset),
      field("committed_leader_epoch", &M::committed_leader_epoch, {.in = since(5)}),
      field("metadata", &M::metadata), field("error_code", &M::error_code)};
};

template <>
struct Describe<OffsetFetchResponse::OffsetFetchResponseTopic> {
  using M = OffsetFetchResponse::OffsetFetchResponseTopic;
  static constexpr auto fields =
      std::tuple{field("name", &M::name, {.in = until(9)}),
                 field("topic_id", &M::topic_id, {.in = since(10)}), field("partitions", &M::partitions)};
};

template <>
struct Describe<OffsetFetchResponse::OffsetFetchResponseGroup> {
  using M = OffsetFetchResponse::OffsetFetchResponseGroup;
  static constexpr auto fields = std::tuple{field("group_id", &M::group_id), field("topics", &M::topics),
                                            field("error_code", &M::error_code)};
};

template <>
struct Describe<OffsetFetchResponse> {
  using M = OffsetFetchResponse;
  static constexpr std::string_view name = "OffsetFetchResponse";
  static constexpr std::int16_t key = 9;
  static constexpr Versions valid{1, 10}, flexible = since(6);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(3)}),
                                            field("topics", &M::topics, {.in = until(7)}),
                                            field("error_code", &M::error_code, {.in = {2, 7}}),
                                            field("groups", &M::groups, {.in = since(8)})};
};

}  // namespace mq::kafka
