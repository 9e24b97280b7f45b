// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "core/loop/run_on.h"
#include "core/metadata/internal_topic.h"
#include "net/kafka/messages/create_partitions.h"
#include "net/kafka/messages/create_topics.h"
#include "net/kafka/messages/delete_records.h"
#include "net/kafka/messages/delete_topics.h"

namespace mq::core {

using kafka::Error;
using kafka::number_of;

namespace {

constexpr std::int32_t partitions_per_request_max = 100'000;

using WantedTopic = kafka::CreateTopicsRequest::CreatableTopic;
using Created = kafka::CreateTopicsResponse::CreatableTopicResult;

// Alone, every replica is this broker. Otherwise the controller knows whether there are brokers enough.
Refusal check_replicas(const Context& context, const WantedTopic& asked) {
  const BrokerId self = context.broker.identity.node_id;
  if (!context.broker.catalog.is_alone()) {
    if (!asked.assignments.empty())
      return {Error::invalid_replica_assignment, "replicas are placed by the controller"};
    if (asked.replication_factor == 0 || asked.replication_factor < -1)
      return {Error::invalid_replication_factor, "a partition has at least 1 replica"};
    return {};
  }
  if (asked.assignments.empty()) {
    if (asked.replication_factor != -1 && asked.replication_factor != 1)
      return {Error::invalid_replication_factor,
              "replication factor " + std::to_string(asked.replication_factor) + ": there is 1 broker"};
    return {};
  }
  if (asked.num_partitions != -1 || asked.replication_factor != -1)
    return {Error::invalid_request, "give either counts or assignments"};
  std::set<std::int32_t> seen;
  for (const auto& assignment : asked.assignments) {
    if (!seen.insert(assignment.partition_index).second ||
        assignment.broker_ids != std::vector<std::int32_t>{self})
      return {Error::invalid_replica_assignment,
              "every partition is assigned once, to broker " + std::to_string(self)};
  }
  if (*seen.begin() != 0 || *seen.rbegin() != static_cast<std::int32_t>(seen.size()) - 1)
    return {Error::invalid_replica_assignment, "assigned partitions are numbered from 0 without gaps"};
  return {};
}

Refusal read_configs(const WantedTopic& asked, Overrides& overrides) {
  for (const auto& [name, value] : asked.configs) {
    const TopicConfigKey* key = find_topic_config(name);
    if (!key) return {Error::invalid_config, "unknown topic config \"" + name + "\""};
    if (!value) return {Error::invalid_config, "topic config \"" + name + "\" has no value"};
    if (auto wrong = validate(*key, *value)) return {Error::invalid_config, std::move(*wrong)};
    if (!overrides.emplace(name, std::string(trim(*value))).second)
      return {Error::invalid_request, "topic config \"" + name + "\" is given twice"};
  }
  return {};
}

Refusal read_topic(const Context& context, const WantedTopic& asked, NewTopic& out) {
  out.name = asked.name;
  if (asked.name == "__cluster_metadata")
    return {Error::invalid_request, "\"__cluster_metadata\" is reserved"};
  if (is_internal_topic(asked.name))
    return {Error::policy_violation, "\"" + asked.name + "\" is made by the broker when it is first needed"};
  if (!asked.assignments.empty())
    out.partitions = static_cast<std::int32_t>(asked.assignments.size());
  else if (asked.num_partitions == -1)
    out.partitions = static_cast<std::int32_t>(context.broker.config.default_partitions);
  else
    out.partitions = asked.num_partitions;
  if (Refusal refusal = check_replicas(context, asked); refusal.error != Error::none) return refusal;
  out.replication_factor = asked.replication_factor;
  if (asked.replication_factor == -1)
    out.replication_factor =
        default_replication_factor(context.broker.catalog, context.broker.config.default_replication);
  if (out.partitions > partitions_per_request_max)
    return {Error::invalid_partitions,
            "at most " + std::to_string(partitions_per_request_max) + " partitions at a time"};
  return read_configs(asked, out.overrides);
}

void describe(const Context& context, const NewTopic& wanted, const TopicDefaults& defaults,
              Created& answer) {
  if (context.version < 5) return;
  answer.num_partitions = wanted.partitions;
  answer.replication_factor = static_cast<std::int16_t>(wanted.replication_factor);
  auto& configs = answer.configs.emplace();
  for (const TopicConfigKey& key : topic_config_keys()) {
    const ConfigEntry entry = describe_topic_config(key, wanted.overrides, defaults);
    configs.push_back(
        {entry.name, entry.value, entry.read_only, static_cast<std::int8_t>(entry.source), entry.sensitive});
  }
}

void fail(Created& answer, Error error, std::string message) {
  answer.error_code = number_of(error);
  if (!message.empty()) answer.error_message = std::move(message);
}

}  // namespace

Task<kafka::CreateTopicsResponse> create_topics(Context& context, kafka::CreateTopicsRequest& request) {
  kafka::CreateTopicsResponse response;
  std::map<std::string, int> named;
  for (const WantedTopic& asked : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    named[asked.name]++;
  }

  std::vector<NewTopic> wanted;
  wanted.reserve(request.topics.size());
  std::vector<std::size_t> places;  // of each wanted topic's answer
  response.topics.reserve(request.topics.size());
  for (const WantedTopic& asked : request.topics) {
    if (context.pace.due(asked.assignments.size() + 1)) co_await context.pace.give_way();
    if (named[asked.name] == 0) continue;  // the second of two: answered with the first
    Created& answer = response.topics.emplace_back();
    answer.name = asked.name;
    NewTopic topic;
    Refusal refusal = read_topic(context, asked, topic);
    if (std::exchange(named[asked.name], 0) > 1)
      refusal = {Error::invalid_request, "topic \"" + asked.name + "\" is named twice"};
    if (refusal.error != Error::none) {
      fail(answer, refusal.error, std::move(refusal.message));
      continue;
    }
    places.push_back(response.topics.size() - 1);
    wanted.push_back(std::move(topic));
  }
  const TopicDefaults defaults = topic_defaults(context.broker.config, context.broker.dynamic);
  std::vector<Controller::Answer> answers;
  if (request.validate_only)
    answers = co_await context.broker.controller.check(wanted);
  else
    answers = co_await context.broker.controller.create(wanted);  // not `?:`: GCC 12 destroys too much there
  for (std::size_t i = 0; i < answers.size(); i++) {
    if (context.pace.due(topic_config_keys().size())) co_await context.pace.give_way();
    Created& answer = response.topics[places[i]];
    if (answers[i].error != Error::none) {
      fail(answer, answers[i].error, std::move(answers[i].message));
      continue;
    }
    if (const TopicPtr topic = std::move(answers[i].topic)) answer.topic_id = topic->id;
    describe(context, wanted[i], defaults, answer);
  }
  discard(context.broker.workers, std::tuple(std::move(named), std::move(wanted), std::move(answers)));
  co_return response;
}

Task<kafka::DeleteTopicsResponse> delete_topics(Context& context, kafka::DeleteTopicsRequest& request) {
  request.topics.reserve(request.topic_names.size());
  for (auto& name : request.topic_names) {  // v1–5
    if (context.pace.due()) co_await context.pace.give_way();
    request.topics.push_back({std::move(name), {}});
  }
  kafka::DeleteTopicsResponse response;
  std::set<std::pair<std::string, Uuid>> seen;
  response.responses.reserve(request.topics.size());
  for (const auto& asked : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& answer = response.responses.emplace_back();
    TopicPtr topic =
        asked.name ? context.broker.catalog.find(*asked.name) : context.broker.catalog.find(asked.topic_id);
    const std::string name = topic ? topic->name : asked.name.value_or("");
    answer.name = topic ? std::optional(name) : asked.name;
    answer.topic_id = topic ? topic->id : asked.topic_id;
    Error error = Error::none;
    if (!seen.insert({asked.name.value_or(""), asked.topic_id}).second)
      error = Error::invalid_request;
    else if (!context.broker.config.allow_delete_topics)
      error = context.version >= 3 ? Error::topic_deletion_disabled : Error::invalid_request;
    else if (!topic)
      error = asked.name ? Error::unknown_topic_or_partition : Error::unknown_topic_id;
    else if (is_internal_topic(name))
      error = Error::invalid_topic_exception;
    topic.reset();  // its partitions go one by one, when nobody holds it
    if (error == Error::none) error = co_await context.broker.controller.remove(name);
    // Before the answer: whoever hears that it is gone may create it anew, and nobody has read that one.
    if (error == Error::none) co_await context.broker.groups.commits().topic_removed(name);
    answer.error_code = number_of(error);
  }
  discard(context.broker.workers, std::move(seen));
  co_return response;
}

Task<kafka::CreatePartitionsResponse> create_partitions(Context& context,
                                                        kafka::CreatePartitionsRequest& request) {
  const std::vector<std::int32_t> self{context.broker.identity.node_id};
  kafka::CreatePartitionsResponse response;
  std::set<std::string> seen;
  response.results.reserve(request.topics.size());
  for (const auto& asked : request.topics) {
    const std::size_t assigned = asked.assignments ? asked.assignments->size() : 0;
    if (context.pace.due(assigned + 1)) co_await context.pace.give_way();
    auto& answer = response.results.emplace_back();
    answer.name = asked.name;
    const TopicPtr topic = context.broker.catalog.find(asked.name);
    Controller::Answer result;
    if (!seen.insert(asked.name).second)
      result = {Error::invalid_request, "topic \"" + asked.name + "\" is named twice", {}};
    else if (!topic)
      result = {Error::unknown_topic_or_partition, "topic \"" + asked.name + "\" does not exist", {}};
    else if (is_internal_topic(asked.name))
      result = {Error::invalid_topic_exception,
                "the number of partitions of \"" + asked.name + "\" says which partition a key is in",
                {}};
    else if (asked.count <= topic->partitions || asked.count > partitions_per_request_max)
      result = {Error::invalid_partitions,
                "topic \"" + asked.name + "\" has " + std::to_string(topic->partitions) +
                    " partitions; the number can only grow",
                {}};
    else if (asked.assignments &&
             asked.assignments->size() != static_cast<std::size_t>(asked.count - topic->partitions))
      result = {Error::invalid_replica_assignment, "one assignment for each new partition", {}};
    else if (asked.assignments && std::any_of(asked.assignments->begin(), asked.assignments->end(),
                                              [&](const auto& a) { return a.broker_ids != self; }))
      result = {Error::invalid_replica_assignment, "every partition lives on the one broker there is", {}};
    else if (!request.validate_only)
      result = co_await context.broker.controller.add_partitions(asked.name, asked.count);
    answer.error_code = number_of(result.error);
    if (!result.message.empty()) answer.error_message = std::move(result.message);
  }
  discard(context.broker.workers, std::move(seen));
  co_return response;
}

Task<kafka::DeleteRecordsResponse> delete_records(Context& context, kafka::DeleteRecordsRequest& request) {
  kafka::DeleteRecordsResponse response;
  response.topics.reserve(request.topics.size());
  for (const auto& wanted : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    const TopicPtr topic = context.broker.catalog.find(wanted.name);
    answers.partitions.reserve(wanted.partitions.size());
    for (const auto& asked : wanted.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      kafka::DeleteRecordsResponse::DeleteRecordsPartitionResult answer{asked.partition_index, -1, 0};
      const Located located = context.broker.locate(topic, asked.partition_index);
      const auto partition = located.leads_here() ? located.partition : nullptr;
      const Offset before = !partition ? -1 : asked.offset == -1 ? partition->high_watermark() : asked.offset;
      Error error = Error::none;
      if (!partition)
        error = located.error();
      else if (topic->config.compacts && !topic->config.deletes)
        error = Error::policy_violation;
      else if (before < 0 || before > partition->high_watermark())
        error = Error::offset_out_of_range;
      else if (before > partition->start())
        error = to_kafka(co_await partition->trim(before));
      answer.error_code = number_of(error);
      if (error == Error::none) answer.low_watermark = partition->start();
      answers.partitions.push_back(answer);
    }
  }
  co_return response;
}

}  // namespace mq::core
