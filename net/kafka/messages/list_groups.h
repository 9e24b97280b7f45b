// SPDX-License-Identifier: Apache-2.0
// ListGroups: the groups this broker coordinates.
//   v1 throttle time   v3 flexible   v4 states   v5 types
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ListGroupsRequest {
  std::vector<std::string> states_filter;
  std::vector<std::string> types_filter;
  bool operator==(const ListGroupsRequest&) const = default;
};

template <>
struct Describe<ListGroupsRequest> {
  using M = ListGroupsRequest;
  static constexpr std::string_view name = "ListGroupsRequest";
  static constexpr std::int16_t key = 16;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields = std::tuple{field("states_filter", &M::states_filter, {.in = since(4)}),
                                            field("types_filter", &M::types_filter, {.in = since(5)})};
};

struct ListGroupsResponse {
  struct ListedGroup {
    std::string group_id;
    std::string protocol_type;
    std::string group_state;
    std::string group_type;
    bool operator==(const ListedGroup&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<ListedGroup> groups;
  bool operator==(const ListGroupsResponse&) const = default;
};

template <>
struct Describe<ListGroupsResponse::ListedGroup> {
  using M = ListGroupsResponse::ListedGroup;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("protocol_type", &M::protocol_type),
                 field("group_state", &M::group_state, {.in = since(4)}),
                 field("group_type", &M::group_type, {.in = since(5)})};
};

template <>
struct Describe<ListGroupsResponse> {
  using M = ListGroupsResponse;
  static constexpr std::string_view name = "ListGroupsResponse";
  static constexpr std::int16_t key = 16;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(1)}),
                                            field("error_code", &M::error_code), field("groups", &M::groups)};
};

}  // namespace mq::kafka
