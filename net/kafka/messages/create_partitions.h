// SPDX-License-Identifier: Apache-2.0
// CreatePartitions: makes topics wider; `count` is the new total.
//   v2 flexible   v3 may answer THROTTLING_QUOTA_EXCEEDED
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct CreatePartitionsRequest {
  struct CreatePartitionsAssignment {
    std::vector<std::int32_t> broker_ids;
    bool operator==(const CreatePartitionsAssignment&) const = default;
  };

  struct CreatePartitionsTopic {
    std::string name;
    std::int32_t count = 0;
    std::optional<std::vector<CreatePartitionsAssignment>> assignments;
    bool operator==(const CreatePartitionsTopic&) const = default;
  };

  std::vector<CreatePartitionsTopic> topics;
  std::int32_t timeout_ms = 0;
  bool validate_only = false;
  bool operator==(const CreatePartitionsRequest&) const = default;
};

template <>
struct Describe<CreatePartitionsRequest::CreatePartitionsAssignment> {
  using M = CreatePartitionsRequest::CreatePartitionsAssignment;
  static constexpr auto fields = std::tuple{field("broker_ids", &M::broker_ids)};
};

template <>
struct Describe<CreatePartitionsRequest::CreatePartitionsTopic> {
  using M = CreatePartitionsRequest::CreatePartitionsTopic;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("count", &M::count), field("assignments", &M::assignments)};
};

template <>
struct Describe<CreatePartitionsRequest> {
  using M = CreatePartitionsRequest;
  static constexpr std::string_view name = "CreatePartitionsRequest";
  static constexpr std::int16_t key = 37;
  static constexpr Versions valid{0, 3}, flexible = since(2);
  static constexpr auto fields = std::tuple{field("topics", &M::topics), field("timeout_ms", &M::timeout_ms),
                                            field("validate_only", &M::validate_only)};
};

struct CreatePartitionsResponse {
  struct CreatePartitionsTopicResult {
    std::string name;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    bool operator==(const CreatePartitionsTopicResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<CreatePartitionsTopicResult> results;
  bool operator==(const CreatePartitionsResponse&) const = default;
};

template <>
struct Describe<CreatePartitionsResponse::CreatePartitionsTopicResult> {
  using M = CreatePartitionsResponse::CreatePartitionsTopicResult;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("error_code", &M::error_code),
                                            field("error_message", &M::error_message)};
};

template <>
struct Describe<CreatePartitionsResponse> {
  using M = CreatePartitionsResponse;
  static constexpr std::string_view name = "CreatePartitionsResponse";
  static constexpr std::int16_t key = 37;
  static constexpr Versions valid{0, 3}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("results", &M::results)};
};

}  // namespace mq::kafka
