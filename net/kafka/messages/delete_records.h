// SPDX-License-Identifier: Apache-2.0
// DeleteRecords: forgets everything before an offset; -1 is the high watermark.
//   v2 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DeleteRecordsRequest {
  struct DeleteRecordsPartition {
    std::int32_t partition_index = 0;
    std::int64_t offset = 0;
    bool operator==(const DeleteRecordsPartition&) const = default;
  };

  struct DeleteRecordsTopic {
    std::string name;
    std::vector<DeleteRecordsPartition> partitions;
    bool operator==(const DeleteRecordsTopic&) const = default;
  };

  std::vector<DeleteRecordsTopic> topics;
  std::int32_t timeout_ms = 0;
  bool operator==(const DeleteRecordsRequest&) const = default;
};

template <>
struct Describe<DeleteRecordsRequest::DeleteRecordsPartition> {
  using M = DeleteRecordsRequest::DeleteRecordsPartition;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("offset", &M::offset)};
};

template <>
struct Describe<DeleteRecordsRequest::DeleteRecordsTopic> {
  using M = DeleteRecordsRequest::DeleteRecordsTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<DeleteRecordsRequest> {
  using M = DeleteRecordsRequest;
  static constexpr std::string_view name = "DeleteRecordsRequest";
  static constexpr std::int16_t key = 21;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields = std::tuple{field("topics", &M::topics), field("timeout_ms", &M::timeout_ms)};
};

struct DeleteRecordsResponse {
  struct DeleteRecordsPartitionResult {
    std::int32_t partition_index = 0;
    std::int64_t low_watermark = 0;
    std::int16_t error_code = 0;
    bool operator==(const DeleteRecordsPartitionResult&) const = default;
  };

  struct DeleteRecordsTopicResult {
    std::string name;
    std::vector<DeleteRecordsPartitionResult> partitions;
    bool operator==(const DeleteRecordsTopicResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<DeleteRecordsTopicResult> topics;
  bool operator==(const DeleteRecordsResponse&) const = default;
};

template <>
struct Describe<DeleteRecordsResponse::DeleteRecordsPartitionResult> {
  using M = DeleteRecordsResponse::DeleteRecordsPartitionResult;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("low_watermark", &M::low_watermark),
                 field("error_code", &M::error_code)};
};

template <>
struct Describe<DeleteRecordsResponse::DeleteRecordsTopicResult> {
  using M = DeleteRecordsResponse::DeleteRecordsTopicResult;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<DeleteRecordsResponse> {
  using M = DeleteRecordsResponse;
  static constexpr std::string_view name = "DeleteRecordsResponse";
  static constexpr std::int16_t key = 21;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("topics", &M::topics)};
};

}  // namespace mq::kafka
