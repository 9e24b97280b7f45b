// SPDX-License-Identifier: Apache-2.0
#include "core/client/groups.h"

#include <algorithm>
#include <map>

#include "core/client/consumer_protocol.h"
#include "core/client/coordinator.h"
#include "core/client/topic_of.h"
#include "net/kafka/messages/consumer_group_describe.h"
#include "net/kafka/messages/describe_groups.h"
#include "net/kafka/messages/list_groups.h"
#include "net/kafka/messages/offset_commit.h"
#include "net/kafka/messages/offset_fetch.h"

namespace mq::client {
namespace {

using kafka::Error;

constexpr kafka::Version offsets_by_name = 9;  // later ones name topics by id

// ---- which there are ----

Task<Answer<std::vector<ListedGroup>>> list_at(Client& client, BrokerId broker, Time deadline) {
  Backoff backoff(client.loop(), deadline);
  for (;;) {
    kafka::ListGroupsRequest request;
    auto answer = co_await client.call<kafka::ListGroupsResponse>(broker, std::move(request), backoff.left());
    if (answer && answer->error_code == 0) {
      std::vector<ListedGroup> groups;
      for (auto& group : answer->groups)
        groups.push_back({std::move(group.group_id), std::move(group.protocol_type),
                          std::move(group.group_state), std::move(group.group_type), broker});
      co_return groups;
    }
    Failure failure;
    if (answer) {
      failure = refused(answer->error_code, client.broker(broker));
    } else {
      failure = answer.error();
    }
    const bool again = failure.retriable() && failure.what != Failure::What::unreachable;
    if (!again) co_return failure;
    const bool waited = co_await backoff.wait();
    if (!waited) co_return failure;
  }
}

// ---- who is in them ----

DescribedGroup told(kafka::DescribeGroupsResponse::DescribedGroup& group, BrokerId coordinator) {
  DescribedGroup described{.name = group.group_id,
                           .state = group.group_state,
                           .protocol_type = group.protocol_type,
                           .assignor = group.protocol_data,
                           .coordinator = coordinator};
  if (group.error_code != 0 && kafka::error_of(group.error_code) != Error::group_id_not_found)
    described.status = refused(group.error_code, {}, group.group_id, group.error_message.value_or(""));
  if (kafka::error_of(group.error_code) == Error::group_id_not_found) described.state = "Dead";
  const bool consumers = group.protocol_type == "consumer";  // others put there what they like
  for (auto& member : group.members) {
    GroupMember& one = described.members.emplace_back();
    one.id = member.member_id;
    one.instance = member.group_instance_id;
    one.client_id = member.client_id;
    one.host = member.client_host.starts_with('/') ? member.client_host.substr(1) : member.client_host;
    if (!consumers) continue;
    one.topics = parse_subscription({}, {}, member.member_metadata).topics;
    one.assigned = parse_assignment(member.member_assignment);
  }
  return described;
}

DescribedGroup told(kafka::ConsumerGroupDescribeResponse::DescribedGroup& group, BrokerId coordinator) {
  DescribedGroup described{.name = group.group_id,
                           .state = group.group_state,
                           .protocol_type = "consumer",
                           .assignor = group.assignor_name,
                           .coordinator = coordinator};
  for (auto& member : group.members) {
    GroupMember& one = described.members.emplace_back();
    one.id = member.member_id;
    one.instance = member.instance_id;
    one.client_id = member.client_id;
    one.host = member.client_host.starts_with('/') ? member.client_host.substr(1) : member.client_host;
    one.topics = member.subscribed_topic_names;
    for (const auto& topic : member.assignment.topic_partitions)
      for (const std::int32_t number : topic.partitions) one.assigned.push_back({topic.topic_name, number});
    std::ranges::sort(one.assigned);
  }
  return described;
}

// A group of the newer protocol is unknown to the older question.
Task<void> describe_newer(Client& client, BrokerId broker, DescribedGroup& group, Duration timeout) {
  kafka::ConsumerGroupDescribeRequest request;
  request.group_ids.push_back(group.name);
  auto answer =
      co_await client.call<kafka::ConsumerGroupDescribeResponse>(broker, std::move(request), timeout);
  if (answer && !answer->groups.empty() && answer->groups[0].error_code == 0)
    group = told(answer->groups[0], broker);
}

Task<Answer<DescribedGroup>> describe_group(Client& client, std::string name, Time deadline) {
  kafka::DescribeGroupsRequest request;
  request.groups.push_back(name);
  const auto error = [](const kafka::DescribeGroupsResponse& response) {
    return response.groups.empty() ? std::int16_t{0} : response.groups[0].error_code;
  };
  auto answer = co_await at_coordinator<kafka::DescribeGroupsResponse>(client, Coordinates::group, name,
                                                                       std::move(request), deadline, +error);
  if (!answer) co_return answer.error();
  if (answer->groups.empty()) co_return refused(Error::unknown_server_error, {}, name, "no answer for it");
  Backoff left(client.loop(), deadline);
  auto coordinator = co_await find_coordinator(client, Coordinates::group, name, left.left());
  const BrokerId broker = coordinator ? *coordinator : any_broker;
  DescribedGroup group = told(answer->groups[0], broker);
  if (group.state == "Dead" && group.status && coordinator)
    co_await describe_newer(client, broker, group, left.left());
  co_return group;
}

// ---- offsets ----

std::vector<Committed> told(const std::vector<kafka::OffsetFetchResponse::OffsetFetchResponseTopic>& topics,
                            const std::string& group) {
  std::vector<Committed> found;
  for (const auto& topic : topics)
    for (const auto& partition : topic.partitions) {
      Committed& one = found.emplace_back();
      one.partition = {topic.name, partition.partition_index};
      one.offset = partition.committed_offset;
      one.metadata = partition.metadata.value_or("");
      one.leader_epoch = partition.committed_leader_epoch;
      if (partition.error_code != 0) one.status = refused(partition.error_code, {}, group);
    }
  std::ranges::sort(found, {}, &Committed::partition);
  return found;
}

std::int16_t fetch_error(const kafka::OffsetFetchResponse& response) {
  const bool many = !response.groups.empty();
  const auto code = many ? response.groups[0].error_code : response.error_code;
  if (code != 0) return code;
  for (const auto& topic : many ? response.groups[0].topics : response.topics)
    for (const auto& partition : topic.partitions)
      if (kafka::retriable(kafka::error_of(partition.error_code))) return partition.error_code;
  return 0;
}

// That a topic is not known by its id is the caller's to judge: it may be another one by now.
std::int16_t commit_error(const kafka::OffsetCommitResponse& response) {
  for (const auto& topic : response.topics)
    for (const auto& partition : topic.partitions) {
      const Error error = kafka::error_of(partition.error_code);
      if (error != Error::unknown_topic_id && kafka::retriable(error)) return partition.error_code;
    }
  return 0;
}

}  // namespace

Task<Answer<std::vector<ListedGroup>>> list_groups(Client& client, Time deadline) {
  std::optional<std::vector<std::string>> no_topics;
  no_topics.emplace();
  auto known = co_await client.refresh(std::move(no_topics));
  if (!known) co_return known.error();
  std::vector<ListedGroup> all;
  for (const auto& [id, broker] : std::map(client.brokers())) {
    auto groups = co_await list_at(client, id, deadline);
    if (!groups) co_return groups.error();
    all.insert(all.end(), groups->begin(), groups->end());
  }
  std::ranges::sort(all, {}, &ListedGroup::name);
  const auto same = [](const ListedGroup& a, const ListedGroup& b) { return a.name == b.name; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());  // one that is moving is seen twice
  co_return all;
}

Task<Answer<std::vector<DescribedGroup>>> describe_groups(Client& client, std::vector<std::string> names,
                                                          Time deadline) {
  std::vector<DescribedGroup> all;
  for (const std::string& name : names) {
    auto group = co_await describe_group(client, name, deadline);
    if (!group) co_return group.error();
    all.push_back(std::move(*group));
  }
  co_return all;
}

Task<Answer<std::vector<Committed>>> fetch_offsets(Client& client, std::string group,
                                                   std::optional<std::vector<TopicPartition>> partitions,
                                                   bool stable, Time deadline) {
  kafka::OffsetFetchRequest request;
  request.group_id = group;  // up to version 7; then:
  auto& asked = request.groups.emplace_back();
  asked.group_id = group;
  if (partitions) {
    auto& topics = asked.topics.emplace();
    for (const TopicPartition& partition : *partitions)
      topic_of(topics, partition.topic).partition_indexes.push_back(partition.partition);
  }
  request.topics = asked.topics;
  request.require_stable = stable;
  auto answer = co_await at_coordinator<kafka::OffsetFetchResponse>(
      client, Coordinates::group, group, std::move(request), deadline, &fetch_error, offsets_by_name);
  if (!answer) co_return answer.error();
  const bool many = !answer->groups.empty();
  const auto code = many ? answer->groups[0].error_code : answer->error_code;
  if (code != 0) co_return refused(code, {}, group);
  co_return told(many ? answer->groups[0].topics : answer->topics, group);
}

Task<Answer<std::vector<Committed>>> commit_offsets(Client& client, std::string group, Committer by,
                                                    std::vector<Committed> offsets, Time deadline) {
  kafka::OffsetCommitRequest request;
  request.group_id = group;
  request.generation_id_or_member_epoch = by.generation;
  request.member_id = std::move(by.member);
  request.group_instance_id = std::move(by.instance);
  std::map<kafka::Uuid, std::string> names;
  for (const Committed& offset : offsets) {
    auto& topic = topic_of(request.topics, offset.partition.topic);
    topic.topic_id = offset.topic_id;
    names.emplace(offset.topic_id, topic.name);
    auto& asked = topic.partitions.emplace_back();
    asked.partition_index = offset.partition.partition;
    asked.committed_offset = offset.offset;
    asked.committed_leader_epoch = offset.leader_epoch;
    asked.committed_metadata = offset.metadata;
  }
  kafka::Version highest = kafka::Describe<kafka::OffsetCommitRequest>::valid.last;
  if (names.contains(kafka::Uuid{})) highest = offsets_by_name;
  auto answer = co_await at_coordinator<kafka::OffsetCommitResponse>(
      client, Coordinates::group, group, std::move(request), deadline, &commit_error, highest);
  if (!answer) co_return answer.error();
  std::map<TopicPartition, std::int16_t> codes;
  for (const auto& topic : answer->topics) {
    const auto by_id = names.find(topic.topic_id);
    const std::string& name = topic.name.empty() && by_id != names.end() ? by_id->second : topic.name;
    for (const auto& partition : topic.partitions)
      codes[TopicPartition{name, partition.partition_index}] = partition.error_code;
  }
  for (Committed& offset : offsets) {
    const auto code = codes.find(offset.partition);
    offset.status = Nothing{};
    if (code == codes.end())
      offset.status = refused(Error::unknown_server_error, {}, group, "no answer for it");
    else if (code->second != 0)
      offset.status = refused(code->second, {}, group);
  }
  co_return offsets;
}

Task<Answer<std::vector<Committed>>> delete_offsets(Client& client, std::string group,
                                                    std::vector<TopicPartition> partitions, Time deadline) {
  kafka::OffsetDeleteRequest request;
  request.group_id = group;
  for (const TopicPartition& partition : partitions)
    topic_of(request.topics, partition.topic).partitions.emplace_back().partition_index = partition.partition;
  auto answer = co_await at_coordinator<kafka::OffsetDeleteResponse>(
      client, Coordinates::group, group, std::move(request), deadline,
      &error_code_of<kafka::OffsetDeleteResponse>);
  if (!answer) co_return answer.error();
  if (answer->error_code != 0) co_return refused(answer->error_code, {}, group);
  std::vector<Committed> done;
  for (const auto& topic : answer->topics)
    for (const auto& partition : topic.partitions) {
      Committed& one = done.emplace_back();
      one.partition = {topic.name, partition.partition_index};
      if (partition.error_code != 0) one.status = refused(partition.error_code, {}, topic.name);
    }
  std::ranges::sort(done, {}, &Committed::partition);
  co_return done;
}

Task<Answer<Nothing>> delete_group(Client& client, std::string group, Time deadline) {
  kafka::DeleteGroupsRequest request;
  request.groups_names.push_back(group);
  const auto error = [](const kafka::DeleteGroupsResponse& response) {
    return response.results.empty() ? std::int16_t{0} : response.results[0].error_code;
  };
  auto answer = co_await at_coordinator<kafka::DeleteGroupsResponse>(client, Coordinates::group, group,
                                                                     std::move(request), deadline, +error);
  if (!answer) co_return answer.error();
  if (const auto code = error(*answer); code != 0) co_return refused(code, {}, group);
  co_return Nothing{};
}

Task<Answer<Nothing>> remove_members(Client& client, std::string group, std::vector<GroupMember> members,
                                     Time deadline) {
  kafka::LeaveGroupRequest request;
  request.group_id = group;
  if (!members.empty()) request.member_id = members.front().id;  // brokers before version 3 take one
  for (const GroupMember& member : members) {
    auto& leaving = request.members.emplace_back();
    leaving.member_id = member.id;
    leaving.group_instance_id = member.instance;
    leaving.reason = "evicted";
  }
  auto answer = co_await at_coordinator<kafka::LeaveGroupResponse>(client, Coordinates::group, group,
                                                                   std::move(request), deadline,
                                                                   &error_code_of<kafka::LeaveGroupResponse>);
  if (!answer) co_return answer.error();
  if (answer->error_code != 0) co_return refused(answer->error_code, {}, group);
  for (const auto& member : answer->members)
    if (member.error_code != 0) co_return refused(member.error_code, {}, member.member_id);
  co_return Nothing{};
}

}  // namespace mq::client
