// SPDX-License-Identifier: Apache-2.0
// AlterConfigs: replaces all settings of a resource; those not named go back to their defaults.
//   v2 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct AlterConfigsRequest {
  struct AlterableConfig {
    std::string name;
    std::optional<std::string> value;
    bool operator==(const AlterableConfig&) const = default;
  };

  struct AlterConfigsResource {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::vector<AlterableConfig> configs;
    bool operator==(const AlterConfigsResource&) const = default;
  };

  std::vector<AlterConfigsResource> resources;
  bool validate_only = false;
  bool operator==(const AlterConfigsRequest&) const = default;
};

template <>
struct Describe<AlterConfigsRequest::AlterableConfig> {
  using M = AlterConfigsRequest::AlterableConfig;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("value", &M::value)};
};

template <>
struct Describe<AlterConfigsRequest::AlterConfigsResource> {
  using M = AlterConfigsRequest::AlterConfigsResource;
  static constexpr auto fields =
      std::tuple{field("resource_type", &M::resource_type), field("resource_name", &M::resource_name),
                 field("configs", &M::configs)};
};

template <>
struct Describe<AlterConfigsRequest> {
  using M = AlterConfigsRequest;
  static constexpr std::string_view name = "AlterConfigsRequest";
  static constexpr std::int16_t key = 33;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("resources", &M::resources), field("validate_only", &M::validate_only)};
};

struct AlterConfigsResponse {
  struct AlterConfigsResourceResponse {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::int8_t resource_type = 0;
    std::string resource_name;
    bool operator==(const AlterConfigsResourceResponse&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<AlterConfigsResourceResponse> responses;
  bool operator==(const AlterConfigsResponse&) const = default;
};

template <>
struct Describe<AlterConfigsResponse::AlterConfigsResourceResponse> {
  using M = AlterConfigsResponse::AlterConfigsResourceResponse;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code), field("error_message", &M::error_message),
                 field("resource_type", &M::resource_type), field("resource_name", &M::resource_name)};
};

template <>
struct Describe<AlterConfigsResponse> {
  using M = AlterConfigsResponse;
  static constexpr std::string_view name = "AlterConfigsResponse";
  static constexpr std::int16_t key = 33;
  static constexpr Versions valid{0, 2}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("responses", &M::responses)};
};

}  // namespace mq::kafka
