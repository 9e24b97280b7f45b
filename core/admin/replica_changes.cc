// SPDX-License-Identifier: Apache-2.0
#include "core/admin/replica_changes.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "core/admin/partition_names.h"
#include "core/admin/selector.h"
#include "core/admin/usage_error.h"
#include "core/client/cluster.h"
#include "core/client/retry.h"
#include "core/client/topic_of.h"
#include "core/config/scalars.h"

namespace mq::admin {

namespace json = boost::json;
using client::Nothing;
using client::Time;
using core::BrokerId;
using core::TopicPartition;

// ---- as it is written ----

namespace {

constexpr std::string_view like =
    "like orders:0=1,2,3 — partition 0 of orders on brokers 1, 2 and 3, led by 1";

std::vector<BrokerId> parse_replicas(std::string_view text, std::string_view word) {
  std::vector<BrokerId> replicas;
  for (const std::string_view part : core::split(text, ',')) {
    const auto id = core::parse_integer(part, 0, INT32_MAX);
    if (!id)
      throw UsageError(in_quotes(word) + ": " + in_quotes(text) + " is no list of brokers",
                       std::string(like));
    replicas.push_back(static_cast<BrokerId>(*id));
  }
  return replicas;
}

void check_replicas(const Reassignment& reassignment) {
  const std::vector<BrokerId>& replicas = reassignment.replicas;
  const std::string name = name_of(reassignment.partition);
  if (replicas.empty()) throw UsageError(name + " is to be on no broker");
  if (std::set(replicas.begin(), replicas.end()).size() != replicas.size())
    throw UsageError(name + " is to be on a broker twice");
}

[[noreturn]] void wrong_file(const std::string& why) {
  throw UsageError(
      "the file is no reassignment of Kafka's: " + why,
      R"(it is {"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1,2,3]}]})");
}

const json::value& member(const json::value& object, std::string_view name) {
  const json::value* found = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  if (!found) wrong_file(in_quotes(name) + " is missing");
  return *found;
}

std::int32_t number(const json::value& value, std::string_view name) {
  const auto wrong = [&] { wrong_file(in_quotes(name) + " is " + json::serialize(value)); };
  if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > INT32_MAX) wrong();
  return static_cast<std::int32_t>(value.get_int64());
}

const json::array& list(const json::value& value, std::string_view name) {
  if (!value.is_array()) wrong_file(in_quotes(name) + " is no list");
  return value.get_array();
}

Reassignment reassignment_from(const json::value& value) {
  Reassignment one;
  const json::value& topic = member(value, "topic");
  if (!topic.is_string() || topic.get_string().empty()) wrong_file("\"topic\" is no name");
  one.partition = {std::string(topic.get_string()), number(member(value, "partition"), "partition")};
  for (const json::value& replica : list(member(value, "replicas"), "replicas"))
    one.replicas.push_back(number(replica, "replicas"));
  if (const json::value* directories = value.get_object().if_contains("log_dirs"))
    for (const json::value& directory : list(*directories, "log_dirs"))
      if (directory != "any") wrong_file("directories cannot be chosen, \"log_dirs\" may only say \"any\"");
  check_replicas(one);
  return one;
}

}  // namespace

std::vector<Reassignment> parse_reassignment(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == text.npos) throw UsageError(in_quotes(text) + " does not say where to", std::string(like));
  const Selector selector(text.substr(0, equals));
  if (selector.is_pattern() || selector.partitions().empty())
    throw UsageError(in_quotes(text) + " does not say which partitions of one topic", std::string(like));
  const auto replicas = parse_replicas(text.substr(equals + 1), text);
  std::vector<Reassignment> reassignments;
  for (const std::int32_t partition : selector.partitions()) {
    reassignments.push_back({{selector.topic(), partition}, replicas});
    check_replicas(reassignments.back());
  }
  return reassignments;
}

std::vector<Reassignment> parse_reassignment_file(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) wrong_file(error.message());
  const json::value* version = value.is_object() ? value.get_object().if_contains("version") : nullptr;
  if (version && *version != 1) wrong_file("version " + json::serialize(*version) + " is not known");
  std::vector<Reassignment> reassignments;
  for (const json::value& partition : list(member(value, "partitions"), "partitions"))
    reassignments.push_back(reassignment_from(partition));
  if (reassignments.empty()) wrong_file("it names no partition");
  return reassignments;
}

void check_each_once(const std::vector<Reassignment>& reassignments) {
  std::set<TopicPartition> seen;
  for (const Reassignment& one : reassignments)
    if (!seen.insert(one.partition).second) throw UsageError(name_of(one.partition) + " is named twice");
}

// ---- asked for ----

namespace {

Answer<Nothing> status_of(std::int16_t code, const std::optional<std::string>& message,
                          const std::string& target) {
  if (code == 0) return Nothing{};
  return client::refused(code, {}, target, message.value_or(""));
}

using Statuses = std::map<TopicPartition, Answer<Nothing>>;

std::vector<ReplicaChange> in_order(const std::vector<TopicPartition>& partitions, const Statuses& statuses) {
  std::vector<ReplicaChange> changes;
  for (const TopicPartition& partition : partitions) {
    const auto found = statuses.find(partition);
    ReplicaChange& change = changes.emplace_back();
    change.partition = partition;
    change.status = found == statuses.end() ? client::refused(kafka::Error::unknown_server_error, {},
                                                              name_of(partition), "no answer for it")
                                            : found->second;
  }
  return changes;
}

}  // namespace

Task<Answer<std::vector<ReplicaChange>>> elect_leaders(Client& client, std::vector<TopicPartition> partitions,
                                                       bool unclean, Time deadline) {
  kafka::ElectLeadersRequest request;
  request.election_type = unclean ? 1 : 0;
  auto& topics = request.topic_partitions.emplace();
  for (const TopicPartition& partition : partitions) {
    if (topics.empty() || topics.back().topic != partition.topic)
      topics.emplace_back().topic = partition.topic;
    topics.back().partitions.push_back(partition.partition);
  }
  const auto answer = co_await client::elect_leaders(client, std::move(request), deadline);
  if (!answer) co_return answer.error();
  Statuses statuses;
  for (const auto& topic : answer->replica_election_results)
    for (const auto& result : topic.partition_result) {
      const TopicPartition partition{topic.topic, result.partition_id};
      statuses.emplace(partition, status_of(result.error_code, result.error_message, name_of(partition)));
    }
  co_return in_order(partitions, statuses);
}

Task<Answer<std::vector<ReplicaChange>>> reassign(Client& client, std::vector<Reassignment> reassignments,
                                                  Time deadline) {
  kafka::AlterPartitionReassignmentsRequest request;
  std::vector<TopicPartition> partitions;
  for (const Reassignment& one : reassignments) {
    auto& wanted = client::topic_of(request.topics, one.partition.topic).partitions.emplace_back();
    wanted.partition_index = one.partition.partition;
    if (!one.replicas.empty()) wanted.replicas = one.replicas;
    partitions.push_back(one.partition);
  }
  const auto answer = co_await client::alter_partition_reassignments(client, std::move(request), deadline);
  if (!answer) co_return answer.error();
  Statuses statuses;
  for (const auto& topic : answer->responses)
    for (const auto& result : topic.partitions) {
      const TopicPartition partition{topic.name, result.partition_index};
      statuses.emplace(partition, status_of(result.error_code, result.error_message, name_of(partition)));
    }
  co_return in_order(partitions, statuses);
}

// ---- under way ----

Task<Answer<std::vector<MovingPartition>>> moving_partitions(Client& client, Time deadline) {
  const auto answer = co_await client::list_partition_reassignments(client, std::nullopt, deadline);
  if (!answer) co_return answer.error();
  std::vector<MovingPartition> moving;
  for (const auto& topic : answer->topics)
    for (const auto& partition : topic.partitions)
      moving.push_back({{topic.name, partition.partition_index},
                        partition.replicas,
                        partition.adding_replicas,
                        partition.removing_replicas});
  std::ranges::sort(moving, {}, &MovingPartition::partition);
  co_return moving;
}

Task<bool> look_again(Client& client, Time deadline) {
  const Time at = client::time_now() + std::chrono::milliseconds(200);
  if (at >= deadline) co_return false;
  client::Timer timer(client.loop().get_executor());
  timer.expires_at(at);
  co_await timer.async_wait(core::use_result);
  co_return true;
}

namespace {

// Metadata tells adding replicas among the others: who moves is known to the list of those alone.
Task<Answer<std::vector<TopicPartition>>> not_there_yet(Client& client,
                                                        const std::vector<Reassignment>& reassignments,
                                                        Time deadline) {
  const auto moving = co_await moving_partitions(client, deadline);
  if (!moving) co_return moving.error();
  std::set<std::string> names;
  for (const Reassignment& one : reassignments) names.insert(one.partition.topic);
  std::vector<std::string> topics(names.begin(), names.end());
  const auto metadata = co_await client::metadata(client, std::move(topics), deadline);
  if (!metadata) co_return metadata.error();
  std::map<TopicPartition, std::vector<BrokerId>> replicas;
  for (const auto& topic : metadata->topics)
    for (const auto& partition : topic.partitions)
      replicas[{topic.name.value_or(""), partition.partition_index}] = partition.replica_nodes;
  std::vector<TopicPartition> open;
  for (const Reassignment& one : reassignments)
    if (std::ranges::find(*moving, one.partition, &MovingPartition::partition) != moving->end() ||
        replicas[one.partition] != one.replicas)
      open.push_back(one.partition);
  co_return open;
}

}  // namespace

Task<Answer<std::vector<TopicPartition>>> wait_until_moved(Client& client,
                                                           std::vector<Reassignment> reassignments,
                                                           Time deadline) {
  for (;;) {
    const auto open = co_await not_there_yet(client, reassignments, std::min(deadline, client.deadline()));
    if (!open && !open.error().retriable()) co_return open.error();
    if (open && open->empty()) co_return *open;
    const bool waited = co_await look_again(client, deadline);
    if (waited) continue;
    if (!open) co_return open.error();
    co_return *open;
  }
}

}  // namespace mq::admin
