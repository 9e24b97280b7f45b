// SPDX-License-Identifier: Apache-2.0
// DescribeLogDirs: what lies in which directory, and how large it is.
//   v2 flexible   v3 top-level error   v4 size of the volume
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeLogDirsRequest {
  struct DescribableLogDirTopic {
    std::string topic;
    std::vector<std::int32_t> partitions;
    bool operator==(const DescribableLogDirTopic&) const = default;
  };

  std::optional<std::vector<DescribableLogDirTopic>> topics;
  bool operator==(const DescribeLogDirsRequest&) const = default;
};

template <>
struct Describe<DescribeLogDirsRequest::DescribableLogDirTopic> {
  using M = DescribeLogDirsRequest::DescribableLogDirTopic;
  static constexpr auto fields = std::tuple{field("topic", &M::topic), field("partitions", &M::partitions)};
};

template <>
struct Describe<DescribeLogDirsRequest> {
  using M = DescribeLogDirsRequest;
  static constexpr std::string_view name = "DescribeLogDirsRequest";
  static constexpr std::int16_t key = 35;
  static constexpr Versions valid{1, 5}, flexible = since(2);
  static constexpr auto fields = std::tuple{field("topics", &M::topics)};
};

struct DescribeLogDirsResponse {
  struct DescribeLogDirsPartition {
    std::int32_t partition_index = 0;
    std::int64_t partition_size = 0;
    std::int64_t offset_lag = 0;
    bool is_future_key = false;
    bool operator==(const DescribeLogDirsPartition&) const = default;
  };

  struct DescribeLogDirsTopic {
    std::string name;
    std::vector<DescribeLogDirsPartition> partitions;
    bool operator==(const DescribeLogDirsTopic&) const = default;
  };

  struct DescribeLogDirsResult {
    std::int16_t error_code = 0;
    std::string log_dir;
    std::vector<DescribeLogDirsTopic> topics;
    std::int64_t total_bytes = -1;
    std::int64_t usable_bytes = -1;
    bool is_cordoned = false;
    bool operator==(const DescribeLogDirsResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<DescribeLogDirsResult> results;
  bool operator==(const DescribeLogDirsResponse&) const = default;
};

template <>
struct Describe<DescribeLogDirsResponse::DescribeLogDirsPartition> {
  using M = DescribeLogDirsResponse::DescribeLogDirsPartition;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("partition_size", &M::partition_size),
                 field("offset_lag", &M::offset_lag), field("is_future_key", &M::is_future_key)};
};

template <>
struct Describe<DescribeLogDirsResponse::DescribeLogDirsTopic> {
  using M = DescribeLogDirsResponse::DescribeLogDirsTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<DescribeLogDirsResponse::DescribeLogDirsResult> {
  using M = DescribeLogDirsResponse::DescribeLogDirsResult;
  static constexpr auto fields = std::tuple{field("error_code", &M::error_code),
                                            field("log_dir", &M::log_dir),
                                            field("topics", &M::topics),
                                            field("total_bytes", &M::total_bytes, {.in = since(4)}),
                                            field("usable_bytes", &M::usable_bytes, {.in = since(4)}),
                                            field("is_cordoned", &M::is_cordoned, {.in = since(5)})};
};

template <>
struct Describe<DescribeLogDirsResponse> {
  using M = DescribeLogDirsResponse;
  static constexpr std::string_view name = "DescribeLogDirsResponse";
  static constexpr std::int16_t key = 35;
  static constexpr Versions valid{1, 5}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms),
                 field("error_code", &M::error_code, {.in = since(3)}), field("results", &M::results)};
};

}  // namespace mq::kafka
