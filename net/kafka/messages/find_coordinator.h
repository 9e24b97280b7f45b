// SPDX-License-Identifier: Apache-2.0
// FindCoordinator: which broker speaks for a group or a transactional id.
//   v1 key type, throttle time, error message   v3 flexible   v4 many keys at once   v6 share groups
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct FindCoordinatorRequest {
  std::string key;
  std::int8_t key_type = 0;
  std::vector<std::string> coordinator_keys;
  bool operator==(const FindCoordinatorRequest&) const = default;
};

template <>
struct Describe<FindCoordinatorRequest> {
  using M = FindCoordinatorRequest;
  static constexpr std::string_view name = "FindCoordinatorRequest";
  static constexpr std::int16_t key = 10;
  static constexpr Versions valid{0, 6}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("key", &M::key, {.in = until(3)}), field("key_type", &M::key_type, {.in = since(1)}),
                 field("coordinator_keys", &M::coordinator_keys, {.in = since(4)})};
};

struct FindCoordinatorResponse {
  struct Coordinator {
    std::string key;
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    bool operator==(const Coordinator&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::int32_t node_id = 0;
  std::string host;
  std::int32_t port = 0;
  std::vector<Coordinator> coordinators;
  bool operator==(const FindCoordinatorResponse&) const = default;
};

template <>
struct Describe<FindCoordinatorResponse::Coordinator> {
  using M = FindCoordinatorResponse::Coordinator;
  static constexpr auto fields = std::tuple{field("key", &M::key),
                                            field("node_id", &M::node_id),
                                            field("host", &M::host),
                                            field("port", &M::port),
                                            field("error_code", &M::error_code),
                                            field("error_message", &M::error_message)};
};

template <>
struct Describe<FindCoordinatorResponse> {
  using M = FindCoordinatorResponse;
  static constexpr std::string_view name = "FindCoordinatorResponse";
  static constexpr std::int16_t key = 10;
  static constexpr Versions valid{0, 6}, flexible = since(3);
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms, {.in = since(1)}),
                                            field("error_code", &M::error_code, {.in = until(3)}),
                                            field("error_message", &M::error_message, {.in = {1, 3}}),
                                            field("node_id", &M::node_id, {.in = until(3)}),
                                            field("host", &M::host, {.in = until(3)}),
                                            field("port", &M::port, {.in = until(3)}),
                                            field("coordinators", &M::coordinators, {.in = since(4)})};
};

}  // namespace mq::kafka
