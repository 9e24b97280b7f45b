// SPDX-License-Identifier: Apache-2.0
// Produce: record batches to append, per partition; the batches are views into the frame, never parsed here.
//   v3 transactional id   v5 log start   v8 which records were wrong   v9 flexible   v10 where the leader is
//   now v13 topics by id
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ProduceRequest {
  struct PartitionProduceData {
    std::int32_t index = 0;
    std::optional<Records> records = Records{};
    bool operator==(const PartitionProduceData&) const = default;
  };

  struct TopicProduceData {
    std::string name;
    Uuid topic_id{};
    std::vector<PartitionProduceData> partition_data;
    bool operator==(const TopicProduceData&) const = default;
  };

  std::optional<std::string> transactional_id;
  std::int16_t acks = 0;
  std::int32_t timeout_ms = 0;
  std::vector<TopicProduceData> topic_data;
  bool operator==(const ProduceRequest&) const = default;
};

template <>
struct Describe<ProduceRequest::PartitionProduceData> {
  using M = ProduceRequest::PartitionProduceData;
  static constexpr auto fields = std::tuple{field("index", &M::index), field("records", &M::records)};
};

template <>
struct Describe<ProduceRequest::TopicProduceData> {
  using M = ProduceRequest::TopicProduceData;
  static constexpr auto fields = std::tuple{field("name", &M::name, {.in = until(12)}),
                                            field("topic_id", &M::topic_id, {.in = since(13)}),
                                            field("partition_data", &M::partition_data)};
};

template <>
struct Describe<ProduceRequest> {
  using M = ProduceRequest;
  static constexpr std::string_view name = "ProduceRequest";
  static constexpr std::int16_t key = 0;
  static constexpr Versions valid{3, 13}, flexible = since(9);
  static constexpr auto fields =
      std::tuple{field("transactional_id", &M::transactional_id), field("acks", &M::acks),
                 field("timeout_ms", &M::timeout_ms), field("topic_data", &M::topic_data)};
};

struct ProduceResponse {
  struct BatchIndexAndErrorMessage {
    std::int32_t batch_index = 0;
    std::optional<std::string> batch_index_error_message;
    bool operator==(const BatchIndexAndErrorMessage&) const = default;
  };

  struct LeaderIdAndEpoch {
    std::int32_t leader_id = -1;
    std::int32_t leader_epoch = -1;
    bool operator==(const LeaderIdAndEpoch&) const = default;
  };

  struct PartitionProduceResponse {
    std::int32_t index = 0;
    std::int16_t error_code = 0;
    std::int64_t base_offset = 0;
    std::int64_t log_append_time_ms = -1;
    std::int64_t log_start_offset = -1;
    std::vector<BatchIndexAndErrorMessage> record_errors;
    std::optional<std::string> error_message;
    LeaderIdAndEpoch current_leader;
    bool operator==(const PartitionProduceResponse&) const = default;
  };

  struct TopicProduceResponse {
    std::string name;
    Uuid topic_id{};
    std::vector<PartitionProduceResponse> partition_responses;
    bool operator==(const TopicProduceResponse&) const = default;
  };

  struct NodeEndpoint {
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;
    bool operator==(const NodeEndpoint&) const = default;
  };

  std::vector<TopicProduceResponse> responses;
  std::int32_t throttle_time_ms = 0;
  std::vector<NodeEndpoint> node_endpoints;
  bool operator==(const ProduceResponse&) const = default;
};

template <>
struct Describe<ProduceResponse::BatchIndexAndErrorMessage> {
  using M = ProduceResponse::BatchIndexAndErrorMessage;
  static constexpr auto fields =
      std::tuple{field("batch_index", &M::batch_index),
                 field("batch_index_error_message", &M::batch_index_error_message)};
};

template <>
struct Describe<ProduceResponse::LeaderIdAndEpoch> {
  using M = ProduceResponse::LeaderIdAndEpoch;
  static constexpr auto fields =
      std::tuple{field("leader_id", &M::leader_id), field("leader_epoch", &M::leader_epoch)};
};

template <>
struct Describe<ProduceResponse::PartitionProduceResponse> {
  using M = ProduceResponse::PartitionProduceResponse;
  static constexpr auto fields =
      std::tuple{field("index", &M::index),
                 field("error_code", &M::error_code),
                 field("base_offset", &M::base_offset),
                 field("log_append_time_ms", &M::log_append_time_ms),
                 field("log_start_offset", &M::log_start_offset, {.in = since(5)}),
                 field("record_errors", &M::record_errors, {.in = since(8)}),
                 field("error_message", &M::error_message, {.in = since(8)}),
                 field("current_leader", &M::current_leader, {.in = since(10), .tag = 0})};
};

template <>
struct Describe<ProduceResponse::TopicProduceResponse> {
  using M = ProduceResponse::TopicProduceResponse;
  static constexpr auto fields = std::tuple{field("name", &M::name, {.in = until(12)}),
                                            field("topic_id", &M::topic_id, {.in = since(13)}),
                                            field("partition_responses", &M::partition_responses)};
};

template <>
struct Describe<ProduceResponse::NodeEndpoint> {
  using M = ProduceResponse::NodeEndpoint;
  static constexpr auto fields = std::tuple{field("node_id", &M::node_id), field("host", &M::host),
                                            field("port", &M::port), field("rack", &M::rack)};
};

template <>
struct Describe<ProduceResponse> {
  using M = ProduceResponse;
  static constexpr std::string_view name = "ProduceResponse";
  static constexpr std::int16_t key = 0;
  static constexpr Versions valid{3, 13}, flexible = since(9);
  static constexpr auto fields =
      std::tuple{field("responses", &M::responses), field("throttle_time_ms", &M::throttle_time_ms),
                 field("node_endpoints", &M::node_endpoints, {.in = since(10), .tag = 0})};
};

}  // namespace mq::kafka
