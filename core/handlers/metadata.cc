// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/metadata.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/handlers/handlers.h"
#include "core/handlers/nodes.h"
#include "core/loop/run_on.h"
#include "core/metadata/internal_topic.h"
#include "net/kafka/acl_operation.h"
#include "net/kafka/messages/describe_cluster.h"
#include "net/kafka/messages/describe_topic_partitions.h"

namespace mq::core {

using kafka::Error;

namespace {

// Without ACLs everybody may do everything that makes sense for the resource.
using kafka::cluster_operations, kafka::topic_operations;

using MetadataTopic = kafka::MetadataRequest::MetadataRequestTopic;
using TopicAnswer = kafka::MetadataResponse::MetadataResponseTopic;
using PartitionMetadata = kafka::MetadataResponse::MetadataResponsePartition;
using DescribedPartition = kafka::DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition;

template <class Answer>
Answer partition_of(PartitionState state, std::int32_t index) {
  Answer answer;
  if (state.leader < 0) answer.error_code = kafka::number_of(Error::leader_not_available);
  answer.partition_index = index;
  answer.leader_id = state.leader;
  answer.leader_epoch = state.leader_epoch;
  answer.replica_nodes = std::move(state.replicas);
  for (const ReplicaEntry& entry : state.isr) answer.isr_nodes.push_back(entry.broker);
  return answer;
}

Task<TopicAnswer> answer_of(Context& context, TopicPtr topic, bool operations) {
  TopicAnswer answer;
  answer.name = topic->name;
  answer.topic_id = topic->id;
  answer.is_internal = is_internal_topic(topic->name);
  if (operations) answer.topic_authorized_operations = topic_operations;
  answer.partitions.reserve(static_cast<std::size_t>(topic->partitions));
  for (std::int32_t i = 0; i < topic->partitions; i++) {
    if (context.pace.due()) co_await context.pace.give_way();
    answer.partitions.push_back(partition_of<PartitionMetadata>(context.broker.catalog.state(*topic, i), i));
  }
  co_return answer;
}

TopicAnswer failed(std::optional<std::string> name, const Uuid& id, Error error) {
  TopicAnswer answer;
  answer.error_code = kafka::number_of(error);
  answer.name = std::move(name);
  answer.topic_id = id;
  return answer;
}

// Of topics that one request makes. Clients ask again for those that are not there yet.
constexpr std::size_t created_max = 100;

// Missing topics are made within the request, so that the answer is of finished topics.
Task<void> create_missing(Context& context, const std::vector<MetadataTopic>& asked) {
  const Config& config = context.broker.config;
  const Catalog& catalog = context.broker.catalog;
  std::vector<NewTopic> wanted;
  std::set<std::string_view> names;
  for (const MetadataTopic& one : asked) {
    if (context.pace.due()) co_await context.pace.give_way();
    if (names.size() == created_max) break;
    if (!one.name || one.topic_id != Uuid{} || context.broker.catalog.find(*one.name)) continue;
    if (!is_topic_name(*one.name) || !names.insert(*one.name).second) continue;
    if (is_internal_topic(*one.name))
      wanted.push_back(new_internal_topic(*one.name, config, catalog));
    else
      wanted.push_back({*one.name,
                        static_cast<std::int32_t>(config.default_partitions),
                        {},
                        default_replication_factor(catalog, config.default_replication)});
  }
  if (!wanted.empty()) co_await context.broker.controller.create(std::move(wanted));
}

// Why a topic that could have been made is not there: its name collides, or it is to be asked for again.
Error not_made(const Context& context, const std::string& name) {
  return context.broker.catalog.twin_of(name) ? Error::invalid_topic_exception : Error::leader_not_available;
}

Task<TopicAnswer> answer_for(Context& context, const MetadataTopic& asked, bool may_create, bool operations) {
  // Java consumers that subscribe by pattern ask by id with an empty name instead of none.
  if (!asked.name || asked.topic_id != Uuid{}) {
    TopicPtr topic = context.broker.catalog.find(asked.topic_id);
    if (!topic) co_return failed(std::nullopt, asked.topic_id, Error::unknown_topic_id);
    co_return co_await answer_of(context, std::move(topic), operations);
  }
  if (TopicPtr topic = context.broker.catalog.find(*asked.name))
    co_return co_await answer_of(context, std::move(topic), operations);
  if (!is_topic_name(*asked.name)) co_return failed(asked.name, {}, Error::invalid_topic_exception);
  co_return failed(asked.name, {},
                   may_create ? not_made(context, *asked.name) : Error::unknown_topic_or_partition);
}

}  // namespace

Task<kafka::MetadataResponse> metadata(Context& context, kafka::MetadataRequest& request) {
  const Services& broker = context.broker;
  kafka::MetadataResponse response;
  if (hangs_up(context)) co_return response;
  for (Node& node : nodes(context)) {
    auto& answer = response.brokers.emplace_back();
    answer.node_id = node.id;
    answer.host = std::move(node.address.host);
    answer.port = node.address.port;
    if (!node.rack.empty()) answer.rack = std::move(node.rack);
  }
  response.cluster_id = broker.identity.cluster_id;
  response.controller_id = controller_of(broker);
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = cluster_operations;

  const bool operations = request.include_topic_authorized_operations;
  const bool all = !request.topics || (context.version == 0 && request.topics->empty());
  if (all) {
    response.topics.reserve(broker.catalog.all().size());
    for (TopicPtr topic = broker.catalog.after(""); topic; topic = broker.catalog.after(topic->name))
      response.topics.push_back(co_await answer_of(context, topic, operations));
    co_return response;
  }
  const bool may_create =
      broker.config.auto_create_topics && (context.version < 4 || request.allow_auto_topic_creation);
  if (may_create) co_await create_missing(context, *request.topics);
  response.topics.reserve(request.topics->size());
  for (const MetadataTopic& asked : *request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    response.topics.push_back(co_await answer_for(context, asked, may_create, operations));
  }
  co_return response;
}

Task<kafka::DescribeClusterResponse> describe_cluster(Context& context,
                                                      kafka::DescribeClusterRequest& request) {
  const Services& broker = context.broker;
  kafka::DescribeClusterResponse response;
  if (hangs_up(context)) co_return response;
  response.endpoint_type = request.endpoint_type;
  if (request.endpoint_type != 1) {
    response.error_code = kafka::number_of(Error::unsupported_endpoint_type);
    response.error_message = "only brokers (endpoint type 1) can be listed here";
    co_return response;
  }
  response.cluster_id = broker.identity.cluster_id;
  response.controller_id = controller_of(broker);
  for (Node& node : nodes(context)) {
    auto& answer = response.brokers.emplace_back();
    answer.broker_id = node.id;
    answer.host = std::move(node.address.host);
    answer.port = node.address.port;
    if (!node.rack.empty()) answer.rack = std::move(node.rack);
  }
  // Those that are away: where they were is not known any more.
  const auto is_told = [&response](BrokerId id) {
    return std::ranges::any_of(response.brokers, [id](const auto& told) { return told.broker_id == id; });
  };
  if (request.include_fenced_brokers)
    for (const auto& [id, registered] : broker.catalog.registered()) {
      if (is_told(id)) continue;
      std::optional<std::string> rack;
      if (!registered.rack.empty()) rack = registered.rack;
      response.brokers.push_back({id, "", -1, std::move(rack), true});
    }
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = cluster_operations;
  co_return response;
}

namespace {

using DescribedPartitions = kafka::DescribeTopicPartitionsResponse;

std::vector<std::string> sorted_names(
    const std::vector<kafka::DescribeTopicPartitionsRequest::TopicRequest>& asked, std::string_view from) {
  std::vector<std::string> names;
  for (const auto& topic : asked)
    if (topic.name >= from) names.push_back(topic.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// In order, from `from` on; of all topics as many as can be answered, and more to go on with.
Task<std::vector<std::string>> names_from(Context& context, kafka::DescribeTopicPartitionsRequest& request,
                                          std::string from, std::size_t count_max) {
  constexpr std::size_t sorted_here_max = 1000;
  if (request.topics.empty()) {
    std::vector<std::string> names;
    const auto& all = context.broker.catalog.all();
    for (auto at = all.lower_bound(from); at != all.end() && names.size() < count_max + 2; ++at)
      names.push_back(at->first);
    co_return names;
  }
  const bool is_short = request.topics.size() <= sorted_here_max;
  auto sort = [asked = std::move(request.topics), from = std::move(from)] {
    return sorted_names(asked, from);
  };
  if (is_short) co_return sort();
  co_return co_await run_on(context.broker.workers, std::move(sort));
}

void describe(const Context& context, const Topic& topic, std::int32_t first, std::int32_t& room,
              DescribedPartitions& response) {
  auto& answer = response.topics.back();
  answer.topic_id = topic.id;
  answer.is_internal = is_internal_topic(topic.name);
  answer.topic_authorized_operations = topic_operations;
  std::int32_t i = first;
  for (; i < topic.partitions && room > 0; i++, room--) {
    PartitionState state = context.broker.catalog.state(topic, i);
    std::vector<BrokerId> eligible, last_known = state.last_known;
    for (const ReplicaEntry& entry : state.elr) eligible.push_back(entry.broker);
    auto& partition = answer.partitions.emplace_back(partition_of<DescribedPartition>(std::move(state), i));
    partition.eligible_leader_replicas = std::move(eligible);  // Java's admin client falls over null
    partition.last_known_elr = std::move(last_known);
  }
  if (i < topic.partitions) response.next_cursor = DescribedPartitions::Cursor{topic.name, i};
}

}  // namespace

// Topics in the order of their names, cut at a number of partitions; the cursor says where to go on.
Task<DescribedPartitions> describe_topic_partitions(Context& context,
                                                    kafka::DescribeTopicPartitionsRequest& request) {
  constexpr std::int32_t partitions_max = 2000;
  DescribedPartitions response;
  if (hangs_up(context)) co_return response;
  std::int32_t room = std::clamp(request.response_partition_limit, 1, partitions_max);
  std::string from;
  if (request.cursor) from = request.cursor->topic_name;
  auto names = co_await names_from(context, request, from, static_cast<std::size_t>(room));
  for (const std::string& name : names) {
    if (context.pace.due()) co_await context.pace.give_way();
    const bool goes_on = request.cursor && name == request.cursor->topic_name;
    const std::int32_t first = goes_on ? std::max(request.cursor->partition_index, 0) : 0;
    if (room == 0) {
      response.next_cursor = DescribedPartitions::Cursor{name, first};
      break;
    }
    auto& answer = response.topics.emplace_back();
    answer.name = name;
    const TopicPtr topic = context.broker.catalog.find(name);
    if (topic)
      describe(context, *topic, first, room, response);
    else
      answer.error_code = kafka::number_of(is_topic_name(name) ? Error::unknown_topic_or_partition
                                                               : Error::invalid_topic_exception);
    if (response.next_cursor) break;
  }
  discard(context.broker.workers, std::move(names));
  co_return response;
}

}  // namespace mq::core
