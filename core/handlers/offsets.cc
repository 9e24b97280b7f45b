// SPDX-License-Identifier: Apache-2.0
// How far groups have read: committed, fetched, deleted.
#include <algorithm>
#include <limits>

#include "core/handlers/commits.h"
#include "core/handlers/handlers.h"
#include "core/partition/mistakes.h"
#include "net/kafka/messages/offset_commit.h"
#include "net/kafka/messages/offset_delete.h"
#include "net/kafka/messages/offset_fetch.h"

namespace mq::core {

using kafka::Error;
using kafka::number_of;

namespace {

constexpr kafka::Version commit_version_with_ids = 10, fetch_version_with_ids = 10;
constexpr kafka::Version version_with_member_epochs = 9;

// Some old clients say how long an offset is to be kept; -1: as all are.
Timestamp expiry(Timestamp now, std::int64_t retention_ms) {
  if (retention_ms < 0) return -1;
  return now + std::min(retention_ms, std::numeric_limits<Timestamp>::max() - now);
}

// Kafka tells new clients that there is no such group; old ones know only that their generation is over.
Error commit_error(const Context& context, Error error) {
  const bool unknown_group = error == Error::group_id_not_found && context.version < 9;
  return unknown_group ? Error::illegal_generation : error;
}

}  // namespace

Task<kafka::OffsetCommitResponse> offset_commit(Context& context, kafka::OffsetCommitRequest& request) {
  const kafka::BatchProducer no_producer;
  kafka::OffsetCommitResponse response;
  const Timestamp now = context.broker.clock.wall_ms();
  std::vector<PartitionCommit> commits =
      co_await take_commits(context, request.topics, context.version >= commit_version_with_ids, now,
                            expiry(now, request.retention_time_ms), response.topics);
  Commits::Committer who{std::move(request.group_id), std::move(request.member_id),
                         std::move(request.group_instance_id), request.generation_id_or_member_epoch,
                         context.version >= version_with_member_epochs};
  std::vector<Error> errors(commits.size(), Error::invalid_group_id);
  if (!who.group.empty() || context.version < 9)
    errors = co_await commit_all(context, std::move(who), std::move(commits), no_producer);
  const auto error_for_version = [&context](Error error) { return commit_error(context, error); };
  co_await answer_commits(context, response.topics, errors, error_for_version);
  co_return response;
}

// ---------------------------------------------------------------------------------------------- fetching

namespace {

using AskedTopic = kafka::OffsetFetchRequest::OffsetFetchRequestTopic;
using FetchedTopic = kafka::OffsetFetchResponse::OffsetFetchResponseTopic;
using FetchedPartition = kafka::OffsetFetchResponse::OffsetFetchResponsePartition;

// Whether it was committed for a topic of that name before this one.
bool is_of_another(const Commit& commit, const TopicPtr& topic) {
  return topic && commit.topic_id != Uuid{} && commit.topic_id != topic->id &&
         !makes(Mistake::ignores_topic_ids);
}

FetchedPartition fetched(const Group* group, std::string_view name, const TopicPtr& topic,
                         std::int32_t partition, bool stable) {
  FetchedPartition answer;
  answer.partition_index = partition;
  answer.committed_offset = -1;
  answer.metadata = "";
  if (!group) return answer;
  if (stable && group->offsets.is_pending(name, partition)) {
    answer.error_code = number_of(Error::unstable_offset_commit);
    return answer;
  }
  const Commit* commit = group->offsets.find(name, partition);
  if (!commit || is_of_another(*commit, topic)) return answer;
  answer.committed_offset = commit->offset;
  answer.committed_leader_epoch = commit->leader_epoch;
  answer.metadata = commit->metadata;
  return answer;
}

Task<std::vector<FetchedTopic>> fetch_asked(Context& context, GroupPtr group,
                                            const std::vector<AskedTopic>& topics, bool stable, Error error) {
  std::vector<FetchedTopic> answers;
  answers.reserve(topics.size());
  for (const AskedTopic& asked : topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& answer = answers.emplace_back();
    answer.name = asked.name;
    answer.topic_id = asked.topic_id;
    const bool by_id = context.version >= fetch_version_with_ids;
    const Catalog& catalog = context.broker.catalog;
    const TopicPtr topic = by_id ? catalog.find(asked.topic_id) : catalog.find(asked.name);
    const std::string_view name = topic ? std::string_view(topic->name) : asked.name;
    answer.partitions.reserve(asked.partition_indexes.size());
    for (const std::int32_t index : asked.partition_indexes) {
      if (context.pace.due()) co_await context.pace.give_way();
      answer.partitions.push_back(fetched(group.get(), name, topic, index, stable));
      Error wrong = error;
      if (by_id && !topic && wrong == Error::none) wrong = Error::unknown_topic_id;
      if (wrong != Error::none) answer.partitions.back().error_code = number_of(wrong);
    }
  }
  co_return answers;
}

// The next partition of this topic that has an offset.
std::optional<std::int32_t> next_index(const Group& group, std::string_view topic, std::int64_t after) {
  const auto partitions = group.offsets.all().find(topic);
  if (partitions == group.offsets.all().end() || after >= INT32_MAX) return {};
  const auto next = partitions->second.lower_bound(static_cast<std::int32_t>(after + 1));
  return next == partitions->second.end() ? std::nullopt : std::optional(next->first);
}

Task<std::vector<FetchedTopic>> fetch_all(Context& context, GroupPtr group, bool stable) {
  std::vector<FetchedTopic> answers;
  if (!group) co_return answers;
  const auto& all = group->offsets.all();
  for (auto at = all.begin(); at != all.end();) {
    const std::string name = at->first;
    const TopicPtr topic = context.broker.catalog.find(name);
    if (topic || context.version < fetch_version_with_ids) {
      auto& answer = answers.emplace_back();
      answer.name = name;
      if (topic) answer.topic_id = topic->id;
      for (auto index = next_index(*group, name, -1); index; index = next_index(*group, name, *index)) {
        if (context.pace.due()) co_await context.pace.give_way();
        answer.partitions.push_back(fetched(group.get(), name, topic, *index, stable));
      }
    }
    at = all.upper_bound(name);
  }
  co_return answers;
}

// Who asks for stable offsets sees what was accepted before. That a group is gone, everybody hears when it is
// durable.
Task<void> wait_for_accepted(const GroupRegistry& registry, std::string id, bool stable) {
  if (stable || !registry.find(id)) co_await registry.flushed(std::move(id));
}

// A member of a consumer group that says who it is must be in its epoch.
Error may_fetch(const Group* group, const kafka::OffsetFetchRequest::OffsetFetchRequestGroup& asked) {
  if (!group || !group->consumer || !asked.member_id || asked.member_epoch < 0) return Error::none;
  return group->consumer->may_fetch(*asked.member_id, asked.member_epoch);
}

}  // namespace

Task<kafka::OffsetFetchResponse> offset_fetch(Context& context, kafka::OffsetFetchRequest& request) {
  kafka::OffsetFetchResponse response;
  const GroupLog& log = context.broker.groups.log();
  const GroupRegistry& registry = context.broker.groups.registry();
  const auto topics_of = [&](GroupPtr group, const auto& asked, Error error) {
    if (asked) return fetch_asked(context, std::move(group), *asked, request.require_stable, error);
    return fetch_all(context, std::move(group), request.require_stable);
  };
  if (context.version < 8) {
    const Error confirmed = co_await log.confirm(request.group_id);
    co_await wait_for_accepted(registry, request.group_id, request.require_stable);
    const Error unserved = confirmed == Error::none ? log.serves(request.group_id) : confirmed;
    const GroupPtr group = unserved == Error::none ? registry.find(request.group_id) : nullptr;
    response.topics = co_await topics_of(group, request.topics, unserved);
    response.error_code = number_of(unserved);
    co_return response;
  }
  response.groups.reserve(request.groups.size());
  for (const auto& asked : request.groups) {
    if (context.pace.due()) co_await context.pace.give_way();
    Error refused = co_await log.confirm(asked.group_id);
    co_await wait_for_accepted(registry, asked.group_id, request.require_stable);
    auto& answer = response.groups.emplace_back();
    answer.group_id = asked.group_id;
    const GroupPtr group = registry.find(asked.group_id);
    if (refused == Error::none) refused = log.serves(asked.group_id);
    if (refused == Error::none) refused = may_fetch(group.get(), asked);
    answer.error_code = number_of(refused);
    if (refused == Error::none) answer.topics = co_await topics_of(group, asked.topics, Error::none);
  }
  co_return response;
}

// ---------------------------------------------------------------------------------------------- deleting

Task<kafka::OffsetDeleteResponse> offset_delete(Context& context, kafka::OffsetDeleteRequest& request) {
  kafka::OffsetDeleteResponse response;
  GroupCoordinator& groups = context.broker.groups;
  // Commits that were accepted before are deleted, too.
  co_await groups.registry().flushed(request.group_id);
  Error refused = groups.log().serves(request.group_id);
  const GroupPtr group = groups.registry().find(request.group_id);
  if (refused == Error::none && !group) refused = Error::group_id_not_found;
  if (refused == Error::none && !group->classic.members().empty() &&
      group->classic.protocol_type() != "consumer")
    refused = Error::non_empty_group;
  if (refused != Error::none) {
    response.error_code = number_of(refused);
    co_return response;
  }
  const auto subscribed = subscribed_topics(group->classic);
  const auto reads = [&](std::string_view topic) {
    if (group->consumer) return group->consumer->reads(topic);
    return !subscribed || subscribed->contains(topic);
  };
  std::vector<TopicPartition> gone;
  response.topics.reserve(request.topics.size());
  for (const auto& asked : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = asked.name;
    const bool in_use = reads(asked.name);
    const TopicPtr topic = context.broker.catalog.find(asked.name);
    for (const auto& partition : asked.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      Error error = Error::none;
      if (!topic || !topic->has(partition.partition_index))
        error = Error::unknown_topic_or_partition;
      else if (in_use)
        error = Error::group_subscribed_to_topic;
      else if (group->offsets.find(asked.name, partition.partition_index))
        gone.push_back({asked.name, partition.partition_index});
      answers.partitions.push_back({partition.partition_index, number_of(error)});
    }
  }
  if (gone.empty()) co_return response;
  Durable forgotten = groups.commits().forget(group, std::move(gone));
  const Error failed = co_await Promise<Error>::get(std::move(forgotten));
  response.error_code = number_of(failed);
  co_return response;
}

}  // namespace mq::core
