// SPDX-License-Identifier: Apache-2.0
// A transaction, as __transaction_state keeps it.
//   v1 flexible, earlier and next producer ids
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct TransactionLogKey {
  std::string transactional_id;
  bool operator==(const TransactionLogKey&) const = default;
};

template <>
struct Describe<TransactionLogKey> {
  using M = TransactionLogKey;
  static constexpr std::string_view name = "TransactionLogKey";
  static constexpr std::int16_t type = 0;
  static constexpr auto fields = std::tuple{field("transactional_id", &M::transactional_id)};
};

struct TransactionLogValue {
  struct PartitionsSchema {
    std::string topic;
    std::vector<std::int32_t> partition_ids;
    bool operator==(const PartitionsSchema&) const = default;
  };

  std::int64_t producer_id = 0;
  std::int16_t producer_epoch = 0;
  std::int32_t transaction_timeout_ms = 0;
  std::int8_t transaction_status = 0;
  std::optional<std::vector<PartitionsSchema>> transaction_partitions;
  std::int64_t transaction_last_update_timestamp_ms = 0;
  std::int64_t transaction_start_timestamp_ms = 0;
  std::int64_t previous_producer_id = -1;
  std::int64_t next_producer_id = -1;
  std::int16_t client_transaction_version = 0;
  std::int16_t next_producer_epoch = -1;
  bool operator==(const TransactionLogValue&) const = default;
};

template <>
struct Describe<TransactionLogValue::PartitionsSchema> {
  using M = TransactionLogValue::PartitionsSchema;
  static constexpr auto fields =
      std::tuple{field("topic", &M::topic), field("partition_ids", &M::partition_ids)};
};

template <>
struct Describe<TransactionLogValue> {
  using M = TransactionLogValue;
  static constexpr std::string_view name = "TransactionLogValue";
  static constexpr Versions valid{0, 1}, flexible = since(1);
  static constexpr auto fields = std::tuple{
      field("producer_id", &M::producer_id),
      field("producer_epoch", &M::producer_epoch),
      field("transaction_timeout_ms", &M::transaction_timeout_ms),
      field("transaction_status", &M::transaction_status),
      field("transaction_partitions", &M::transaction_partitions),
      field("transaction_last_update_timestamp_ms", &M::transaction_last_update_timestamp_ms),
      field("transaction_start_timestamp_ms", &M::transaction_start_timestamp_ms),
      field("previous_producer_id", &M::previous_producer_id, {.in = since(1), .tag = 0}),
      field("next_producer_id", &M::next_producer_id, {.in = since(1), .tag = 1}),
      field("client_transaction_version", &M::client_transaction_version, {.in = since(1), .tag = 2}),
      field("next_producer_epoch", &M::next_producer_epoch, {.in = since(1), .tag = 3})};
};

}  // namespace mq::kafka
