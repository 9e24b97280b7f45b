// SPDX-License-Identifier: Apache-2.0
// OffsetForLeaderEpoch: where a leader's epoch ends, so that a log that diverged knows where to cut.
//   v3 replica id   v4 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct OffsetForLeaderEpochRequest {
  struct OffsetForLeaderPartition {
    std::int32_t partition = 0;
    std::int32_t current_leader_epoch = -1;
    std::int32_t leader_epoch = 0;
    bool operator==(const OffsetForLeaderPartition&) const = default;
  };

  struct OffsetForLeaderTopic {
    std::string topic;
    std::vector<OffsetForLeaderPartition> partitions;
    bool operator==(const OffsetForLeaderTopic&) const = default;
  };

  std::int32_t replica_id = -2;
  std::vector<OffsetForLeaderTopic> topics;
  bool operator==(const OffsetForLeaderEpochRequest&) const = default;
};

template <>
struct Describe<OffsetForLeaderEpochRequest::OffsetForLeaderPartition> {
  using M = OffsetForLeaderEpochRequest::OffsetForLeaderPartition;
  static constexpr auto fields =
      std::tuple{field("partition", &M::partition), field("current_leader_epoch", &M::current_leader_epoch),
                 field("leader_epoch", &M::leader_epoch)};
};

template <>
struct Describe<OffsetForLeaderEpochRequest::OffsetForLeaderTopic> {
  using M = OffsetForLeaderEpochRequest::OffsetForLeaderTopic;
  static constexpr auto fields = std::tuple{field("topic", &M::topic), field("partitions", &M::partitions)};
};

template <>
struct Describe<OffsetForLeaderEpochRequest> {
  using M = OffsetForLeaderEpochRequest;
  static constexpr std::string_view name = "OffsetForLeaderEpochRequest";
  static constexpr std::int16_t key = 23;
  static constexpr Versions valid{2, 4}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("replica_id", &M::replica_id, {.in = since(3)}), field("topics", &M::topics)};
};

struct OffsetForLeaderEpochResponse {
  struct EpochEndOffset {
    std::int16_t error_code = 0;
    std::int32_t partition = 0;
    std::int32_t leader_epoch = -1;
    std::int64_t end_offset = -1;
    bool operator==(const EpochEndOffset&) const = default;
  };

  struct OffsetForLeaderTopicResult {
    std::string topic;
    std::vector<EpochEndOffset> partitions;
    bool operator==(const OffsetForLeaderTopicResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<OffsetForLeaderTopicResult> topics;
  bool operator==(const OffsetForLeaderEpochResponse&) const = default;
};

template <>
struct Describe<OffsetForLeaderEpochResponse::EpochEndOffset> {
  using M = OffsetForLeaderEpochResponse::EpochEndOffset;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code), field("partition", &M::partition),
                 field("leader_epoch", &M::leader_epoch), field("end_offset", &M::end_offset)};
};

template <>
struct Describe<OffsetForLeaderEpochResponse::OffsetForLeaderTopicResult> {
  using M = OffsetForLeaderEpochResponse::OffsetForLeaderTopicResult;
  static constexpr auto fields = std::tuple{field("topic", &M::topic), field("partitions", &M::partitions)};
};

template <>
struct Describe<OffsetForLeaderEpochResponse> {
  using M = OffsetForLeaderEpochResponse;
  static constexpr std::string_view name = "OffsetForLeaderEpochResponse";
  static constexpr std::int16_t key = 23;
  static constexpr Versions valid{2, 4}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("topics", &M::topics)};
};

}  // namespace mq::kafka
