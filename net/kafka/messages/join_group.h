// SPDX-License-Identifier: Apache-2.0
// JoinGroup: who wants to be a member. Answered when the group's next generation begins; the leader
// learns of everybody, to assign.
//   v1 rebalance timeout   v2 throttle time   v4 member ids are handed out first   v5 static members
//   v6 flexible   v7 protocol type   v8 reason   v9 the leader may leave assigning to others
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct JoinGroupRequest {
  struct JoinGroupRequestProtocol {
    std::string name;
    Bytes metadata;
    bool operator==(const JoinGroupRequestProtocol&) const = default;
  };

  std::string group_id;
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = -1;
  std::string member_id;
  std::optional<std::string> group_instance_id;
  std::string protocol_type;
  std::vector<JoinGroupRequestProtocol> protocols;
  std::optional<std::string> reason;
  bool operator==(const JoinGroupRequest&) const = default;
};

template <>
struct Describe<JoinGroupRequest::JoinGroupRequestProtocol> {
  using M = JoinGroupRequest::JoinGroupRequestProtocol;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("metadata", &M::metadata)};
};

template <>
struct Describe<JoinGroupRequest> {
  using M = JoinGroupRequest;
  static constexpr std::string_view name = "JoinGroupRequest";
  static constexpr std::int16_t key = 11;
  static constexpr Versions valid{0, 9}, flexible = since(6);
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id),
                 field("session_timeout_ms", &M::session_timeout_ms),
                 field("rebalance_timeout_ms", &M::rebalance_timeout_ms, {.in = since(1)}),
                 field("member_id", &M::member_id),
                 field("group_instance_id", &M::group_instance_id, {.in = since(5)}),
                 field("protocol_type", &M::protocol_type),
                 field("protocols", &M::protocols),
                 field("reason", &M::reason, {.in = since(8)})};
};

struct JoinGroupResponse {
  struct JoinGroupResponseMember {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    Bytes metadata;
    bool operator==(const JoinGroupResponseMember&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::int32_t generation_id = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::string leader;
  bool skip_assignment = false;
  std::string member_id;
  std::vector<JoinGroupResponseMember> members;
  bool operator==(const JoinGroupResponse&) const = default;
};

template <>
struct Describe<JoinGroupResponse::JoinGroupResponseMember> {
  using M = JoinGroupResponse::JoinGroupResponseMember;
  static constexpr auto fields = std::tuple{
      field("member_id", &M::member_id), field("group_instance_id", &M::group_instance_id, {.in = since(5)}),
      field("metadata", &M::metadata)};
};

template <>
struct Describe<JoinGroupResponse> {
  using M = JoinGroupResponse;
  static constexpr std::string_view name = "JoinGroupResponse";
  static constexpr std::int16_t key = 11;
  static constexpr Versions valid{0, 9}, flexible = since(6);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(2)}),
                                            field("error_code", &M::error_code),
                                            field("generation_id", &M::generation_id),
                                            field("protocol_type", &M::protocol_type, {.in = since(7)}),
                                            field("protocol_name", &M::protocol_name, {.null = since(7)}),
                                            field("leader", &M::leader),
                                            field("skip_assignment", &M::skip_assignment, {.in = since(9)}),
                                            field("member_id", &M::member_id),
                                            field("members", &M::members)};
};

}  // namespace mq::kafka
