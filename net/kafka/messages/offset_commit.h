// SPDX-License-Identifier: Apache-2.0
// OffsetCommit: how far a group has read.
//   v3 throttle time   v5 no retention time   v6 leader epochs   v7 static members   v8 flexible
//   v9 member epochs   v10 topics by id
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct OffsetCommitRequest {
  struct OffsetCommitRequestPartition {
    std::int32_t partition_index = 0;
    std::int64_t committed_offset = 0;
    std::int32_t committed_leader_epoch = -1;
    std::optional<std::string> committed_metadata;
    bool operator==(const OffsetCommitRequestPartition&) const = default;
  };

  struct OffsetCommitRequestTopic {
    std::string name;
    Uuid topic_id{};
    std::vector<OffsetCommitRequestPartition> partitions;
    bool operator==(const OffsetCommitRequestTopic&) const = default;
  };

  std::string group_id;
  std::int32_t generation_id_or_member_epoch = -1;
  std::string member_id;
  std::optional<std::string> group_instance_id;
  std::int64_t retention_time_ms = -1;
  std::vector<OffsetCommitRequestTopic> topics;
  bool operator==(const OffsetCommitRequest&) const = default;
};

template <>
struct Describe<OffsetCommitRequest::OffsetCommitRequestPartition> {
  using M = OffsetCommitRequest::OffsetCommitRequestPartition;
  static constexpr auto fields = std::tuple{
      field("partition_index", &M::partition_index), field("committed_offset", &M::committed_offset),
      field("committed_leader_epoch", &M::committed_leader_epoch, {.in = since(6)}),
      field("committed_metadata", &M::committed_metadata)};
};

template <>
struct Describe<OffsetCommitRequest::OffsetCommitRequestTopic> {
  using M = OffsetCommitRequest::OffsetCommitRequestTopic;
  static constexpr auto fields =
      std::tuple{field("name", &M::name, {.in = until(9)}),
                 field("topic_id", &M::topic_id, {.in = since(10)}), field("partitions", &M::partitions)};
};

template <>
struct Describe<OffsetCommitRequest> {
  using M = OffsetCommitRequest;
  static constexpr std::string_view name = "OffsetCommitRequest";
  static constexpr std::int16_t key = 8;
  static constexpr Versions valid{2, 10}, flexible = since(8);
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id),
                 field("generation_id_or_member_epoch", &M::generation_id_or_member_epoch),
                 field("member_id", &M::member_id),
                 field("group_instance_id", &M::group_instance_id, {.in = since(7)}),
                 field("retention_time_ms", &M::retention_time_ms, {.in = until(4)}),
                 field("topics", &M::topics)};
};

struct OffsetCommitResponse {
  struct OffsetCommitResponsePartition {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    bool operator==(const OffsetCommitResponsePartition&) const = default;
  };

  struct OffsetCommitResponseTopic {
    std::string name;
    Uuid topic_id{};
    std::vector<OffsetCommitResponsePartition> partitions;
    bool operator==(const OffsetCommitResponseTopic&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<OffsetCommitResponseTopic> topics;
  bool operator==(const OffsetCommitResponse&) const = default;
};

template <>
struct Describe<OffsetCommitResponse::OffsetCommitResponsePartition> {
  using M = OffsetCommitResponse::OffsetCommitResponsePartition;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("error_code", &M::error_code)};
};

template <>
struct Describe<OffsetCommitResponse::OffsetCommitResponseTopic> {
  using M = OffsetCommitResponse::OffsetCommitResponseTopic;
  static constexpr auto fields =
      std::tuple{field("name", &M::name, {.in = until(9)}),
                 field("topic_id", &M::topic_id, {.in = since(10)}), field("partitions", &M::partitions)};
};

template <>
struct Describe<OffsetCommitResponse> {
  using M = OffsetCommitResponse;
  static constexpr std::string_view name = "OffsetCommitResponse";
  static constexpr std::int16_t key = 8;
  static constexpr Versions valid{2, 10}, flexible = since(8);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(3)}),
                                            field("topics", &M::topics)};
};

}  // namespace mq::kafka
