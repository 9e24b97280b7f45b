// SPDX-License-Identifier: Apache-2.0
// The blocking front of Client for commands that do one thing after the other: each function runs the loop
// until its answer is there, goes to the broker that can give it (controller, leaders, one by one), and
// retries what Kafka calls retriable until `options.timeout` has passed since the call began. Used by one
// thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <concepts>
#include <exception>
#include <optional>
#include <utility>

#include "core/client/client.h"
#include "net/kafka/config_resource.h"
#include "net/kafka/messages/alter_partition_reassignments.h"
#include "net/kafka/messages/create_partitions.h"
#include "net/kafka/messages/create_topics.h"
#include "net/kafka/messages/delete_records.h"
#include "net/kafka/messages/delete_topics.h"
#include "net/kafka/messages/describe_cluster.h"
#include "net/kafka/messages/describe_configs.h"
#include "net/kafka/messages/describe_log_dirs.h"
#include "net/kafka/messages/elect_leaders.h"
#include "net/kafka/messages/incremental_alter_configs.h"
#include "net/kafka/messages/list_offsets.h"
#include "net/kafka/messages/list_partition_reassignments.h"

namespace mq::client {

inline constexpr Milliseconds latest = -1;  // timestamps with a meaning of their own in list_offsets
inline constexpr Milliseconds earliest = -2;
inline constexpr Milliseconds max_timestamp = -3;

struct OffsetQuery {
  TopicPartition partition;
  Milliseconds timestamp = latest;
};
struct OffsetAnswer {
  TopicPartition partition;
  Offset offset = -1;           // -1: no record at or after the time asked for
  Milliseconds timestamp = -1;  // of that record
  Answer<Nothing> status = Nothing{};
};

struct Trim {
  TopicPartition partition;
  Offset before = -1;  // -1: everything
};
struct Trimmed {
  TopicPartition partition;
  Offset low_watermark = -1;  // the new start
  Answer<Nothing> status = Nothing{};
};

struct LogDirs {
  Broker broker;
  Answer<kafka::DescribeLogDirsResponse> answer;
};

// Connects and hangs up: for `mq doctor`. The addresses the name has, tried one after the other.
struct Probe {
  bool connected = false;
  std::string address;  // the one that answered
  Duration took{};
  std::vector<Attempt> attempts;
};

// The same as Cluster's, as coroutines for those who have a loop of their own.
Task<Answer<kafka::MetadataResponse>> metadata(Client& client, std::optional<std::vector<std::string>> topics,
                                               Time deadline);
Task<Answer<kafka::DescribeConfigsResponse>> describe_configs(Client& client,
                                                              kafka::DescribeConfigsRequest request,
                                                              Time deadline);
using TopicsOfLogDirs = std::optional<std::vector<kafka::DescribeLogDirsRequest::DescribableLogDirTopic>>;
Task<Answer<std::vector<LogDirs>>> describe_log_dirs(Client& client, TopicsOfLogDirs topics, Time deadline);
// `committed`: the end is where the first open transaction begins.
Task<Answer<std::vector<OffsetAnswer>>> list_offsets(Client& client, std::vector<OffsetQuery> queries,
                                                     Time deadline, bool committed = false);
// Of the controller; they fill in the request's timeout. Errors of partitions are in the answer, and not
// retried.
Task<Answer<kafka::ElectLeadersResponse>> elect_leaders(Client& client, kafka::ElectLeadersRequest request,
                                                        Time deadline);
Task<Answer<kafka::AlterPartitionReassignmentsResponse>> alter_partition_reassignments(
    Client& client, kafka::AlterPartitionReassignmentsRequest request, Time deadline);
using TopicsOfReassignments =
    std::optional<std::vector<kafka::ListPartitionReassignmentsRequest::ListPartitionReassignmentsTopics>>;
Task<Answer<kafka::ListPartitionReassignmentsResponse>> list_partition_reassignments(
    Client& client, TopicsOfReassignments topics, Time deadline);

class Cluster {
 public:
  explicit Cluster(Options options);

  Client& client() { return client_; }

  Answer<kafka::MetadataResponse> metadata(std::optional<std::vector<std::string>> topics = std::nullopt);
  Answer<kafka::DescribeClusterResponse> describe_cluster();
  Answer<kafka::ApiVersionsResponse> api_versions(BrokerId of = any_broker);
  Answer<kafka::CreateTopicsResponse> create_topics(kafka::CreateTopicsRequest request);
  Answer<kafka::DeleteTopicsResponse> delete_topics(kafka::DeleteTopicsRequest request);
  Answer<kafka::CreatePartitionsResponse> create_partitions(kafka::CreatePartitionsRequest request);
  // A broker's resource is asked of that broker; everything else of any.
  Answer<kafka::DescribeConfigsResponse> describe_configs(kafka::DescribeConfigsRequest request);
  Answer<kafka::IncrementalAlterConfigsResponse> alter_configs(kafka::IncrementalAlterConfigsRequest request);
  // One answer for each query, in their order; asked of the leaders. Each partition once.
  Answer<std::vector<OffsetAnswer>> list_offsets(std::vector<OffsetQuery> queries);
  Answer<std::vector<Trimmed>> delete_records(std::vector<Trim> trims);
  // One for each broker; nothing: all topics.
  Answer<std::vector<LogDirs>> describe_log_dirs(TopicsOfLogDirs topics = std::nullopt);

  Probe probe(const Address& address);

  // Runs the loop until the task is done.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    std::exception_ptr failed;
    asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr e, T value) {
      failed = e;
      result.emplace(std::move(value));
    });
    loop_.restart();
    while (!result && loop_.run_one() > 0) continue;
    if (failed) std::rethrow_exception(failed);
    return std::move(*result);
  }
  void run(Task<void> task);
  // The same for what a function of the client begins; one that takes a deadline last gets that of a whole
  // task: run(list_groups), run(admin::select, selectors, false).
  template <class Function, class... Arguments>
  requires std::invocable<Function, Client&, Arguments...> ||
      std::invocable<Function, Client&, Arguments..., Time>
  auto run(Function begin, Arguments&&... arguments) {
    if constexpr (std::invocable<Function, Client&, Arguments..., Time>)
      return run(begin(client_, std::forward<Arguments>(arguments)..., client_.deadline()));
    else
      return run(begin(client_, std::forward<Arguments>(arguments)...));
  }

 private:
  asio::io_context loop_{1};
  Client client_;
};

}  // namespace mq::client
