// SPDX-License-Identifier: Apache-2.0
// DescribeGroups: classic groups and their members.
//   v1 throttle time   v3 authorized operations   v4 static members   v5 flexible
//   v6 error message; a group that does not exist is an error
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeGroupsRequest {
  std::vector<std::string> groups;
  bool include_authorized_operations = false;
  bool operator==(const DescribeGroupsRequest&) const = default;
};

template <>
struct Describe<DescribeGroupsRequest> {
  using M = DescribeGroupsRequest;
  static constexpr std::string_view name = "DescribeGroupsRequest";
  static constexpr std::int16_t key = 15;
  static constexpr Versions valid{0, 6}, flexible = since(5);
  static constexpr auto fields =
      std::tuple{field("groups", &M::groups),
                 field("include_authorized_operations", &M::include_authorized_operations, {.in = since(3)})};
};

struct DescribeGroupsResponse {
  struct DescribedGroupMember {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    std::string client_id;
    std::string client_host;
    Bytes member_metadata;
    Bytes member_assignment;
    bool operator==(const DescribedGroupMember&) const = default;
  };

  struct DescribedGroup {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;
    std::string protocol_type;
    std::string protocol_data;
    std::vector<DescribedGroupMember> members;
    std::int32_t authorized_operations = -2147483648;
    bool operator==(const DescribedGroup&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<DescribedGroup> groups;
  bool operator==(const DescribeGroupsResponse&) const = default;
};

template <>
struct Describe<DescribeGroupsResponse::DescribedGroupMember> {
  using M = DescribeGroupsResponse::DescribedGroupMember;
  static constexpr auto fields =
      std::tuple{field("member_id", &M::member_id),
                 field("group_instance_id", &M::group_instance_id, {.in = since(4)}),
                 field("client_id", &M::client_id),
                 field("client_host", &M::client_host),
                 field("member_metadata", &M::member_metadata),
                 field("member_assignment", &M::member_assignment)};
};

template <>
struct Describe<DescribeGroupsResponse::DescribedGroup> {
  using M = DescribeGroupsResponse::DescribedGroup;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code),
                 field("error_message", &M::error_message, {.in = since(6)}),
                 field("group_id", &M::group_id),
                 field("group_state", &M::group_state),
                 field("protocol_type", &M::protocol_type),
                 field("protocol_data", &M::protocol_data),
                 field("members", &M::members),
                 field("authorized_operations", &M::authorized_operations, {.in = since(3)})};
};

template <>
struct Describe<DescribeGroupsResponse> {
  using M = DescribeGroupsResponse;
  static constexpr std::string_view name = "DescribeGroupsResponse";
  static constexpr std::int16_t key = 15;
  static constexpr Versions valid{0, 6}, flexible = since(5);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(1)}),
                                            field("groups", &M::groups)};
};

}  // namespace mq::kafka
