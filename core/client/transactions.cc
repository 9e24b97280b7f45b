// SPDX-License-Identifier: Apache-2.0
#include "core/client/transactions.h"

#include "core/client/coordinator.h"
#include "core/client/deadline.h"
#include "net/kafka/messages/add_partitions_to_txn.h"
#include "net/kafka/messages/end_txn.h"
#include "net/kafka/messages/init_producer_id.h"

namespace mq::client {
namespace {

// The first protocol of transactions, which every broker speaks: partitions are added by name, and an epoch
// lasts as long as the producer.
constexpr kafka::Version add_highest = 3, end_highest = 4;

std::int16_t first_error(const kafka::AddPartitionsToTxnResponse& response) {
  constexpr auto not_attempted = kafka::Error::operation_not_attempted;  // because another one failed
  std::int16_t code = 0;
  for (const auto& topic : response.results_by_topic_v3_and_below)
    for (const auto& partition : topic.results_by_partition)
      if (code == 0 || kafka::error_of(code) == not_attempted) code = partition.partition_error_code;
  return code;
}

}  // namespace

Task<Answer<kafka::BatchProducer>> Transactions::start(Time deadline) {
  kafka::InitProducerIdRequest request;
  request.transactional_id = options_.id;
  request.transaction_timeout_ms = in_ms(options_.timeout);
  auto answer = co_await at_coordinator<kafka::InitProducerIdResponse>(
      client_, Coordinates::transaction, options_.id, std::move(request), deadline,
      &error_code_of<kafka::InitProducerIdResponse>);
  if (!answer) co_return answer.error();
  if (answer->error_code != 0) co_return refused(answer->error_code, {}, options_.id);
  producer_.id = answer->producer_id;
  producer_.epoch = answer->producer_epoch;
  producer_.transactional = true;
  co_return producer_;
}

Task<Answer<Nothing>> Transactions::add(std::set<TopicPartition> partitions, Time deadline) {
  kafka::AddPartitionsToTxnRequest request;
  request.v3_and_below_transactional_id = options_.id;
  request.v3_and_below_producer_id = producer_.id;
  request.v3_and_below_producer_epoch = producer_.epoch;
  auto& topics = request.v3_and_below_topics;
  for (const TopicPartition& partition : partitions) {  // in order, so those of a topic are together
    if (topics.empty() || topics.back().name != partition.topic) topics.emplace_back().name = partition.topic;
    topics.back().partitions.push_back(partition.partition);
  }
  auto answer = co_await at_coordinator<kafka::AddPartitionsToTxnResponse>(
      client_, Coordinates::transaction, options_.id, std::move(request), deadline, &first_error,
      add_highest);
  if (!answer) co_return answer.error();
  if (const auto code = first_error(*answer); code != 0) co_return refused(code, {}, options_.id);
  partitions_.merge(partitions);
  co_return Nothing{};
}

Task<Answer<Nothing>> Transactions::end(bool commit, Time deadline) {
  if (!open()) co_return Nothing{};
  kafka::EndTxnRequest request;
  request.transactional_id = options_.id;
  request.producer_id = producer_.id;
  request.producer_epoch = producer_.epoch;
  request.committed = commit;
  auto answer = co_await at_coordinator<kafka::EndTxnResponse>(
      client_, Coordinates::transaction, options_.id, std::move(request), deadline,
      &error_code_of<kafka::EndTxnResponse>, end_highest);
  if (!answer) co_return answer.error();
  if (answer->error_code != 0) co_return refused(answer->error_code, {}, options_.id);
  partitions_.clear();
  co_return Nothing{};
}

}  // namespace mq::client
