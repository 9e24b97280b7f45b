// SPDX-License-Identifier: Apache-2.0
// UnregisterBroker: a broker that will not come back is one no more. Flexible.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct UnregisterBrokerRequest {
  std::int32_t broker_id = 0;
  bool operator==(const UnregisterBrokerRequest&) const = default;
};

template <>
struct Describe<UnregisterBrokerRequest> {
  using M = UnregisterBrokerRequest;
  static constexpr std::string_view name = "UnregisterBrokerRequest";
  static constexpr std::int16_t key = 64;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{field("broker_id", &M::broker_id)};
};

struct UnregisterBrokerResponse {
  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  bool operator==(const UnregisterBrokerResponse&) const = default;
};

template <>
struct Describe<UnregisterBrokerResponse> {
  using M = UnregisterBrokerResponse;
  static constexpr std::string_view name = "UnregisterBrokerResponse";
  static constexpr std::int16_t key = 64;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code),
                 field("error_message", &M::error_message)};
};

}  // namespace mq::kafka
