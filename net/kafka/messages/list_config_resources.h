// SPDX-License-Identifier: Apache-2.0
// ListConfigResources: what has settings. Flexible from the start.
//   v0 client metrics only   v1 of the types asked for
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ListConfigResourcesRequest {
  std::vector<std::int8_t> resource_types;
  bool operator==(const ListConfigResourcesRequest&) const = default;
};

template <>
struct Describe<ListConfigResourcesRequest> {
  using M = ListConfigResourcesRequest;
  static constexpr std::string_view name = "ListConfigResourcesRequest";
  static constexpr std::int16_t key = 74;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields = std::tuple{field("resource_types", &M::resource_types, {.in = since(1)})};
};

struct ListConfigResourcesResponse {
  struct ConfigResource {
    std::string resource_name;
    std::int8_t resource_type = 16;
    bool operator==(const ConfigResource&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<ConfigResource> config_resources;
  bool operator==(const ListConfigResourcesResponse&) const = default;
};

template <>
struct Describe<ListConfigResourcesResponse::ConfigResource> {
  using M = ListConfigResourcesResponse::ConfigResource;
  static constexpr auto fields = std::tuple{field("resource_name", &M::resource_name),
                                            field("resource_type", &M::resource_type, {.in = since(1)})};
};

template <>
struct Describe<ListConfigResourcesResponse> {
  using M = ListConfigResourcesResponse;
  static constexpr std::string_view name = "ListConfigResourcesResponse";
  static constexpr std::int16_t key = 74;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code),
                 field("config_resources", &M::config_resources)};
};

}  // namespace mq::kafka
