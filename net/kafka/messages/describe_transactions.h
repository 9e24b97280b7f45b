// SPDX-License-Identifier: Apache-2.0
// DescribeTransactions: the state of transactions. Flexible from the start.
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DescribeTransactionsRequest {
  std::vector<std::string> transactional_ids;
  bool operator==(const DescribeTransactionsRequest&) const = default;
};

template <>
struct Describe<DescribeTransactionsRequest> {
  using M = DescribeTransactionsRequest;
  static constexpr std::string_view name = "DescribeTransactionsRequest";
  static constexpr std::int16_t key = 65;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{field("transactional_ids", &M::transactional_ids)};
};

struct DescribeTransactionsResponse {
  struct TopicData {
    std::string topic;
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicData&) const = default;
  };

  struct TransactionState {
    std::int16_t error_code = 0;
    std::string transactional_id;
    std::string transaction_state;
    std::int32_t transaction_timeout_ms = 0;
    std::int64_t transaction_start_time_ms = 0;
    std::int64_t producer_id = 0;
    std::int16_t producer_epoch = 0;
    std::vector<TopicData> topics;
    bool operator==(const TransactionState&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<TransactionState> transaction_states;
  bool operator==(const DescribeTransactionsResponse&) const = default;
};

template <>
struct Describe<DescribeTransactionsResponse::TopicData> {
  using M = DescribeTransactionsResponse::TopicData;
  static constexpr auto fields = std::tuple{field("topic", &M::topic), field("partitions", &M::partitions)};
};

template <>
struct Describe<DescribeTransactionsResponse::TransactionState> {
  using M = DescribeTransactionsResponse::TransactionState;
  static constexpr auto fields = std::tuple{field("error_code", &M::error_code),
                                            field("transactional_id", &M::transactional_id),
                                            field("transaction_state", &M::transaction_state),
                                            field("transaction_timeout_ms", &M::transaction_timeout_ms),
                                            field("transaction_start_time_ms", &M::transaction_start_time_ms),
                                            field("producer_id", &M::producer_id),
                                            field("producer_epoch", &M::producer_epoch),
                                            field("topics", &M::topics)};
};

template <>
struct Describe<DescribeTransactionsResponse> {
  using M = DescribeTransactionsResponse;
  static constexpr std::string_view name = "DescribeTransactionsResponse";
  static constexpr std::int16_t key = 65;
  static constexpr Versions valid{0, 0}, flexible = always;
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms),
                                            field("transaction_states", &M::transaction_states)};
};

}  // namespace mq::kafka
