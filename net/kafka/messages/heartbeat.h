// SPDX-License-Identifier: Apache-2.0
// Heartbeat: a member of a generation is alive, and learns whether to join again.
//   v1 throttle time   v3 static members   v4 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct HeartbeatRequest {
  std::string group_id;
  std::int32_t generation_id = 0;
  std::string member_id;
  std::optional<std::string> group_instance_id;
  bool operator==(const HeartbeatRequest&) const = default;
};

template <>
struct Describe<HeartbeatRequest> {
  using M = HeartbeatRequest;
  static constexpr std::string_view name = "HeartbeatRequest";
  static constexpr std::int16_t key = 12;
  static constexpr Versions valid{0, 4}, flexible = since(4);
  static constexpr auto fields = std::tuple{
      field("group_id", &M::group_id), field("generation_id", &M::generation_id),
      field("member_id", &M::member_id), field("group_instance_id", &M::group_instance_id, {.in = since(3)})};
};

struct HeartbeatResponse {
  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  bool operator==(const HeartbeatResponse&) const = default;
};

template <>
struct Describe<HeartbeatResponse> {
  using M = HeartbeatResponse;
  static constexpr std::string_view name = "HeartbeatResponse";
  static constexpr std::int16_t key = 12;
  static constexpr Versions valid{0, 4}, flexible = since(4);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(1)}),
                                            field("error_code", &M::error_code)};
};

}  // namespace mq::kafka
