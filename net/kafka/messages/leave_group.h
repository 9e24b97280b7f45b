// SPDX-License-Identifier: Apache-2.0
// LeaveGroup: members go.
//   v1 throttle time   v3 many members at once   v4 flexible   v5 reason
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct LeaveGroupRequest {
  struct MemberIdentity {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    std::optional<std::string> reason;
    bool operator==(const MemberIdentity&) const = default;
  };

  std::string group_id;
  std::string member_id;
  std::vector<MemberIdentity> members;
  bool operator==(const LeaveGroupRequest&) const = default;
};

template <>
struct Describe<LeaveGroupRequest::MemberIdentity> {
  using M = LeaveGroupRequest::MemberIdentity;
  static constexpr auto fields =
      std::tuple{field("member_id", &M::member_id), field("group_instance_id", &M::group_instance_id),
                 field("reason", &M::reason, {.in = since(5)})};
};

template <>
struct Describe<LeaveGroupRequest> {
  using M = LeaveGroupRequest;
  static constexpr std::string_view name = "LeaveGroupRequest";
  static constexpr std::int16_t key = 13;
  static constexpr Versions valid{0, 5}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id), field("member_id", &M::member_id, {.in = until(2)}),
                 field("members", &M::members, {.in = since(3)})};
};

struct LeaveGroupResponse {
  struct MemberResponse {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    std::int16_t error_code = 0;
    bool operator==(const MemberResponse&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<MemberResponse> members;
  bool operator==(const LeaveGroupResponse&) const = default;
};

template <>
struct Describe<LeaveGroupResponse::MemberResponse> {
  using M = LeaveGroupResponse::MemberResponse;
  static constexpr auto fields =
      std::tuple{field("member_id", &M::member_id), field("group_instance_id", &M::group_instance_id),
                 field("error_code", &M::error_code)};
};

template <>
struct Describe<LeaveGroupResponse> {
  using M = LeaveGroupResponse;
  static constexpr std::string_view name = "LeaveGroupResponse";
  static constexpr std::int16_t key = 13;
  static constexpr Versions valid{0, 5}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(1)}),
                 field("error_code", &M::error_code), field("members", &M::members, {.in = since(3)})};
};

}  // namespace mq::kafka
