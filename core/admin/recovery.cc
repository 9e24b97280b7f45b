// SPDX-License-Identifier: Apache-2.0
#include "core/admin/recovery.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/client/cluster.h"
#include "core/client/deadline.h"
#include "core/client/topic_of.h"
#include "net/kafka/messages/describe_topic_partitions.h"

namespace mq::admin {

using client::Answer;
using client::Client;
using client::Task;
using client::Time;
using core::BrokerId;
using core::TopicPartition;

namespace {

// Who was in sync when the last of them went, where the broker that is asked knows (KIP-966).
Task<std::map<TopicPartition, std::vector<BrokerId>>> eligible_in(Client& client,
                                                                  std::vector<std::string> topics,
                                                                  Time deadline) {
  std::map<TopicPartition, std::vector<BrokerId>> eligible;
  kafka::DescribeTopicPartitionsRequest request;
  for (std::string& topic : topics) request.topics.push_back({std::move(topic)});
  for (bool more = true; more;) {
    const auto answer = co_await client.call<kafka::DescribeTopicPartitionsResponse>(
        client::any_broker, request, client::left_until(deadline));
    if (!answer) break;
    for (const auto& topic : answer->topics)
      for (const auto& partition : topic.partitions)
        if (partition.eligible_leader_replicas)
          eligible[{topic.name.value_or(""), partition.partition_index}] =
              *partition.eligible_leader_replicas;
    more = answer->next_cursor.has_value();
    if (more) request.cursor = {answer->next_cursor->topic_name, answer->next_cursor->partition_index};
  }
  co_return eligible;
}

// By broker and partition, of those that answer.
using Sizes = std::map<std::pair<BrokerId, TopicPartition>, std::int64_t>;
Task<Sizes> sizes_at(Client& client, const std::vector<Recovery>& recoveries, Time deadline) {
  std::map<BrokerId, kafka::DescribeLogDirsRequest> requests;
  for (const Recovery& one : recoveries) {
    if (one.next_leader < 0) continue;
    auto& topics = requests[one.next_leader].topics;
    if (!topics) topics.emplace();
    if (topics->empty() || topics->back().topic != one.partition.topic)
      topics->emplace_back().topic = one.partition.topic;
    topics->back().partitions.push_back(one.partition.partition);
  }
  Sizes sizes;
  for (auto& [broker, request] : requests) {
    const auto answer = co_await client.call<kafka::DescribeLogDirsResponse>(broker, std::move(request),
                                                                             client::left_until(deadline));
    if (!answer) continue;
    for (const auto& dir : answer->results)
      for (const auto& topic : dir.topics)
        for (const auto& partition : topic.partitions)
          sizes[{broker, {topic.name, partition.partition_index}}] += partition.partition_size;
  }
  co_return sizes;
}

}  // namespace

Task<Answer<std::vector<Recovery>>> recoveries(Client& client, std::vector<TopicPartition> partitions,
                                               Time deadline) {
  std::set<std::string> names;
  for (const TopicPartition& partition : partitions) names.insert(partition.topic);
  const std::vector<std::string> topics(names.begin(), names.end());
  const auto metadata = co_await client::metadata(client, topics, deadline);
  if (!metadata) co_return metadata.error();
  const auto eligible = co_await eligible_in(client, topics, deadline);
  const auto runs = [&](BrokerId id) {
    return std::ranges::any_of(metadata->brokers, [id](const auto& broker) { return broker.node_id == id; });
  };
  std::map<TopicPartition, Recovery> found;
  for (const auto& topic : metadata->topics)
    for (const auto& told : topic.partitions) {
      if (told.leader_id >= 0) continue;
      Recovery one;
      one.partition = {topic.name.value_or(""), told.partition_index};
      one.replicas = told.replica_nodes;
      one.complete = told.isr_nodes;
      if (const auto known = eligible.find(one.partition); known != eligible.end())
        one.complete.insert(one.complete.end(), known->second.begin(), known->second.end());
      std::ranges::sort(one.complete);
      const auto next = std::ranges::find_if(one.replicas, runs);
      if (next != one.replicas.end()) one.next_leader = *next;
      found.emplace(one.partition, std::move(one));
    }
  std::vector<Recovery> all;
  for (const TopicPartition& partition : partitions)
    if (const auto one = found.find(partition); one != found.end()) all.push_back(one->second);
  const Sizes sizes = co_await sizes_at(client, all, deadline);
  for (Recovery& one : all)
    if (const auto size = sizes.find({one.next_leader, one.partition}); size != sizes.end())
      one.bytes = size->second;
  co_return all;
}

}  // namespace mq::admin
