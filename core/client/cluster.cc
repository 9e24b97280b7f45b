// SPDX-License-Identifier: Apache-2.0
#include "core/client/cluster.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>

#include "core/client/deadline.h"
#include "core/client/link.h"
#include "core/client/retry.h"
#include "core/client/topic_of.h"
#include "net/error.h"

namespace mq::client {
namespace {

// Asks until the answer holds no error that Kafka calls retriable, or the deadline has passed: the last
// answer counts. `failed` finds the error in an answer.
template <class Response, class Request>
Task<Answer<Response>> persist(Client& client, BrokerId to, Request request, Time deadline,
                               std::int16_t (*failed)(const Response&)) {
  Backoff backoff(client.loop(), deadline);
  for (;;) {
    auto answer = co_await client.call<Response>(to, request, backoff.left());
    const bool again = answer ? kafka::retriable(kafka::error_of(failed(*answer)))
                              : to != controller && worth_repeating(answer.error());
    if (!again) co_return answer;
    const bool waited = co_await backoff.wait();
    if (!waited) co_return answer;
    if (to == controller) {
      std::optional<std::vector<std::string>> no_topics;
      no_topics.emplace();
      co_await client.refresh(std::move(no_topics));
    }
  }
}

// Of what only the controller can do: everything else it says is final, for others may have been carried out.
template <class Items>
std::int16_t not_controller(const Items& items) {
  const std::int16_t code = kafka::number_of(kafka::Error::not_controller);
  return std::ranges::any_of(items,
                             [](const auto& item) {
                               return item.error_code == kafka::number_of(kafka::Error::not_controller);
                             })
             ? code
             : std::int16_t{0};
}

std::int16_t only_not_controller(std::int16_t code) {
  return code == kafka::number_of(kafka::Error::not_controller) ? code : std::int16_t{0};
}

// One request to each leader, again and again for those partitions whose answer was retriable.
template <class Item, class Send>
Task<Answer<Nothing>> at_leaders(Client& client, std::vector<Item>& items, Time deadline, Send send) {
  Backoff backoff(client.loop(), deadline);
  std::vector<std::size_t> open(items.size());
  for (std::size_t i = 0; i < items.size(); i++) open[i] = i;
  for (bool first = true; !open.empty(); first = false) {
    if (!first) {
      const bool waited = co_await backoff.wait();
      if (!waited) co_return Nothing{};
    }
    std::vector<std::string> topics;
    for (const auto i : open)
      if (client.leader(items[i].partition) == any_broker) topics.push_back(items[i].partition.topic);
    std::ranges::sort(topics);
    topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
    if (!topics.empty()) {
      auto known = co_await metadata(client, std::move(topics), deadline);
      if (!known) co_return known.error();
    }
    std::map<BrokerId, std::vector<std::size_t>> by_leader;
    std::vector<std::size_t> again;
    for (const auto i : open) {
      const BrokerId leader = client.leader(items[i].partition);
      if (leader != any_broker) {
        by_leader[leader].push_back(i);
        continue;
      }
      items[i].status = refused(kafka::Error::leader_not_available, {}, items[i].partition.topic);
      again.push_back(i);
    }
    for (auto& [leader, which] : by_leader) {
      auto sent = co_await send(client, leader, which, backoff.left());
      for (const auto i : which) {
        if (!sent) items[i].status = sent.error();
        if (items[i].status || !items[i].status.error().retriable()) continue;
        client.forget_leader(items[i].partition);
        again.push_back(i);
      }
    }
    open = std::move(again);
  }
  co_return Nothing{};
}

template <class Item>
std::map<TopicPartition, Item*> by_partition(std::vector<Item>& items,
                                             const std::vector<std::size_t>& which) {
  std::map<TopicPartition, Item*> found;
  for (const auto i : which) found.emplace(items[i].partition, &items[i]);
  return found;
}

struct ListSender {
  std::vector<OffsetAnswer>& answers;
  const std::vector<OffsetQuery>& queries;
  bool committed;

  Task<Answer<Nothing>> operator()(Client& client, BrokerId leader, const std::vector<std::size_t>& which,
                                   Duration timeout) const {
    kafka::ListOffsetsRequest request;
    request.replica_id = -1;
    request.isolation_level = committed ? 1 : 0;
    request.timeout_ms = in_ms(timeout);
    for (const auto i : which) {
      auto& asked = topic_of(request.topics, queries[i].partition.topic).partitions.emplace_back();
      asked.partition_index = queries[i].partition.partition;
      asked.timestamp = queries[i].timestamp;
      answers[i].status =
          refused(kafka::Error::unknown_server_error, client.broker(leader), {}, "no answer for it");
    }
    auto reply = co_await client.call<kafka::ListOffsetsResponse>(leader, std::move(request), timeout);
    if (!reply) co_return reply.error();
    const auto known = by_partition(answers, which);
    for (const auto& topic : reply->topics)
      for (const auto& partition : topic.partitions) {
        const TopicPartition name{topic.name, partition.partition_index};
        const auto found = known.find(name);
        if (found == known.end()) continue;
        auto& answer = *found->second;
        answer.offset = partition.offset;
        answer.timestamp = partition.timestamp;
        answer.status = Nothing{};
        if (partition.error_code != 0)
          answer.status = refused(partition.error_code, client.broker(leader), topic.name);
      }
    co_return Nothing{};
  }
};

struct TrimSender {
  std::vector<Trimmed>& answers;
  const std::vector<Trim>& trims;

  Task<Answer<Nothing>> operator()(Client& client, BrokerId leader, const std::vector<std::size_t>& which,
                                   Duration timeout) const {
    kafka::DeleteRecordsRequest request;
    request.timeout_ms = in_ms(timeout);
    for (const auto i : which) {
      auto& asked = topic_of(request.topics, trims[i].partition.topic).partitions.emplace_back();
      asked.partition_index = trims[i].partition.partition;
      asked.offset = trims[i].before;
      answers[i].status =
          refused(kafka::Error::unknown_server_error, client.broker(leader), {}, "no answer for it");
    }
    auto reply = co_await client.call<kafka::DeleteRecordsResponse>(leader, std::move(request), timeout);
    if (!reply) co_return reply.error();
    const auto known = by_partition(answers, which);
    for (const auto& topic : reply->topics)
      for (const auto& partition : topic.partitions) {
        const TopicPartition name{topic.name, partition.partition_index};
        const auto found = known.find(name);
        if (found == known.end()) continue;
        auto& answer = *found->second;
        answer.low_watermark = partition.low_watermark;
        answer.status = Nothing{};
        if (partition.error_code != 0)
          answer.status = refused(partition.error_code, client.broker(leader), topic.name);
      }
    co_return Nothing{};
  }
};

Task<Answer<std::vector<Trimmed>>> delete_records_until(Client& client, std::vector<Trim> trims,
                                                        Time deadline) {
  std::vector<Trimmed> answers(trims.size());
  for (std::size_t i = 0; i < trims.size(); i++) answers[i].partition = trims[i].partition;
  const TrimSender send{answers, trims};
  auto done = co_await at_leaders(client, answers, deadline, send);
  if (!done) co_return done.error();
  co_return answers;
}

Task<Probe> try_connect(Address address, Duration timeout) {
  Probe probe;
  const Time since = time_now();
  Broker at;
  at.host = address.host, at.port = address.port;
  probe.address = at.address();
  std::vector<net::Attempt> attempts;
  auto socket = co_await net::Client::connect(address.host, address.port, timeout, &attempts);
  probe.took = time_now() - since;
  probe.connected = socket.has_value();
  if (!socket) {
    probe.attempts = told(at.address(), attempts, socket.error());
    co_return probe;
  }
  const auto remote = (*socket)->remote();
  at.host = remote.address().to_string();
  probe.address = at.address();
  (*socket)->close();
  co_return probe;
}

}  // namespace

Task<Answer<kafka::MetadataResponse>> metadata(Client& client, std::optional<std::vector<std::string>> topics,
                                               Time deadline) {
  Backoff backoff(client.loop(), deadline);
  for (;;) {
    auto answer = co_await client.refresh(topics);
    if (answer || !worth_repeating(answer.error())) co_return answer;
    const bool waited = co_await backoff.wait();
    if (!waited) co_return answer;
  }
}

Task<Answer<kafka::DescribeConfigsResponse>> describe_configs(Client& client,
                                                              kafka::DescribeConfigsRequest request,
                                                              Time deadline) {
  BrokerId to = any_broker;
  if (!request.resources.empty() && request.resources[0].resource_type == kafka::broker_resource &&
      !request.resources[0].resource_name.empty()) {
    to = std::atoi(request.resources[0].resource_name.c_str());
    std::optional<std::vector<std::string>> no_topics;
    no_topics.emplace();
    auto known = co_await metadata(client, std::move(no_topics), deadline);
    if (!known) co_return known.error();
  }
  const auto none = [](const kafka::DescribeConfigsResponse&) { return std::int16_t{0}; };
  co_return co_await persist<kafka::DescribeConfigsResponse>(client, to, std::move(request), deadline, +none);
}

Task<Answer<std::vector<LogDirs>>> describe_log_dirs(Client& client, TopicsOfLogDirs topics, Time deadline) {
  kafka::DescribeLogDirsRequest request;
  request.topics = std::move(topics);
  std::optional<std::vector<std::string>> no_topics;
  no_topics.emplace();
  auto known = co_await metadata(client, std::move(no_topics), deadline);
  if (!known) co_return known.error();
  const auto none = [](const kafka::DescribeLogDirsResponse& r) { return r.error_code; };
  std::vector<LogDirs> all;
  for (const auto& [id, broker] : std::map(client.brokers())) {
    auto answer = co_await persist<kafka::DescribeLogDirsResponse>(client, id, request, deadline, +none);
    all.push_back({broker, std::move(answer)});
  }
  co_return all;
}

Task<Answer<std::vector<OffsetAnswer>>> list_offsets(Client& client, std::vector<OffsetQuery> queries,
                                                     Time deadline, bool committed) {
  std::vector<OffsetAnswer> answers(queries.size());
  for (std::size_t i = 0; i < queries.size(); i++) answers[i].partition = queries[i].partition;
  const ListSender send{answers, queries, committed};
  auto done = co_await at_leaders(client, answers, deadline, send);
  if (!done) co_return done.error();
  co_return answers;
}

Task<Answer<kafka::ElectLeadersResponse>> elect_leaders(Client& client, kafka::ElectLeadersRequest request,
                                                        Time deadline) {
  request.timeout_ms = in_ms(left_until(deadline));
  const auto error = [](const kafka::ElectLeadersResponse& r) { return only_not_controller(r.error_code); };
  auto answer =
      co_await persist<kafka::ElectLeadersResponse>(client, controller, std::move(request), deadline, +error);
  if (answer && answer->error_code != 0) co_return refused(answer->error_code);
  co_return answer;
}

Task<Answer<kafka::AlterPartitionReassignmentsResponse>> alter_partition_reassignments(
    Client& client, kafka::AlterPartitionReassignmentsRequest request, Time deadline) {
  using Response = kafka::AlterPartitionReassignmentsResponse;
  request.timeout_ms = in_ms(left_until(deadline));
  const auto error = [](const Response& r) { return only_not_controller(r.error_code); };
  auto answer = co_await persist<Response>(client, controller, std::move(request), deadline, +error);
  if (answer && answer->error_code != 0)
    co_return refused(answer->error_code, {}, {}, answer->error_message.value_or(""));
  co_return answer;
}

Task<Answer<kafka::ListPartitionReassignmentsResponse>> list_partition_reassignments(
    Client& client, TopicsOfReassignments topics, Time deadline) {
  using Response = kafka::ListPartitionReassignmentsResponse;
  kafka::ListPartitionReassignmentsRequest request;
  request.timeout_ms = in_ms(left_until(deadline));
  request.topics = std::move(topics);
  const auto error = [](const Response& r) { return r.error_code; };
  auto answer = co_await persist<Response>(client, controller, std::move(request), deadline, +error);
  if (answer && answer->error_code != 0)
    co_return refused(answer->error_code, {}, {}, answer->error_message.value_or(""));
  co_return answer;
}

Cluster::Cluster(Options options) : client_(loop_, std::move(options)) {}

void Cluster::run(Task<void> task) {
  const auto answered = [](Task<void> inner) -> Task<Nothing> {
    co_await std::move(inner);
    co_return Nothing{};
  };
  run(answered(std::move(task)));
}

Answer<kafka::MetadataResponse> Cluster::metadata(std::optional<std::vector<std::string>> topics) {
  return run(client::metadata, std::move(topics));
}

Answer<kafka::DescribeClusterResponse> Cluster::describe_cluster() {
  const auto error = [](const kafka::DescribeClusterResponse& r) { return r.error_code; };
  return run(persist<kafka::DescribeClusterResponse>(client_, any_broker, kafka::DescribeClusterRequest{},
                                                     client_.deadline(), +error));
}

Answer<kafka::ApiVersionsResponse> Cluster::api_versions(BrokerId of) {
  return run(client_.api_versions(of));
}

Answer<kafka::CreateTopicsResponse> Cluster::create_topics(kafka::CreateTopicsRequest request) {
  request.timeout_ms = in_ms(client_.options().timeout);
  const auto error = [](const kafka::CreateTopicsResponse& r) { return not_controller(r.topics); };
  return run(persist<kafka::CreateTopicsResponse>(client_, controller, std::move(request), client_.deadline(),
                                                  +error));
}

Answer<kafka::DeleteTopicsResponse> Cluster::delete_topics(kafka::DeleteTopicsRequest request) {
  request.timeout_ms = in_ms(client_.options().timeout);
  if (request.topic_names.empty())  // versions before 6 know topics by name only
    for (const auto& topic : request.topics)
      if (topic.name) request.topic_names.push_back(*topic.name);
  const auto error = [](const kafka::DeleteTopicsResponse& r) { return not_controller(r.responses); };
  return run(persist<kafka::DeleteTopicsResponse>(client_, controller, std::move(request), client_.deadline(),
                                                  +error));
}

Answer<kafka::CreatePartitionsResponse> Cluster::create_partitions(kafka::CreatePartitionsRequest request) {
  request.timeout_ms = in_ms(client_.options().timeout);
  const auto error = [](const kafka::CreatePartitionsResponse& r) { return not_controller(r.results); };
  return run(persist<kafka::CreatePartitionsResponse>(client_, controller, std::move(request),
                                                      client_.deadline(), +error));
}

Answer<kafka::DescribeConfigsResponse> Cluster::describe_configs(kafka::DescribeConfigsRequest request) {
  return run(client::describe_configs, std::move(request));
}

Answer<kafka::IncrementalAlterConfigsResponse> Cluster::alter_configs(
    kafka::IncrementalAlterConfigsRequest request) {
  const auto error = [](const kafka::IncrementalAlterConfigsResponse& r) {
    return not_controller(r.responses);
  };
  return run(persist<kafka::IncrementalAlterConfigsResponse>(client_, controller, std::move(request),
                                                             client_.deadline(), +error));
}

Answer<std::vector<OffsetAnswer>> Cluster::list_offsets(std::vector<OffsetQuery> queries) {
  return run(client::list_offsets(client_, std::move(queries), client_.deadline()));
}

Answer<std::vector<Trimmed>> Cluster::delete_records(std::vector<Trim> trims) {
  return run(delete_records_until, std::move(trims));
}

Answer<std::vector<LogDirs>> Cluster::describe_log_dirs(TopicsOfLogDirs topics) {
  return run(client::describe_log_dirs, std::move(topics));
}

Probe Cluster::probe(const Address& address) {
  return run(try_connect(address, client_.options().connect_timeout));
}

}  // namespace mq::client
