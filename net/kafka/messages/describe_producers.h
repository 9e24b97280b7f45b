// SPDX-License-Identifier: Apache-2.0
// DescribeProducers: the idempotent producers a partition remembers. Flexible from the start.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeProducersRequest {
  struct TopicRequest {
    std::string name;
    std::vector<std::int32_t> partition_indexes;
    bool operator==(const TopicRequest&) const = default;
  };

  std::vector<TopicRequest> topics;
  bool operator==(const DescribeProducersRequest&) const = default;
};

template <>
struct Describe<DescribeProducersRequest::TopicRequest> {
  using M = DescribeProducersRequest::TopicRequest;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("partition_indexes", &M::partition_indexes)};
};

template <>
struct Describe<DescribeProducersRequest> {
  using M = DescribeProducersRequest;
  static constexpr std::string_view name = "DescribeProducersRequest";
  static constexpr std::int16_t key = 61;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{field("topics", &M::topics)};
};

struct DescribeProducersResponse {
  struct ProducerState {
    std::int64_t producer_id = 0;
    std::int32_t producer_epoch = 0;
    std::int32_t last_sequence = -1;
    std::int64_t last_timestamp = -1;
    std::int32_t coordinator_epoch = 0;
    std::int64_t current_txn_start_offset = -1;
    bool operator==(const ProducerState&) const = default;
  };

  struct PartitionResponse {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::vector<ProducerState> active_producers;
    bool operator==(const PartitionResponse&) const = default;
  };

  struct TopicResponse {
    std::string name;
    std::vector<PartitionResponse> partitions;
    bool operator==(const TopicResponse&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<TopicResponse> topics;
  bool operator==(const DescribeProducersResponse&) const = default;
};

template <>
struct Describe<DescribeProducersResponse::ProducerState> {
  using M = DescribeProducersResponse::ProducerState;
  static constexpr auto fields = std::tuple{field("producer_id", &M::producer_id),
                                            field("producer_epoch", &M::producer_epoch),
                                            field("last_sequence", &M::last_sequence),
                                            field("last_timestamp", &M::last_timestamp),
                                            field("coordinator_epoch", &M::coordinator_epoch),
                                            field("current_txn_start_offset", &M::current_txn_start_offset)};
};

template <>
struct Describe<DescribeProducersResponse::PartitionResponse> {
  using M = DescribeProducersResponse::PartitionResponse;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("error_code", &M::error_code),
                 field("error_message", &M::error_message), field("active_producers", &M::active_producers)};
};

template <>
struct Describe<DescribeProducersResponse::TopicResponse> {
  using M = DescribeProducersResponse::TopicResponse;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<DescribeProducersResponse> {
  using M = DescribeProducersResponse;
  static constexpr std::string_view name = "DescribeProducersResponse";
  static constexpr std::int16_t key = 61;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("topics", &M::topics)};
};

}  // namespace mq::kafka
