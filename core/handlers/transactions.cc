// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/post.hpp>
#include <set>

#include "core/handlers/handlers.h"
#include "core/loop/wait_group.h"
#include "core/metadata/pattern.h"
#include "core/transaction/coordinator.h"
#include "net/kafka/messages/add_offsets_to_txn.h"
#include "net/kafka/messages/add_partitions_to_txn.h"
#include "net/kafka/messages/describe_transactions.h"
#include "net/kafka/messages/end_txn.h"
#include "net/kafka/messages/init_producer_id.h"
#include "net/kafka/messages/list_transactions.h"
#include "net/kafka/messages/write_txn_markers.h"

namespace mq::core {

using kafka::Error;

namespace {

using AddRequest = kafka::AddPartitionsToTxnRequest;
using AddResponse = kafka::AddPartitionsToTxnResponse;

constexpr kafka::Version add_version_abortable = 5;  // knows TRANSACTION_ABORTABLE
constexpr std::int8_t marker_version_later_epoch = 2;

// Clients that do not know PRODUCER_FENCED know this.
std::int16_t number_for_version(Error error, bool knows_fenced) {
  return number_of(error == Error::producer_fenced && !knows_fenced ? Error::invalid_producer_epoch : error);
}

Error check_partition(const Catalog& topics, const std::string& name, std::int32_t index, bool by_broker) {
  const TopicPtr topic = topics.find(name);
  if (!topic || !topic->has(index)) return Error::unknown_topic_or_partition;
  return is_internal_topic(name) && !by_broker ? Error::topic_authorization_failed : Error::none;
}

// All can be added or none is. The answer has an entry for each that was asked for.
Task<std::vector<AddResponse::AddPartitionsToTxnTopicResult>> add_partitions(
    Context& context, AddRequest::AddPartitionsToTxnTransaction asked) {
  const bool knows_fenced = context.version >= 2;
  const bool by_broker = context.peer->listener == internal_listener;
  std::vector<AddResponse::AddPartitionsToTxnTopicResult> results;
  std::set<TopicPartition> wanted;
  bool possible = true;
  for (const auto& topic : asked.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& result = results.emplace_back();
    result.name = topic.name;
    result.results_by_partition.reserve(topic.partitions.size());
    for (const std::int32_t index : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      const Error error = check_partition(context.broker.catalog, topic.name, index, by_broker);
      result.results_by_partition.push_back({index, number_of(error)});
      possible = possible && error == Error::none;
      if (error == Error::none) wanted.insert({topic.name, index});
    }
  }
  Error error = possible ? Error::none : Error::operation_not_attempted;
  // A broker asks for a client that adds partitions by writing to them, or offsets by committing them.
  const ClientVersion client = by_broker ? ClientVersion::second : ClientVersion::first;
  const ProducerEpoch who{asked.producer_id, asked.producer_epoch};
  if (asked.transactional_id.empty())
    error = Error::invalid_request;
  else if (possible && !wanted.empty())
    error = co_await context.broker.transactions.add(asked.transactional_id, who, std::move(wanted), client);
  for (auto& topic : results)
    for (auto& partition : topic.results_by_partition)
      if (partition.partition_error_code == 0)
        partition.partition_error_code = number_for_version(error, knows_fenced);
  co_return results;
}

Task<std::vector<AddResponse::AddPartitionsToTxnTopicResult>> verify_partitions(
    Context& context, const AddRequest::AddPartitionsToTxnTransaction& asked) {
  std::vector<AddResponse::AddPartitionsToTxnTopicResult> results;
  for (const auto& topic : asked.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& result = results.emplace_back();
    result.name = topic.name;
    result.results_by_partition.reserve(topic.partitions.size());
    for (const std::int32_t index : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      Error error = context.broker.transactions.verify(
          asked.transactional_id, {asked.producer_id, asked.producer_epoch}, {topic.name, index});
      if (error == Error::transaction_abortable && context.version < add_version_abortable)
        error = Error::invalid_txn_state;
      result.results_by_partition.push_back({index, number_of(error)});
    }
  }
  co_return results;
}

}  // namespace

Task<kafka::InitProducerIdResponse> init_transactional_id(Context& context,
                                                          kafka::InitProducerIdRequest& request) {
  const ProducerEpoch given{request.producer_id, request.producer_epoch};
  const auto answer = co_await context.broker.transactions.init(*request.transactional_id,
                                                                request.transaction_timeout_ms, given);
  kafka::InitProducerIdResponse response;
  response.error_code = number_for_version(answer.error, context.version >= 4);
  const ProducerEpoch producer = answer.error == Error::none ? answer.producer : ProducerEpoch{};
  response.producer_id = producer.id;
  response.producer_epoch = producer.epoch;
  co_return response;
}

Task<AddResponse> add_partitions_to_txn(Context& context, AddRequest& request) {
  AddResponse response;
  if (context.version < 4) {
    AddRequest::AddPartitionsToTxnTransaction one;
    one.transactional_id = std::move(request.v3_and_below_transactional_id);
    one.producer_id = request.v3_and_below_producer_id;
    one.producer_epoch = request.v3_and_below_producer_epoch;
    one.topics = std::move(request.v3_and_below_topics);
    response.results_by_topic_v3_and_below = co_await add_partitions(context, std::move(one));
    co_return response;
  }
  for (auto& transaction : request.transactions) {
    if (context.pace.due()) co_await context.pace.give_way();
    AddResponse::AddPartitionsToTxnResult result;
    result.transactional_id = transaction.transactional_id;
    if (transaction.verify_only)
      result.topic_results = co_await verify_partitions(context, transaction);
    else
      result.topic_results = co_await add_partitions(context, std::move(transaction));
    response.results_by_transaction.push_back(std::move(result));
  }
  co_return response;
}

// The offsets that will be committed lie in the partition of their group.
Task<kafka::AddOffsetsToTxnResponse> add_offsets_to_txn(Context& context,
                                                        kafka::AddOffsetsToTxnRequest& request) {
  InternalTopic& offsets = context.broker.offsets_log;
  kafka::AddOffsetsToTxnResponse response;
  Error error = Error::none;
  if (request.transactional_id.empty())
    error = Error::invalid_request;
  else if (request.group_id.empty() || request.group_id.size() > InternalTopic::id_bytes_max)
    error = Error::invalid_group_id;
  else
    error = co_await offsets.ensure();
  if (error == Error::none) {
    const ProducerEpoch who{request.producer_id, request.producer_epoch};
    std::set<TopicPartition> partitions{{offsets.name(), offsets.partition_of(request.group_id)}};
    error = co_await context.broker.transactions.add(request.transactional_id, who, std::move(partitions),
                                                     ClientVersion::first);
  }
  response.error_code = number_for_version(error, context.version >= 2);
  co_return response;
}

Task<kafka::EndTxnResponse> end_txn(Context& context, kafka::EndTxnRequest& request) {
  const ProducerEpoch who{request.producer_id, request.producer_epoch};
  ClientVersion client = ClientVersion::first;
  if (context.version >= 5) client = ClientVersion::second;
  const auto answer =
      co_await context.broker.transactions.end(request.transactional_id, who, request.committed, client);
  kafka::EndTxnResponse response;
  response.error_code = number_for_version(answer.error, context.version >= 2);
  if (answer.error != Error::none) co_return response;
  response.producer_id = answer.producer.id;
  response.producer_epoch = answer.producer.epoch;
  co_return response;
}

// What the tools of an administrator send to end a transaction that nobody looks after.
Task<kafka::WriteTxnMarkersResponse> write_txn_markers(Context& context,
                                                       kafka::WriteTxnMarkersRequest& request) {
  kafka::WriteTxnMarkersResponse response;
  response.markers.reserve(request.markers.size());
  for (const auto& marker : request.markers) {  // all answers first: appends keep references to them
    auto& result = response.markers.emplace_back();
    result.producer_id = marker.producer_id;
    for (const auto& topic : marker.topics) {
      if (context.pace.due(topic.partition_indexes.size() / 16 + 1)) co_await context.pace.give_way();
      auto& answers = result.topics.emplace_back();
      answers.name = topic.name;
      answers.partitions.reserve(topic.partition_indexes.size());
      for (const std::int32_t index : topic.partition_indexes) answers.partitions.push_back({index, 0});
    }
  }
  WaitGroup markers;
  for (std::size_t m = 0; m < request.markers.size(); m++) {
    const auto& asked = request.markers[m];
    const ProducerEpoch producer{asked.producer_id, asked.producer_epoch};
    const kafka::Marker marker{asked.transaction_result, asked.coordinator_epoch};
    const bool is_second = asked.transaction_version >= marker_version_later_epoch;
    const MarkerEpoch wanted = is_second ? MarkerEpoch::later : MarkerEpoch::of_transaction;
    for (auto& topic : response.markers[m].topics)
      for (auto& answer : topic.partitions) {
        if (context.pace.due()) co_await context.pace.give_way();
        markers.add();
        auto done = [&answer, &markers](Error error) {
          answer.error_code = number_of(error);
          markers.done();
        };
        context.broker.transactions.write_marker({topic.name, answer.partition_index}, producer, marker,
                                                 std::move(done), wanted);
      }
  }
  co_await markers.wait();
  co_return response;
}

Task<kafka::DescribeTransactionsResponse> describe_transactions(Context& context,
                                                                kafka::DescribeTransactionsRequest& request) {
  kafka::DescribeTransactionsResponse response;
  response.transaction_states.reserve(request.transactional_ids.size());
  for (const std::string& id : request.transactional_ids) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& answer = response.transaction_states.emplace_back();
    answer.transactional_id = id;
    const Error unserved = context.broker.transactions.serves(id);
    answer.error_code = number_of(unserved);
    const auto entry = unserved == Error::none ? context.broker.transactions.find(id) : nullptr;
    const bool is_known = entry && entry->state.now().producer.id >= 0;  // else it is not durable yet
    if (unserved == Error::none && !is_known)
      answer.error_code = number_of(Error::transactional_id_not_found);
    if (!is_known) continue;
    const Transaction& now = entry->state.now();
    answer.transaction_state = name_of(now.status);
    answer.transaction_timeout_ms = now.timeout_ms;
    answer.transaction_start_time_ms = now.started;
    answer.producer_id = now.producer.id;
    answer.producer_epoch = now.producer.epoch;
    for (const TopicPartition& partition : now.partitions) {  // in order: those of a topic are together
      if (answer.topics.empty() || answer.topics.back().topic != partition.topic)
        answer.topics.push_back({partition.topic, {}});
      answer.topics.back().partitions.push_back(partition.partition);
    }
  }
  co_return response;
}

Task<kafka::ListTransactionsResponse> list_transactions(Context& context,
                                                        kafka::ListTransactionsRequest& request) {
  kafka::ListTransactionsResponse response;
  if (context.broker.transactions.is_loading())
    response.error_code = number_of(Error::coordinator_load_in_progress);
  const std::string wanted = request.transactional_id_pattern.value_or("");
  const Pattern pattern(wanted);
  if (!pattern.trouble().empty()) response.error_code = number_of(Error::invalid_regular_expression);
  if (response.error_code != 0) co_return response;
  std::set<Transaction::Status> states;
  for (const std::string& name : request.state_filters)
    if (const auto state = status_of(name))
      states.insert(*state);
    else
      response.unknown_state_filters.push_back(name);
  const std::set<ProducerId> producers(request.producer_id_filters.begin(),
                                       request.producer_id_filters.end());
  const Timestamp now = context.broker.clock.wall_ms();
  for (const auto& [id, entry] : context.broker.transactions.all()) {
    const Transaction& transaction = entry->state.now();
    const bool long_enough =
        request.duration_filter < 0 ||
        (transaction.started >= 0 && now - transaction.started > request.duration_filter);
    if (transaction.producer.id < 0 || !long_enough) continue;
    if (!request.state_filters.empty() && !states.contains(transaction.status)) continue;
    if (!producers.empty() && !producers.contains(transaction.producer.id)) continue;
    if (!wanted.empty() && !pattern.matches(id)) continue;
    response.transaction_states.push_back(
        {id, transaction.producer.id, std::string(name_of(transaction.status))});
  }
  co_return response;
}

}  // namespace mq::core
