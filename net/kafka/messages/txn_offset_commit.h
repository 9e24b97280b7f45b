// SPDX-License-Identifier: Apache-2.0
// TxnOffsetCommit: offsets that count once their transaction commits.
//   v2 leader epochs   v3 flexible, members checked
//   v5 adds the group to the transaction by itself   v6 topics by id
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct TxnOffsetCommitRequest {
  struct TxnOffsetCommitRequestPartition {
    std::int32_t partition_index = 0;
    std::int64_t committed_offset = 0;
    std::int32_t committed_leader_epoch = -1;
    std::optional<std::string> committed_metadata;
    bool operator==(const TxnOffsetCommitRequestPartition&) const = default;
  };

  struct TxnOffsetCommitRequestTopic {
    std::string name;
    std::vector<TxnOffsetCommitRequestPartition> partitions;
    bool operator==(const TxnOffsetCommitRequestTopic&) const = default;
  };

  std::string transactional_id;
  std::string group_id;
  std::int64_t producer_id = 0;
  std::int16_t producer_epoch = 0;
  std::int32_t generation_id_or_member_epoch = -1;
  std::string member_id;
  std::optional<std::string> group_instance_id;
  std::vector<TxnOffsetCommitRequestTopic> topics;
  bool operator==(const TxnOffsetCommitRequest&) const = default;
};

template <>
struct Describe<TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition> {
  using M = TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition;
  static constexpr auto fields = std::tuple{
      field("partition_index", &M::partition_index), field("committed_offset", &M::committed_offset),
      field("committed_leader_epoch", &M::committed_leader_epoch, {.in = since(2)}),
      field("committed_metadata", &M::committed_metadata)};
};

template <>
struct Describe<TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic> {
  using M = TxnOffsetCommitRequest::TxnOffsetCommitRequestTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<TxnOffsetCommitRequest> {
  using M = TxnOffsetCommitRequest;
  static constexpr std::string_view name = "TxnOffsetCommitRequest";
  static constexpr std::int16_t key = 28;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("transactional_id", &M::transactional_id),
                 field("group_id", &M::group_id),
                 field("producer_id", &M::producer_id),
                 field("producer_epoch", &M::producer_epoch),
                 field("generation_id_or_member_epoch", &M::generation_id_or_member_epoch, {.in = since(3)}),
                 field("member_id", &M::member_id, {.in = since(3)}),
                 field("group_instance_id", &M::group_instance_id, {.in = since(3)}),
                 field("topics", &M::topics)};
};

struct TxnOffsetCommitResponse {
  struct TxnOffsetCommitResponsePartition {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    bool operator==(const TxnOffsetCommitResponsePartition&) const = default;
  };

  struct TxnOffsetCommitResponseTopic {
    std::string name;
    std::vector<TxnOffsetCommitResponsePartition> partitions;
    bool operator==(const TxnOffsetCommitResponseTopic&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<TxnOffsetCommitResponseTopic> topics;
  bool operator==(const TxnOffsetCommitResponse&) const = default;
};

template <>
struct Describe<TxnOffsetCommitResponse::TxnOffsetCommitResponsePartition> {
  using M = TxnOffsetCommitResponse::TxnOffsetCommitResponsePartition;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("error_code", &M::error_code)};
};

template <>
struct Describe<TxnOffsetCommitResponse::TxnOffsetCommitResponseTopic> {
  using M = TxnOffsetCommitResponse::TxnOffsetCommitResponseTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<TxnOffsetCommitResponse> {
  using M = TxnOffsetCommitResponse;
  static constexpr std::string_view name = "TxnOffsetCommitResponse";
  static constexpr std::int16_t key = 28;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("topics", &M::topics)};
};

}  // namespace mq::kafka
