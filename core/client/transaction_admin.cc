// SPDX-License-Identifier: Apache-2.0
#include "core/client/transaction_admin.h"

#include <algorithm>
#include <map>

#include "core/client/coordinator.h"
#include "core/client/deadline.h"
#include "net/kafka/messages/describe_producers.h"
#include "net/kafka/messages/describe_transactions.h"
#include "net/kafka/messages/list_transactions.h"
#include "net/kafka/messages/write_txn_markers.h"

namespace mq::client {
Task<Answer<std::vector<ListedTransaction>>> list_transactions(Client& client,
                                                               std::vector<std::string> states,
                                                               Time deadline) {
  std::optional<std::vector<std::string>> no_topics;
  no_topics.emplace();
  auto known = co_await client.refresh(std::move(no_topics));
  if (!known) co_return known.error();
  std::vector<ListedTransaction> all;
  for (const auto& [id, broker] : std::map(client.brokers())) {
    Backoff backoff(client.loop(), deadline);
    for (bool again = true; again;) {
      kafka::ListTransactionsRequest request;
      request.state_filters = states;
      auto answer =
          co_await client.call<kafka::ListTransactionsResponse>(id, std::move(request), backoff.left());
      if (!answer) co_return answer.error();
      again = kafka::retriable(kafka::error_of(answer->error_code));
      if (again) again = co_await backoff.wait();
      if (!again && answer->error_code != 0) co_return refused(answer->error_code, broker);
      if (answer->error_code != 0) continue;
      for (auto& one : answer->transaction_states)
        all.push_back(
            {std::move(one.transactional_id), one.producer_id, std::move(one.transaction_state), id});
    }
  }
  std::ranges::sort(all, {}, &ListedTransaction::id);
  co_return all;
}

Task<Answer<DescribedTransaction>> describe_transaction(Client& client, std::string id, Time deadline) {
  kafka::DescribeTransactionsRequest request;
  request.transactional_ids.push_back(id);
  const auto error = [](const kafka::DescribeTransactionsResponse& response) {
    return response.transaction_states.empty() ? std::int16_t{0} : response.transaction_states[0].error_code;
  };
  auto answer = co_await at_coordinator<kafka::DescribeTransactionsResponse>(
      client, Coordinates::transaction, id, std::move(request), deadline, +error);
  if (!answer) co_return answer.error();
  if (const auto code = error(*answer); code != 0) co_return refused(code, {}, id);
  if (answer->transaction_states.empty())
    co_return refused(kafka::Error::unknown_server_error, {}, id, "no answer for it");
  const auto& state = answer->transaction_states[0];
  DescribedTransaction told;
  told.id = id;
  told.producer_id = state.producer_id;
  told.producer_epoch = state.producer_epoch;
  told.state = state.transaction_state;
  told.timeout = std::chrono::milliseconds(state.transaction_timeout_ms);
  const bool open = !state.topics.empty();  // Kafka keeps the time of one that is over
  told.started = open && state.transaction_start_time_ms > 0 ? state.transaction_start_time_ms : -1;
  for (const auto& topic : state.topics)
    for (const std::int32_t number : topic.partitions) told.partitions.push_back({topic.topic, number});
  std::ranges::sort(told.partitions);
  auto coordinator = co_await find_coordinator(client, Coordinates::transaction, id, left_until(deadline));
  if (coordinator) told.coordinator = *coordinator;
  co_return told;
}

Task<Answer<std::vector<OpenTransaction>>> open_transactions(Client& client,
                                                             std::vector<TopicPartition> partitions,
                                                             Time deadline) {
  std::ranges::sort(partitions);
  std::map<BrokerId, kafka::DescribeProducersRequest> requests;
  for (const TopicPartition& partition : partitions) {
    const BrokerId leader = client.leader(partition);
    if (leader == any_broker) continue;
    auto& topics = requests[leader].topics;
    if (topics.empty() || topics.back().name != partition.topic) topics.emplace_back().name = partition.topic;
    topics.back().partition_indexes.push_back(partition.partition);
  }
  std::vector<OpenTransaction> all;
  for (auto& [leader, request] : requests) {
    auto answer = co_await client.call<kafka::DescribeProducersResponse>(leader, std::move(request),
                                                                         left_until(deadline));
    if (!answer) co_return answer.error();
    for (const auto& topic : answer->topics)
      for (const auto& partition : topic.partitions)
        for (const auto& producer : partition.active_producers) {
          if (producer.current_txn_start_offset < 0) continue;
          OpenTransaction& one = all.emplace_back();
          one.partition = {topic.name, partition.partition_index};
          one.producer_id = producer.producer_id;
          one.producer_epoch = static_cast<std::int16_t>(producer.producer_epoch);
          one.coordinator_epoch = producer.coordinator_epoch;
          one.first_offset = producer.current_txn_start_offset;
          one.last_written = producer.last_timestamp;
        }
  }
  co_return all;
}

Task<Answer<Nothing>> abort_transaction(Client& client, OpenTransaction transaction, Time deadline) {
  kafka::WriteTxnMarkersRequest request;
  auto& marker = request.markers.emplace_back();
  marker.producer_id = transaction.producer_id;
  marker.producer_epoch = transaction.producer_epoch;
  marker.transaction_result = false;
  marker.coordinator_epoch = std::max(transaction.coordinator_epoch, 0);
  auto& topic = marker.topics.emplace_back();
  topic.name = transaction.partition.topic;
  topic.partition_indexes.push_back(transaction.partition.partition);
  const BrokerId leader = client.leader(transaction.partition);
  if (leader == any_broker)
    co_return refused(kafka::Error::leader_not_available, {}, transaction.partition.topic);
  auto answer =
      co_await client.call<kafka::WriteTxnMarkersResponse>(leader, std::move(request), left_until(deadline));
  if (!answer) co_return answer.error();
  for (const auto& result : answer->markers)
    for (const auto& answered : result.topics)
      for (const auto& partition : answered.partitions)
        if (partition.error_code != 0)
          co_return refused(partition.error_code, client.broker(leader), answered.name);
  co_return Nothing{};
}

}  // namespace mq::client
