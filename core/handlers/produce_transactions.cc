// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/produce_transactions.h"

#include "net/kafka/messages/produce.h"
#include "net/kafka/record_batch.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr std::int16_t version_abortable = 11;  // knows TRANSACTION_ABORTABLE

// Producers know no errors of coordinators; what passes by itself is a replica that is missing.
Error produce_error(Error error, std::int16_t version) {
  switch (error) {
    case Error::producer_fenced:
      return Error::invalid_producer_epoch;
    case Error::transaction_abortable:
      return version >= version_abortable ? error : Error::invalid_txn_state;
    case Error::concurrent_transactions:
    case Error::coordinator_load_in_progress:
    case Error::coordinator_not_available:
    case Error::not_coordinator:
      return Error::not_enough_replicas;
    default:
      return error;
  }
}

}  // namespace

Task<TransactionVerification> verify_transaction(Context& context, const kafka::ProduceRequest& request) {
  TransactionVerification verification;
  std::set<TopicPartition> partitions;
  std::set<ProducerId> producers;
  const Catalog& topics = context.broker.catalog;
  for (const auto& asked : request.topic_data) {
    const TopicPtr topic = context.version >= 13 ? topics.find(asked.topic_id) : topics.find(asked.name);
    for (const auto& data : asked.partition_data) {
      if (context.pace.due()) co_await context.give_way_in_line();
      const auto head = data.records ? kafka::BatchHead::parse(data.records->bytes) : std::nullopt;
      if (!head || !head->is_transactional()) continue;
      verification.producer = {head->producer_id, head->producer_epoch};
      producers.insert(head->producer_id);
      if (topic && topic->has(data.index)) partitions.insert({topic->name, data.index});
    }
  }
  if (producers.size() > 1) verification.error = Error::invalid_producer_id_mapping;
  if (context.version < version_adding_partitions || partitions.empty() || verification.error != Error::none)
    co_return verification;
  verification.adds = context.broker.transactions.is_elsewhere(*request.transactional_id);
  if (verification.adds) co_return verification;
  auto added = co_await context.broker.transactions.add_by_writing(
      *request.transactional_id, verification.producer, std::move(partitions));
  verification.error = produce_error(added.error, context.version);
  verification.added.emplace(std::move(added));
  co_return verification;
}

Task<VerifiedBatch> verify_batch(Context& context, const kafka::ProduceRequest& request,
                                 const std::optional<TransactionVerification>& verification, TopicPtr topic,
                                 std::int32_t index, ProducerId producer) {
  VerifiedBatch verified;
  if (!verification)  // it named no transaction
    verified.error = Error::transactional_id_authorization_failed;
  else
    verified.error = verification->error;
  const auto partition = context.broker.partitions.find(topic->id, index);
  if (verified.error != Error::none || !partition) co_return verified;
  verified.verification = partition->begin_verification(producer);
  if (!verified.verification) co_return verified;
  TopicPartition to{topic->name, index};
  TransactionCoordinator& transactions = context.broker.transactions;
  const std::string& id = *request.transactional_id;
  Error error = Error::none;
  if (transactions.is_elsewhere(id)) {
    using Ask = TransactionCoordinator::Ask;
    const Ask ask = verification->adds ? Ask::to_add : Ask::whether_it_has;
    co_await context.get_in_line();
    error = co_await transactions.ask_coordinator(id, verification->producer, std::move(to), ask);
  } else {
    error = transactions.verify(id, verification->producer, to);
  }
  verified.error = produce_error(error, context.version);
  if (error != Error::none) partition->end_verification(producer);
  co_return verified;
}

}  // namespace mq::core
