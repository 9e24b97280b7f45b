// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/metadata.h"

#include <algorithm>

#include "core/advertise.h"
#include "core/handlers/handlers.h"
#include "core/internal_topic.h"
#include "net/kafka/messages/describe_cluster.h"
#include "net/kafka/messages/describe_topic_partitions.h"

namespace mq::core {

using kafka::Error;

namespace {

// Every operation that makes sense for the resource: without ACLs everybody may do everything.
constexpr std::int32_t topic_operations = 0xdf8, cluster_operations = 0x1f70;

using TopicAnswer = kafka::MetadataResponse::MetadataResponseTopic;

TopicAnswer answer_of(const Context& context, const Topic& topic, bool operations) {
  const BrokerId self = context.broker.identity.node_id;
  TopicAnswer answer;
  answer.name = topic.name;
  answer.topic_id = topic.id;
  answer.is_internal = is_internal_topic(topic.name);
  if (operations) answer.topic_authorized_operations = topic_operations;
  for (std::size_t i = 0; i < topic.partitions.size(); i++) {
    auto& partition = answer.partitions.emplace_back();
    partition.partition_index = static_cast<std::int32_t>(i);
    partition.leader_id = self;
    partition.leader_epoch = topic.partitions[i]->leader_epoch();
    partition.replica_nodes = {self};
    partition.isr_nodes = {self};
  }
  return answer;
}

TopicAnswer failed(std::optional<std::string> name, const Uuid& id, Error error) {
  TopicAnswer answer;
  answer.error_code = static_cast<std::int16_t>(error);
  answer.name = std::move(name);
  answer.topic_id = id;
  return answer;
}

// A missing topic is made within the request, so that the answer is the finished topic.
Task<TopicAnswer> create(Context& context, std::string name, bool operations) {
  std::vector<NewTopic> wanted;
  if (is_internal_topic(name))
    wanted.push_back(new_internal_topic(name, context.broker.config));
  else
    wanted.push_back({name, static_cast<std::int32_t>(context.broker.config.default_partitions), {}});
  const auto answers = co_await context.broker.topics.create(std::move(wanted));
  TopicPtr topic = answers.front().topic;
  if (!topic && answers.front().error == Error::topic_already_exists)
    topic = context.broker.topics.find(name);
  if (topic) co_return answer_of(context, *topic, operations);
  const bool invalid = answers.front().error == Error::invalid_topic_exception;
  co_return failed(std::move(name), {},
                   invalid ? Error::invalid_topic_exception : Error::leader_not_available);
}

Task<TopicAnswer> answer_for(Context& context, kafka::MetadataRequest::MetadataRequestTopic asked,
                             bool may_create, bool operations) {
  // Java consumers that subscribe by pattern ask by id with an empty name instead of none.
  if (!asked.name || asked.topic_id != Uuid{}) {
    const TopicPtr topic = context.broker.topics.find(asked.topic_id);
    if (!topic) co_return failed(std::nullopt, asked.topic_id, Error::unknown_topic_id);
    co_return answer_of(context, *topic, operations);
  }
  if (const TopicPtr topic = context.broker.topics.find(*asked.name))
    co_return answer_of(context, *topic, operations);
  if (!is_topic_name(*asked.name))
    co_return failed(std::move(asked.name), {}, Error::invalid_topic_exception);
  if (!may_create) co_return failed(std::move(asked.name), {}, Error::unknown_topic_or_partition);
  co_return co_await create(context, *std::move(asked.name), operations);
}

}  // namespace

Task<kafka::MetadataResponse> metadata(Context& context, kafka::MetadataRequest request) {
  const Services& broker = context.broker;
  const Address self = advertised(broker.config, *context.peer);
  kafka::MetadataResponse response;
  auto& node = response.brokers.emplace_back();
  node.node_id = broker.identity.node_id;
  node.host = self.host;
  node.port = self.port;
  if (!broker.config.rack.empty()) node.rack = broker.config.rack;
  response.cluster_id = broker.identity.cluster_id;
  response.controller_id = broker.identity.node_id;
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = cluster_operations;

  const bool operations = request.include_topic_authorized_operations;
  const bool all = !request.topics || (context.version == 0 && request.topics->empty());
  if (all) {
    for (const auto& [name, topic] : broker.topics.all())
      response.topics.push_back(answer_of(context, *topic, operations));
    co_return response;
  }
  const bool may_create =
      broker.config.auto_create_topics && (context.version < 4 || request.allow_auto_topic_creation);
  for (auto& asked : *request.topics)
    response.topics.push_back(co_await answer_for(context, std::move(asked), may_create, operations));
  co_return response;
}

Task<kafka::DescribeClusterResponse> describe_cluster(Context& context,
                                                      kafka::DescribeClusterRequest request) {
  const Services& broker = context.broker;
  kafka::DescribeClusterResponse response;
  response.endpoint_type = request.endpoint_type;
  if (request.endpoint_type != 1) {
    response.error_code = static_cast<std::int16_t>(Error::unsupported_endpoint_type);
    response.error_message = "only brokers (endpoint type 1) can be listed here";
    co_return response;
  }
  const Address self = advertised(broker.config, *context.peer);
  response.cluster_id = broker.identity.cluster_id;
  response.controller_id = broker.identity.node_id;
  auto& node = response.brokers.emplace_back();
  node.broker_id = broker.identity.node_id;
  node.host = self.host;
  node.port = self.port;
  if (!broker.config.rack.empty()) node.rack = broker.config.rack;
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = cluster_operations;
  co_return response;
}

// Topics in the order of their names, cut at a number of partitions; the cursor says where to go on.
Task<kafka::DescribeTopicPartitionsResponse> describe_topic_partitions(
    Context& context, kafka::DescribeTopicPartitionsRequest request) {
  constexpr std::int32_t partitions_max = 2000;
  kafka::DescribeTopicPartitionsResponse response;
  std::vector<std::string> names;
  for (const auto& topic : request.topics) names.push_back(topic.name);
  if (names.empty())
    for (const auto& [name, topic] : context.broker.topics.all()) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());

  std::int32_t room = std::clamp(request.response_partition_limit, 1, partitions_max);
  for (const std::string& name : names) {
    if (request.cursor && name < request.cursor->topic_name) continue;
    const std::int32_t first = request.cursor && name == request.cursor->topic_name
                                   ? std::max(request.cursor->partition_index, 0)
                                   : 0;
    const TopicPtr topic = context.broker.topics.find(name);
    if (room == 0) {
      response.next_cursor = kafka::DescribeTopicPartitionsResponse::Cursor{name, first};
      break;
    }
    auto& answer = response.topics.emplace_back();
    answer.name = name;
    if (!topic) {
      answer.error_code = static_cast<std::int16_t>(is_topic_name(name) ? Error::unknown_topic_or_partition
                                                                        : Error::invalid_topic_exception);
      continue;
    }
    answer.topic_id = topic->id;
    answer.is_internal = is_internal_topic(name);
    answer.topic_authorized_operations = topic_operations;
    const BrokerId self = context.broker.identity.node_id;
    auto i = static_cast<std::size_t>(first);
    for (; i < topic->partitions.size() && room > 0; i++, room--) {
      auto& partition = answer.partitions.emplace_back();
      partition.partition_index = static_cast<std::int32_t>(i);
      partition.leader_id = self;
      partition.leader_epoch = topic->partitions[i]->leader_epoch();
      partition.replica_nodes = {self};
      partition.isr_nodes = {self};
      partition.eligible_leader_replicas.emplace();  // Java's admin client falls over null
      partition.last_known_elr.emplace();
    }
    if (i >= topic->partitions.size()) continue;
    response.next_cursor = kafka::DescribeTopicPartitionsResponse::Cursor{name, static_cast<std::int32_t>(i)};
    break;
  }
  co_return response;
}

}  // namespace mq::core
