// SPDX-License-Identifier: Apache-2.0
// IncrementalAlterConfigs: sets, removes, or changes by one word single settings of a resource.
//   v1 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct IncrementalAlterConfigsRequest {
  struct AlterableConfig {
    std::string name;
    std::int8_t config_operation = 0;
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
  bool operator==(const IncrementalAlterConfigsRequest&) const = default;
};

template <>
struct Describe<IncrementalAlterConfigsRequest::AlterableConfig> {
  using M = IncrementalAlterConfigsRequest::AlterableConfig;
  static constexpr auto fields = std::tuple{
      field("name", &M::name), field("config_operation", &M::config_operation), field("value", &M::value)};
};

template <>
struct Describe<IncrementalAlterConfigsRequest::AlterConfigsResource> {
  using M = IncrementalAlterConfigsRequest::AlterConfigsResource;
  static constexpr auto fields =
      std::tuple{field("resource_type", &M::resource_type), field("resource_name", &M::resource_name),
                 field("configs", &M::configs)};
};

template <>
struct Describe<IncrementalAlterConfigsRequest> {
  using M = IncrementalAlterConfigsRequest;
  static constexpr std::string_view name = "IncrementalAlterConfigsRequest";
  static constexpr std::int16_t key = 44;
  static constexpr Versions valid{0, 1}, flexible = since(1);
  static constexpr auto fields =
      std::tuple{field("resources", &M::resources), field("validate_only", &M::validate_only)};
};

struct IncrementalAlterConfigsResponse {
  struct AlterConfigsResourceResponse {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::int8_t resource_type = 0;
    std::string resource_name;
    bool operator==(const AlterConfigsResourceResponse&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<AlterConfigsResourceResponse> responses;
  bool operator==(const IncrementalAlterConfigsResponse&) const = default;
};

template <>
struct Describe<IncrementalAlterConfigsResponse::AlterConfigsResourceResponse> {
  using M = IncrementalAlterConfigsResponse::AlterConfigsResourceResponse;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code), field("error_message", &M::error_message),
                 field("resource_type", &M::resource_type), field("resource_name", &M::resource_name)};
};

template <>
struct Describe<IncrementalAlterConfigsResponse> {
  using M = IncrementalAlterConfigsResponse;
  static constexpr std::string_view name = "IncrementalAlterConfigsResponse";
  static constexpr std::int16_t key = 44;
  static constexpr Versions valid{0, 1}, flexible = since(1);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("responses", &M::responses)};
};

}  // namespace mq::kafka
