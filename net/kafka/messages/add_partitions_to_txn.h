// SPDX-License-Identifier: Apache-2.0
// AddPartitionsToTxn: partitions a transaction is about to write to.
//   v3 flexible   v4 many transactions at once, or only asks whether they contain the partitions   v5 as v4
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct AddPartitionsToTxnRequest {
  struct AddPartitionsToTxnTopic {
    std::string name;
    std::vector<std::int32_t> partitions;
    bool operator==(const AddPartitionsToTxnTopic&) const = default;
  };

  struct AddPartitionsToTxnTransaction {
    std::string transactional_id;
    std::int64_t producer_id = 0;
    std::int16_t producer_epoch = 0;
    bool verify_only = false;
    std::vector<AddPartitionsToTxnTopic> topics;
    bool operator==(const AddPartitionsToTxnTransaction&) const = default;
  };

  std::vector<AddPartitionsToTxnTransaction> transactions;
  std::string v3_and_below_transactional_id;
  std::int64_t v3_and_below_producer_id = 0;
  std::int16_t v3_and_below_producer_epoch = 0;
  std::vector<AddPartitionsToTxnTopic> v3_and_below_topics;
  bool operator==(const AddPartitionsToTxnRequest&) const = default;
};

template <>
struct Describe<AddPartitionsToTxnRequest::AddPartitionsToTxnTopic> {
  using M = AddPartitionsToTxnRequest::AddPartitionsToTxnTopic;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction> {
  using M = AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction;
  static constexpr auto fields =
      std::tuple{field("transactional_id", &M::transactional_id), field("producer_id", &M::producer_id),
                 field("producer_epoch", &M::producer_epoch), field("verify_only", &M::verify_only),
                 field("topics", &M::topics)};
};

template <>
struct Describe<AddPartitionsToTxnRequest> {
  using M = AddPartitionsToTxnRequest;
  static constexpr std::string_view name = "AddPartitionsToTxnRequest";
  static constexpr std::int16_t key = 24;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("transactions", &M::transactions, {.in = since(4)}),
                 field("v3_and_below_transactional_id", &M::v3_and_below_transactional_id, {.in = until(3)}),
                 field("v3_and_below_producer_id", &M::v3_and_below_producer_id, {.in = until(3)}),
                 field("v3_and_below_producer_epoch", &M::v3_and_below_producer_epoch, {.in = until(3)}),
                 field("v3_and_below_topics", &M::v3_and_below_topics, {.in = until(3)})};
};

struct AddPartitionsToTxnResponse {
  struct AddPartitionsToTxnPartitionResult {
    std::int32_t partition_index = 0;
    std::int16_t partition_error_code = 0;
    bool operator==(const AddPartitionsToTxnPartitionResult&) const = default;
  };

  struct AddPartitionsToTxnTopicResult {
    std::string name;
    std::vector<AddPartitionsToTxnPartitionResult> results_by_partition;
    bool operator==(const AddPartitionsToTxnTopicResult&) const = default;
  };

  struct AddPartitionsToTxnResult {
    std::string transactional_id;
    std::vector<AddPartitionsToTxnTopicResult> topic_results;
    bool operator==(const AddPartitionsToTxnResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<AddPartitionsToTxnResult> results_by_transaction;
  std::vector<AddPartitionsToTxnTopicResult> results_by_topic_v3_and_below;
  bool operator==(const AddPartitionsToTxnResponse&) const = default;
};

template <>
struct Describe<AddPartitionsToTxnResponse::AddPartitionsToTxnPartitionResult> {
  using M = AddPartitionsToTxnResponse::AddPartitionsToTxnPartitionResult;
  static constexpr auto fields = std::tuple{field("partition_index", &M::partition_index),
                                            field("partition_error_code", &M::partition_error_code)};
};

template <>
struct Describe<AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult> {
  using M = AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("results_by_partition", &M::results_by_partition)};
};

template <>
struct Describe<AddPartitionsToTxnResponse::AddPartitionsToTxnResult> {
  using M = AddPartitionsToTxnResponse::AddPartitionsToTxnResult;
  static constexpr auto fields =
      std::tuple{field("transactional_id", &M::transactional_id), field("topic_results", &M::topic_results)};
};

template <>
struct Describe<AddPartitionsToTxnResponse> {
  using M = AddPartitionsToTxnResponse;
  static constexpr std::string_view name = "AddPartitionsToTxnResponse";
  static constexpr std::int16_t key = 24;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields = std::tuple{
      field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code, {.in = since(4)}),
      field("results_by_transaction", &M::results_by_transaction, {.in = since(4)}),
      field("results_by_topic_v3_and_below", &M::results_by_topic_v3_and_below, {.in = until(3)})};
};

}  // namespace mq::kafka
