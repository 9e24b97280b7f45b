// SPDX-License-Identifier: Apache-2.0
// DescribeConfigs: the settings of topics and brokers, and where each value comes from.
//   v3 types and documentation   v4 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeConfigsRequest {
  struct DescribeConfigsResource {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::optional<std::vector<std::string>> configuration_keys;
    bool operator==(const DescribeConfigsResource&) const = default;
  };

  std::vector<DescribeConfigsResource> resources;
  bool include_synonyms = false;
  bool include_documentation = false;
  bool operator==(const DescribeConfigsRequest&) const = default;
};

template <>
struct Describe<DescribeConfigsRequest::DescribeConfigsResource> {
  using M = DescribeConfigsRequest::DescribeConfigsResource;
  static constexpr auto fields =
      std::tuple{field("resource_type", &M::resource_type), field("resource_name", &M::resource_name),
                 field("configuration_keys", &M::configuration_keys)};
};

template <>
struct Describe<DescribeConfigsRequest> {
  using M = DescribeConfigsRequest;
  static constexpr std::string_view name = "DescribeConfigsRequest";
  static constexpr std::int16_t key = 32;
  static constexpr Versions valid{1, 4}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("resources", &M::resources), field("include_synonyms", &M::include_synonyms),
                 field("include_documentation", &M::include_documentation, {.in = since(3)})};
};

struct DescribeConfigsResponse {
  struct DescribeConfigsSynonym {
    std::string name;
    std::optional<std::string> value;
    std::int8_t source = 0;
    bool operator==(const DescribeConfigsSynonym&) const = default;
  };

  struct DescribeConfigsResourceResult {
    std::string name;
    std::optional<std::string> value;
    bool read_only = false;
    std::int8_t config_source = -1;
    bool is_sensitive = false;
    std::vector<DescribeConfigsSynonym> synonyms;
    std::int8_t config_type = 0;
    std::optional<std::string> documentation;
    bool operator==(const DescribeConfigsResourceResult&) const = default;
  };

  struct DescribeConfigsResult {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::vector<DescribeConfigsResourceResult> configs;
    bool operator==(const DescribeConfigsResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<DescribeConfigsResult> results;
  bool operator==(const DescribeConfigsResponse&) const = default;
};

template <>
struct Describe<DescribeConfigsResponse::DescribeConfigsSynonym> {
  using M = DescribeConfigsResponse::DescribeConfigsSynonym;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("value", &M::value), field("source", &M::source)};
};

template <>
struct Describe<DescribeConfigsResponse::DescribeConfigsResourceResult> {
  using M = DescribeConfigsResponse::DescribeConfigsResourceResult;
  static constexpr auto fields = std::tuple{field("name", &M::name),
                                            field("value", &M::value),
                                            field("read_only", &M::read_only),
                                            field("config_source", &M::config_source),
                                            field("is_sensitive", &M::is_sensitive),
                                            field("synonyms", &M::synonyms),
                                            field("config_type", &M::config_type, {.in = since(3)}),
                                            field("documentation", &M::documentation, {.in = since(3)})};
};

template <>
struct Describe<DescribeConfigsResponse::DescribeConfigsResult> {
  using M = DescribeConfigsResponse::DescribeConfigsResult;
  static constexpr auto fields =
      std::tuple{field("error_code", &M::error_code), field("error_message", &M::error_message),
                 field("resource_type", &M::resource_type), field("resource_name", &M::resource_name),
                 field("configs", &M::configs)};
};

template <>
struct Describe<DescribeConfigsResponse> {
  using M = DescribeConfigsResponse;
  static constexpr std::string_view name = "DescribeConfigsResponse";
  static constexpr std::int16_t key = 32;
  static constexpr Versions valid{1, 4}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("results", &M::results)};
};

}  // namespace mq::kafka
