// SPDX-License-Identifier: Apache-2.0
// UpdateFeatures: which level of a feature all brokers are to use. Flexible from the start.
//   v1 kinds of upgrades, may only be validated   v2 one error for all
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct UpdateFeaturesRequest {
  struct FeatureUpdateKey {
    std::string feature;
    std::int16_t max_version_level = 0;
    bool allow_downgrade = false;
    std::int8_t upgrade_type = 1;  // 1 upgrade, 2 downgrade, 3 downgrade that may lose something
    bool operator==(const FeatureUpdateKey&) const = default;
  };

  std::int32_t timeout_ms = 60000;
  std::vector<FeatureUpdateKey> feature_updates;
  bool validate_only = false;
  bool operator==(const UpdateFeaturesRequest&) const = default;
};

template <>
struct Describe<UpdateFeaturesRequest::FeatureUpdateKey> {
  using M = UpdateFeaturesRequest::FeatureUpdateKey;
  static constexpr auto fields =
      std::tuple{field("feature", &M::feature), field("max_version_level", &M::max_version_level),
                 field("allow_downgrade", &M::allow_downgrade, {.in = until(0)}),
                 field("upgrade_type", &M::upgrade_type, {.in = since(1)})};
};

template <>
struct Describe<UpdateFeaturesRequest> {
  using M = UpdateFeaturesRequest;
  static constexpr std::string_view name = "UpdateFeaturesRequest";
  static constexpr std::int16_t key = 57;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("timeout_ms", &M::timeout_ms), field("feature_updates", &M::feature_updates),
                 field("validate_only", &M::validate_only, {.in = since(1)})};
};

struct UpdateFeaturesResponse {
  struct UpdatableFeatureResult {
    std::string feature;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    bool operator==(const UpdatableFeatureResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::vector<UpdatableFeatureResult> results;
  bool operator==(const UpdateFeaturesResponse&) const = default;
};

template <>
struct Describe<UpdateFeaturesResponse::UpdatableFeatureResult> {
  using M = UpdateFeaturesResponse::UpdatableFeatureResult;
  static constexpr auto fields =
      std::tuple{field("feature", &M::feature), field("error_code", &M::error_code),
                 field("error_message", &M::error_message)};
};

template <>
struct Describe<UpdateFeaturesResponse> {
  using M = UpdateFeaturesResponse;
  static constexpr std::string_view name = "UpdateFeaturesResponse";
  static constexpr std::int16_t key = 57;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code),
                 field("error_message", &M::error_message), field("results", &M::results, {.in = until(1)})};
};

}  // namespace mq::kafka
