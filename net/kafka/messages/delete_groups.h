// SPDX-License-Identifier: Apache-2.0
// DeleteGroups: forget groups that have no members.
//   v1 as v0   v2 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DeleteGroupsRequest {
  std::vector<std::string> groups_names;
  bool operator==(const DeleteGroupsRequest&) const = default;
};

template <>
struct Describe<DeleteGroupsRequest> {
  using M = DeleteGroupsRequest;
  static constexpr std::string_view name = "DeleteGroupsRequest";
  static constexpr std::int16_t key = 42;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields = std::tuple{field("groups_names", &M::groups_names)};
};

struct DeleteGroupsResponse {
  struct DeletableGroupResult {
    std::string group_id;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    bool operator==(const DeletableGroupResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<DeletableGroupResult> results;
  bool operator==(const DeleteGroupsResponse&) const = default;
};

template <>
struct Describe<DeleteGroupsResponse::DeletableGroupResult> {
  using M = DeleteGroupsResponse::DeletableGroupResult;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("error_code", &M::error_code),
                 field("error_message", &M::error_message, {.in = since(3)})};
};

template <>
struct Describe<DeleteGroupsResponse> {
  using M = DeleteGroupsResponse;
  static constexpr std::string_view name = "DeleteGroupsResponse";
  static constexpr std::int16_t key = 42;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("results", &M::results)};
};

}  // namespace mq::kafka
