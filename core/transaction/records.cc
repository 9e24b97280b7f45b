// SPDX-License-Identifier: Apache-2.0
#include "core/transaction/records.h"

#include "net/kafka/records/framing.h"
#include "net/kafka/records/transaction_log.h"

namespace mq::core {

namespace {

constexpr kafka::Version version_written = 1;

kafka::Bytes key_of(const std::string& id) {
  return kafka::encode_key(kafka::TransactionLogKey{id});
}

}  // namespace

KeyedRecord record_of(const std::string& id, const Transaction& transaction) {
  kafka::TransactionLogValue value;
  value.producer_id = transaction.producer.id;
  value.producer_epoch = transaction.producer.epoch;
  value.previous_producer_id = transaction.previous_id;
  value.next_producer_id = transaction.next_id;
  value.transaction_timeout_ms = transaction.timeout_ms;
  value.transaction_status = static_cast<std::int8_t>(transaction.status);
  value.transaction_last_update_timestamp_ms = transaction.updated;
  value.transaction_start_timestamp_ms = transaction.started;
  value.client_transaction_version = transaction.client_version;
  for (const TopicPartition& partition : transaction.partitions) {  // in order: those of a topic are together
    if (!value.transaction_partitions) value.transaction_partitions.emplace();
    auto& topics = *value.transaction_partitions;
    if (topics.empty() || topics.back().topic != partition.topic) topics.push_back({partition.topic, {}});
    topics.back().partition_ids.push_back(partition.partition);
  }
  return {key_of(id), kafka::encode_value(value, version_written)};
}

KeyedRecord forgotten(const std::string& id) {
  return {key_of(id), std::nullopt};
}

std::optional<Remembered> read_record(net::Bytes key, std::optional<net::Bytes> value) {
  const auto id = kafka::decode_key<kafka::TransactionLogKey>(key);
  if (!id) return std::nullopt;
  Remembered remembered{id->transactional_id, std::nullopt};
  if (!value) return remembered;
  const auto stored = kafka::decode_value<kafka::TransactionLogValue>(*value);
  if (!stored || stored->transaction_status < 0) return std::nullopt;
  if (stored->transaction_status > static_cast<std::int8_t>(Transaction::Status::complete_abort))
    return remembered;  // dead
  Transaction& transaction = remembered.transaction.emplace();
  transaction.producer = {stored->producer_id, stored->producer_epoch};
  transaction.previous_id = stored->previous_producer_id;
  transaction.next_id = stored->next_producer_id;
  transaction.timeout_ms = stored->transaction_timeout_ms;
  transaction.status = static_cast<Transaction::Status>(stored->transaction_status);
  transaction.updated = stored->transaction_last_update_timestamp_ms;
  transaction.started = stored->transaction_start_timestamp_ms;
  transaction.client_version = stored->client_transaction_version;
  if (stored->transaction_partitions)
    for (const auto& topic : *stored->transaction_partitions)
      for (const std::int32_t partition : topic.partition_ids)
        transaction.partitions.insert({topic.topic, partition});
  return remembered;
}

}  // namespace mq::core
