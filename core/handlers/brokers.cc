// SPDX-License-Identifier: Apache-2.0
// Which brokers keep the metadata, and which of them is one no more.
#include <algorithm>
#include <limits>
#include <map>

#include "core/handlers/handlers.h"
#include "core/handlers/nodes.h"
#include "net/kafka/messages/describe_quorum.h"
#include "net/kafka/messages/unregister_broker.h"

namespace mq::core {

using kafka::Error;

namespace {

using Quorum = kafka::DescribeQuorumResponse;

constexpr std::string_view metadata_topic = "__cluster_metadata";

// In Kafka's words: the log is that of the metadata store, its end is the store's revision, and every broker
// that lives reads it. How far others have read is not known.
Quorum::PartitionData described_quorum(const Services& broker) {
  const Catalog& catalog = broker.catalog;
  Quorum::PartitionData quorum;
  quorum.leader_id = controller_of(broker);
  if (quorum.leader_id < 0) {
    quorum.error_code = kafka::number_of(Error::leader_not_available);
    quorum.error_message = "no controller is elected at the moment";
    return quorum;
  }
  const auto epoch_max = BrokerEpoch{std::numeric_limits<std::int32_t>::max()};
  const BrokerEpoch epoch = catalog.controller() ? catalog.controller()->epoch : 0;
  quorum.leader_epoch = static_cast<std::int32_t>(std::min(epoch, epoch_max));
  quorum.high_watermark = broker.loader.revision();
  std::map<BrokerId, Uuid> voters{{broker.identity.node_id, broker.identity.directory_id}};
  for (const auto& [id, live] : catalog.live()) voters[id] = live.entry.directory;
  voters.try_emplace(quorum.leader_id);
  for (const auto& [id, directory] : voters) {
    const auto caught_up = id == quorum.leader_id ? broker.clock.wall_ms() : -1;
    quorum.current_voters.push_back({id, directory, quorum.high_watermark, -1, caught_up});
  }
  return quorum;
}

Quorum::PartitionData no_quorum(std::int32_t index) {
  Quorum::PartitionData answer;
  answer.partition_index = index;
  answer.error_code = kafka::number_of(Error::unknown_topic_or_partition);
  answer.error_message = "only " + std::string(metadata_topic) + "-0 has a quorum";
  answer.leader_id = -1;
  return answer;
}

// Of which the broker is a replica, the first of them by name.
struct Remaining {
  std::size_t partitions = 0;
  std::string named = {};
};
Task<Remaining> remaining_at(Context& context, BrokerId broker) {
  constexpr std::size_t named_max = 5;
  Remaining remaining;
  const Catalog& catalog = context.broker.catalog;
  for (TopicPtr topic = catalog.after(""); topic; topic = catalog.after(topic->name))
    for (std::int32_t i = 0; i < topic->partitions; i++) {
      if (context.pace.due()) co_await context.pace.give_way();
      const auto& states = catalog.states();
      const auto entry = states.find({topic->id, i});
      if (entry == states.end()) continue;
      if (std::ranges::find(entry->second.state.replicas, broker) == entry->second.state.replicas.end())
        continue;
      if (++remaining.partitions > named_max) continue;
      remaining.named += (remaining.named.empty() ? "" : ", ") + topic->name + "[" + std::to_string(i) + "]";
    }
  if (remaining.partitions > named_max) remaining.named += ", …";
  co_return remaining;
}

}  // namespace

Task<kafka::DescribeQuorumResponse> describe_quorum(Context& context, kafka::DescribeQuorumRequest& request) {
  kafka::DescribeQuorumResponse response;
  const bool is_one = request.topics.size() == 1 && request.topics.front().partitions.size() == 1;
  for (const auto& topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.topic_name = topic.topic_name;
    for (const auto& asked : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      const bool is_known = is_one && topic.topic_name == metadata_topic && asked.partition_index == 0;
      answers.partitions.push_back(is_known ? described_quorum(context.broker)
                                            : no_quorum(asked.partition_index));
    }
  }
  for (const Node& node : nodes(context)) {
    const auto port = static_cast<std::uint16_t>(node.address.port);
    response.nodes.push_back({node.id, {{context.peer->listener, node.address.host, port}}});
  }
  co_return response;
}

// Kafka forgets a broker whatever it has. Here one that would be missed stays.
Task<kafka::UnregisterBrokerResponse> unregister_broker(Context& context,
                                                        kafka::UnregisterBrokerRequest& request) {
  kafka::UnregisterBrokerResponse response;
  const Remaining remaining = co_await remaining_at(context, request.broker_id);
  ReplicaChanges::Answer answer;
  if (request.broker_id == context.broker.identity.node_id)
    answer = {Error::duplicate_broker_registration, "this is broker " + std::to_string(request.broker_id)};
  else if (remaining.partitions > 0)
    answer = {Error::policy_violation, "broker " + std::to_string(request.broker_id) + " is a replica of " +
                                           std::to_string(remaining.partitions) +
                                           (remaining.partitions == 1 ? " partition: " : " partitions: ") +
                                           remaining.named + "; move them to other brokers first"};
  else
    answer = co_await context.broker.replica_changes.unregister(request.broker_id);
  response.error_code = kafka::number_of(answer.error);
  if (answer.error != Error::none) response.error_message = std::move(answer.message);
  co_return response;
}

}  // namespace mq::core
