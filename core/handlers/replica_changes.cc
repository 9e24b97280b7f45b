// SPDX-License-Identifier: Apache-2.0
// Who leads, and where partitions are, changed by an administrator.
#include "core/metadata/replica_changes.h"

#include "core/handlers/handlers.h"
#include "net/kafka/messages/alter_partition_reassignments.h"
#include "net/kafka/messages/elect_leaders.h"
#include "net/kafka/messages/list_partition_reassignments.h"

namespace mq::core {

using kafka::Error;

namespace {

using Change = ReplicaChanges::Answer;
enum : std::int8_t { preferred = 0, unclean = 1 };

template <class Result>
void fill(Result& result, Change answer) {
  result.error_code = kafka::number_of(answer.error);
  if (answer.error != Error::none) result.error_message = std::move(answer.message);
}

// All there are, when none are named.
Task<std::vector<TopicPartition>> partitions_to_elect(Context& context,
                                                      const kafka::ElectLeadersRequest& request) {
  std::vector<TopicPartition> partitions;
  if (request.topic_partitions) {
    for (const auto& topic : *request.topic_partitions)
      for (const std::int32_t index : topic.partitions) {
        if (context.pace.due()) co_await context.pace.give_way();
        partitions.push_back({topic.topic, index});
      }
    co_return partitions;
  }
  const Catalog& catalog = context.broker.catalog;
  for (TopicPtr topic = catalog.after(""); topic; topic = catalog.after(topic->name))
    for (std::int32_t i = 0; i < topic->partitions; i++) {
      if (context.pace.due()) co_await context.pace.give_way();
      partitions.push_back({topic->name, i});
    }
  co_return partitions;
}

}  // namespace

Task<kafka::ElectLeadersResponse> elect_leaders(Context& context, kafka::ElectLeadersRequest& request) {
  kafka::ElectLeadersResponse response;
  if (request.election_type != preferred && request.election_type != unclean) {
    response.error_code = kafka::number_of(Error::invalid_request);
    co_return response;
  }
  using Election = ReplicaChanges::Election;
  const Election election = request.election_type == unclean ? Election::unclean : Election::preferred;
  const auto partitions = co_await partitions_to_elect(context, request);
  for (const TopicPartition& partition : partitions) {
    if (context.pace.due()) co_await context.pace.give_way();
    Change answer = co_await context.broker.replica_changes.elect(partition, election);
    if (!request.topic_partitions && answer.error == Error::election_not_needed) continue;
    auto& topics = response.replica_election_results;
    if (topics.empty() || topics.back().topic != partition.topic) topics.push_back({partition.topic, {}});
    auto& result = topics.back().partition_result.emplace_back();
    result.partition_id = partition.partition;
    fill(result, std::move(answer));
  }
  co_return response;
}

Task<kafka::AlterPartitionReassignmentsResponse> alter_partition_reassignments(
    Context& context, kafka::AlterPartitionReassignmentsRequest& request) {
  kafka::AlterPartitionReassignmentsResponse response;
  response.allow_replication_factor_change = request.allow_replication_factor_change;
  for (auto& topic : request.topics) {
    auto& answers = response.responses.emplace_back();
    answers.name = topic.name;
    const TopicPtr known = context.broker.catalog.find(topic.name);
    for (auto& wanted : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      const bool other_factor =
          known && wanted.replicas &&
          wanted.replicas->size() != static_cast<std::size_t>(known->replication_factor);
      Change answer;
      if (other_factor && !request.allow_replication_factor_change) {
        answer = {Error::invalid_replication_factor, "it is to have another number of replicas"};
      } else {
        TopicPartition partition{topic.name, wanted.partition_index};
        answer =
            co_await context.broker.replica_changes.move(std::move(partition), std::move(wanted.replicas));
      }
      auto& result = answers.partitions.emplace_back();
      result.partition_index = wanted.partition_index;
      fill(result, std::move(answer));
    }
    co_await context.broker.replica_changes.note_replication_factor(topic.name);
  }
  co_return response;
}

Task<kafka::ListPartitionReassignmentsResponse> list_partition_reassignments(
    Context& context, kafka::ListPartitionReassignmentsRequest& request) {
  kafka::ListPartitionReassignmentsResponse response;
  const Catalog& catalog = context.broker.catalog;
  const auto list = [&](const TopicPtr& topic, std::int32_t index) {
    const PartitionState state = catalog.state(*topic, index);
    if (state.adding.empty() && state.removing.empty()) return;
    if (response.topics.empty() || response.topics.back().name != topic->name)
      response.topics.push_back({topic->name, {}});
    response.topics.back().partitions.push_back({index, state.replicas, state.adding, state.removing});
  };
  if (!request.topics) {
    for (TopicPtr topic = catalog.after(""); topic; topic = catalog.after(topic->name))
      for (std::int32_t i = 0; i < topic->partitions; i++) {
        if (context.pace.due()) co_await context.pace.give_way();
        list(topic, i);
      }
    co_return response;
  }
  for (const auto& asked : *request.topics) {
    const TopicPtr topic = catalog.find(asked.name);
    for (const std::int32_t index : asked.partition_indexes) {
      if (context.pace.due()) co_await context.pace.give_way();
      if (topic && topic->has(index)) list(topic, index);
    }
  }
  co_return response;
}

}  // namespace mq::core
