// SPDX-License-Identifier: Apache-2.0
// ApiVersions: which requests, in which versions, this broker answers. Always the first request of a client.
//   v1 throttle time   v3 flexible, the client's software, features   v4 features whose minimum is 0
// The response header never has tags; a request of an unknown version is answered in v0.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ApiVersionsRequest {
  std::string client_software_name;
  std::string client_software_version;
  bool operator==(const ApiVersionsRequest&) const = default;
};

template <>
struct Describe<ApiVersionsRequest> {
  using M = ApiVersionsRequest;
  static constexpr std::string_view name = "ApiVersionsRequest";
  static constexpr std::int16_t key = 18;
  static constexpr Versions valid{0, 4}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("client_software_name", &M::client_software_name, {.in = since(3)}),
                 field("client_software_version", &M::client_software_version, {.in = since(3)})};
};

struct ApiVersionsResponse {
  struct ApiVersion {
    std::int16_t api_key = 0;
    std::int16_t min_version = 0;
    std::int16_t max_version = 0;
    bool operator==(const ApiVersion&) const = default;
  };

  struct SupportedFeatureKey {
    std::string name;
    std::int16_t min_version = 0;
    std::int16_t max_version = 0;
    bool operator==(const SupportedFeatureKey&) const = default;
  };

  struct FinalizedFeatureKey {
    std::string name;
    std::int16_t max_version_level = 0;
    std::int16_t min_version_level = 0;
    bool operator==(const FinalizedFeatureKey&) const = default;
  };

  std::int16_t error_code = 0;
  std::vector<ApiVersion> api_keys;
  std::int32_t throttle_time_ms = 0;
  std::vector<SupportedFeatureKey> supported_features;
  std::int64_t finalized_features_epoch = -1;
  std::vector<FinalizedFeatureKey> finalized_features;
  bool zk_migration_ready = false;
  bool operator==(const ApiVersionsResponse&) const = default;
};

template <>
struct Describe<ApiVersionsResponse::ApiVersion> {
  using M = ApiVersionsResponse::ApiVersion;
  static constexpr auto fields =
      std::tuple{field("api_key", &M::api_key), field("min_version", &M::min_version),
                 field("max_version", &M::max_version)};
};

template <>
struct Describe<ApiVersionsResponse::SupportedFeatureKey> {
  using M = ApiVersionsResponse::SupportedFeatureKey;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("min_version", &M::min_version),
                                            field("max_version", &M::max_version)};
};

template <>
struct Describe<ApiVersionsResponse::FinalizedFeatureKey> {
  using M = ApiVersionsResponse::FinalizedFeatureKey;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("max_version_level", &M::max_version_level),
                 field("min_version_level", &M::min_version_level)};
};

template <>
struct Describe<ApiVersionsResponse> {
  using M = ApiVersionsResponse;
  static constexpr std::string_view name = "ApiVersionsResponse";
  static constexpr std::int16_t key = 18;
  static constexpr Versions valid{0, 4}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code),
                 field("api_keys", &M::api_keys),
                 field("throttle_time_ms", &M::throttle_time_ms, {.in = since(1)}),
                 field("supported_features", &M::supported_features, {.in = since(3), .tag = 0}),
                 field("finalized_features_epoch", &M::finalized_features_epoch, {.in = since(3), .tag = 1}),
                 field("finalized_features", &M::finalized_features, {.in = since(3), .tag = 2}),
                 field("zk_migration_ready", &M::zk_migration_ready, {.in = since(3), .tag = 3})};
};

}  // namespace mq::kafka
