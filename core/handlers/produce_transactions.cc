// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/produce_transactions.h"

#include "net/kafka/messages/produce.h"
#include "net/kafka/record_batch.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr std::int16_t version_abortable = 11;  // knows TRANSACTION_ABORTABLE

// Producers know no errors of coordinators; what passes by itself is a replica that is missing.
Error for_producers(Error error, std::int16_t version) {
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

Task<Entrance> enter_transaction(Context& context, const kafka::ProduceRequest& request) {
  Entrance entrance;
  std::set<TopicPartition> partitions;
  std::set<ProducerId> producers;
  const Topics& topics = context.broker.topics;
  for (const auto& asked : request.topic_data) {
    const TopicPtr topic = context.version >= 13 ? topics.find(asked.topic_id) : topics.find(asked.name);
    for (const auto& data : asked.partition_data) {
      if (context.pace.due()) co_await context.give_way_in_line();
      const auto head = data.records ? kafka::BatchHead::parse(data.records->bytes) : std::nullopt;
      if (!head || !head->is_transactional()) continue;
      entrance.producer = {head->producer_id, head->producer_epoch};
      producers.insert(head->producer_id);
      if (topic && topic->partition(data.index)) partitions.insert({topic->name, data.index});
    }
  }
  if (producers.size() > 1) entrance.error = Error::invalid_producer_id_mapping;
  if (context.version < version_adding_partitions || partitions.empty() || entrance.error != Error::none)
    co_return entrance;
  auto admission = co_await context.broker.transactions.admit(*request.transactional_id, entrance.producer,
                                                              std::move(partitions));
  entrance.error = for_producers(admission.error, context.version);
  entrance.admission.emplace(std::move(admission));
  co_return entrance;
}

Error check_entrance(const Context& context, const kafka::ProduceRequest& request,
                     const std::optional<Entrance>& entrance, const TopicPartition& to) {
  if (!entrance) return Error::transactional_id_authorization_failed;  // it named no transaction
  if (entrance->error != Error::none) return entrance->error;
  const Error error = context.broker.transactions.verify(*request.transactional_id, entrance->producer, to);
  return for_producers(error, context.version);
}

}  // namespace mq::core
