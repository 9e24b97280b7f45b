// SPDX-License-Identifier: Apache-2.0
// SyncGroup: the leader hands in the assignments of a generation, everybody takes theirs.
//   v1 throttle time   v3 static members   v4 flexible   v5 protocol type and name
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct SyncGroupRequest {
  struct SyncGroupRequestAssignment {
    std::string member_id;
    Bytes assignment;
    bool operator==(const SyncGroupRequestAssignment&) const = default;
  };

  std::string group_id;
  std::int32_t generation_id = 0;
  std::string member_id;
  std::optional<std::string> group_instance_id;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::vector<SyncGroupRequestAssignment> assignments;
  bool operator==(const SyncGroupRequest&) const = default;
};

template <>
struct Describe<SyncGroupRequest::SyncGroupRequestAssignment> {
  using M = SyncGroupRequest::SyncGroupRequestAssignment;
  static constexpr auto fields =
      std::tuple{field("member_id", &M::member_id), field("assignment", &M::assignment)};
};

template <>
struct Describe<SyncGroupRequest> {
  using M = SyncGroupRequest;
  static constexpr std::string_view name = "SyncGroupRequest";
  static constexpr std::int16_t key = 14;
  static constexpr Versions valid{0, 5}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id),
                 field("generation_id", &M::generation_id),
                 field("member_id", &M::member_id),
                 field("group_instance_id", &M::group_instance_id, {.in = since(3)}),
                 field("protocol_type", &M::protocol_type, {.in = since(5)}),
                 field("protocol_name", &M::protocol_name, {.in = since(5)}),
                 field("assignments", &M::assignments)};
};

struct SyncGroupResponse {
  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  Bytes assignment;
  bool operator==(const SyncGroupResponse&) const = default;
};

template <>
struct Describe<SyncGroupResponse> {
  using M = SyncGroupResponse;
  static constexpr std::string_view name = "SyncGroupResponse";
  static constexpr std::int16_t key = 14;
  static constexpr Versions valid{0, 5}, flexible = since(4);
  static constexpr auto fields = std::tuple{
      field("throttle_time_ms", &M::throttle_time_ms, {.in = since(1)}), field("error_code", &M::error_code),
      field("protocol_type", &M::protocol_type, {.in = since(5)}),
      field("protocol_name", &M::protocol_name, {.in = since(5)}), field("assignment", &M::assignment)};
};

}  // namespace mq::kafka
