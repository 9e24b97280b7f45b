// SPDX-License-Identifier: Apache-2.0
// OffsetDelete: forget how far a group has read. Never flexible.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct OffsetDeleteRequest {
  struct OffsetDeleteRequestPartition {
    std::int32_t partition_index = 0;
    bool operator==(const OffsetDeleteRequestPartition&) const = default;
  };

  struct OffsetDeleteRequestTopic {
    std::string name;
    std::vector<OffsetDeleteRequestPartition> partitions;
    bool operator==(const OffsetDeleteRequestTopic&) const = default;
  };

  std::string group_id;
  std::vector<OffsetDeleteRequestTopic> topics;
  bool operator==(const OffsetDeleteRequest&) const = default;
};

template <>
struct Describe<OffsetDeleteRequest::OffsetDeleteRequestPartition> {
  using M = OffsetDeleteRequest::OffsetDeleteRequestPartition;
  static constexpr auto fields = std::tuple{field("partition_index", &M::partition_index)};
};

template <>
struct Describe<OffsetDeleteRequest::OffsetDeleteRequestTopic> {
  using M = OffsetDeleteRequest::OffsetDeleteRequestTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<OffsetDeleteRequest> {
  using M = OffsetDeleteRequest;
  static constexpr std::string_view name = "OffsetDeleteRequest";
  static constexpr std::int16_t key = 47;
  static constexpr Versions valid{0, 0}, flexible = never;
  static constexpr auto fields = std::tuple{field("group_id", &M::group_id), field("topics", &M::topics)};
};

struct OffsetDeleteResponse {
  struct OffsetDeleteResponsePartition {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    bool operator==(const OffsetDeleteResponsePartition&) const = default;
  };

  struct OffsetDeleteResponseTopic {
    std::string name;
    std::vector<OffsetDeleteResponsePartition> partitions;
    bool operator==(const OffsetDeleteResponseTopic&) const = default;
  };

  std::int16_t error_code = 0;
  std::int32_t throttle_time_ms = 0;
  std::vector<OffsetDeleteResponseTopic> topics;
  bool operator==(const OffsetDeleteResponse&) const = default;
};

template <>
struct Describe<OffsetDeleteResponse::OffsetDeleteResponsePartition> {
  using M = OffsetDeleteResponse::OffsetDeleteResponsePartition;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("error_code", &M::error_code)};
};

template <>
struct Describe<OffsetDeleteResponse::OffsetDeleteResponseTopic> {
  using M = OffsetDeleteResponse::OffsetDeleteResponseTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<OffsetDeleteResponse> {
  using M = OffsetDeleteResponse;
  static constexpr std::string_view name = "OffsetDeleteResponse";
  static constexpr std::int16_t key = 47;
  static constexpr Versions valid{0, 0}, flexible = never;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code), field("throttle_time_ms", &M::throttle_time_ms),
                 field("topics", &M::topics)};
};

}  // namespace mq::kafka
