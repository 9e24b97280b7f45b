// SPDX-License-Identifier: Apache-2.0
// DescribeCluster: the brokers and the controller, for admin clients. Flexible from the start.
//   v1 endpoint type   v2 fenced brokers
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeClusterRequest {
  bool include_cluster_authorized_operations = false;
  std::int8_t endpoint_type = 1;
  bool include_fenced_brokers = false;
  bool operator==(const DescribeClusterRequest&) const = default;
};

template <>
struct Describe<DescribeClusterRequest> {
  using M = DescribeClusterRequest;
  static constexpr std::string_view name = "DescribeClusterRequest";
  static constexpr std::int16_t key = 60;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("include_cluster_authorized_operations", &M::include_cluster_authorized_operations),
                 field("endpoint_type", &M::endpoint_type, {.in = since(1)}),
                 field("include_fenced_brokers", &M::include_fenced_brokers, {.in = since(2)})};
};

struct DescribeClusterResponse {
  struct DescribeClusterBroker {
    std::int32_t broker_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;
    bool is_fenced = false;
    bool operator==(const DescribeClusterBroker&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::int8_t endpoint_type = 1;
  std::string cluster_id;
  std::int32_t controller_id = -1;
  std::vector<DescribeClusterBroker> brokers;
  std::int32_t cluster_authorized_operations = -2147483648;
  bool operator==(const DescribeClusterResponse&) const = default;
};

template <>
struct Describe<DescribeClusterResponse::DescribeClusterBroker> {
  using M = DescribeClusterResponse::DescribeClusterBroker;
  static constexpr auto fields =
      std::tuple{field("broker_id", &M::broker_id), field("host", &M::host), field("port", &M::port),
                 field("rack", &M::rack), field("is_fenced", &M::is_fenced, {.in = since(2)})};
};

template <>
struct Describe<DescribeClusterResponse> {
  using M = DescribeClusterResponse;
  static constexpr std::string_view name = "DescribeClusterResponse";
  static constexpr std::int16_t key = 60;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms),
                 field("error_code", &M::error_code),
                 field("error_message", &M::error_message),
                 field("endpoint_type", &M::endpoint_type, {.in = since(1)}),
                 field("cluster_id", &M::cluster_id),
                 field("controller_id", &M::controller_id),
                 field("brokers", &M::brokers),
                 field("cluster_authorized_operations", &M::cluster_authorized_operations)};
};

}  // namespace mq::kafka
