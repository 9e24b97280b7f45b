// SPDX-License-Identifier: Apache-2.0
// Being a member of a consumer group (KIP-848), and such groups seen from outside.
#include "core/handlers/group_answers.h"
#include "core/handlers/handlers.h"
#include "core/metadata/entries.h"
#include "net/kafka/messages/consumer_group_describe.h"
#include "net/kafka/messages/consumer_group_heartbeat.h"
#include "net/kafka/uuid.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr Epoch joining = 0;
constexpr std::size_t word_bytes_max = 1024;       // of an id
constexpr std::size_t topics_max = 10'000;         // of one subscription
constexpr std::size_t topic_bytes_max = 1u << 20;  // of their names
constexpr std::int8_t classic_member = 0, consumer_member = 1;

using Request = kafka::ConsumerGroupHeartbeatRequest;

bool is_word(const std::optional<std::string>& word) {
  return !word || (!word->empty() && word->size() <= word_bytes_max);
}

std::string_view trouble_of_topics(const std::optional<std::vector<std::string>>& topics) {
  if (!topics) return "";
  if (topics->size() > topics_max) return "the member subscribes to more than 10000 topics";
  std::size_t bytes = 0;
  for (const std::string& name : *topics) bytes += name.size();
  return bytes <= topic_bytes_max ? "" : "the names of the topics take more than a mebibyte";
}

// What is wrong with a heartbeat whoever sends it; empty: nothing.
std::string_view trouble_of(const Request& request, kafka::Version version) {
  const bool chooses_id = version >= 1 || request.member_epoch != joining;
  if (!is_word(request.group_id)) return "group_id must not be empty, or longer than 1024 bytes";
  if (chooses_id && request.member_id.empty()) return "member_id must not be empty";
  if (request.member_id.size() > word_bytes_max) return "member_id is longer than 1024 bytes";
  if (!is_word(request.instance_id)) return "instance_id must not be empty, or longer than 1024 bytes";
  if (!is_word(request.rack_id)) return "rack_id must not be empty, or longer than 1024 bytes";
  if (request.member_epoch < ConsumerMember::away) return "member_epoch must be at least -2";
  if (request.member_epoch == ConsumerMember::away && !request.instance_id)
    return "a member without an instance_id cannot leave for a while";
  const std::string_view topics = trouble_of_topics(request.subscribed_topic_names);
  if (!topics.empty()) return topics;
  if (request.member_epoch != joining) return "";
  if (request.rebalance_timeout_ms <= 0) return "rebalance_timeout_ms must be given by who joins";
  if (!request.subscribed_topic_names && !request.subscribed_topic_regex)
    return "topics or a regular expression must be given by who joins";
  if (!request.topic_partitions || !request.topic_partitions->empty())
    return "topic_partitions must be empty when a member joins";
  return "";
}

ConsumerGroup::Heartbeat read(const Context& context, Request&& request) {
  ConsumerGroup::Heartbeat heartbeat;
  heartbeat.member_id = std::move(request.member_id);
  heartbeat.epoch = request.member_epoch;
  heartbeat.instance_id = std::move(request.instance_id);
  heartbeat.rack_id = std::move(request.rack_id);
  heartbeat.client_id = context.client_id;
  heartbeat.client_host = host_of(*context.peer);
  if (request.rebalance_timeout_ms >= 0)
    heartbeat.rebalance_timeout = std::chrono::milliseconds(request.rebalance_timeout_ms);
  if (request.subscribed_topic_names)
    heartbeat.topics.emplace(request.subscribed_topic_names->begin(), request.subscribed_topic_names->end());
  heartbeat.pattern = std::move(request.subscribed_topic_regex);
  heartbeat.assignor = std::move(request.server_assignor);
  if (request.topic_partitions) heartbeat.owned = assignment_of(*request.topic_partitions);
  return heartbeat;
}

}  // namespace

Task<kafka::ConsumerGroupHeartbeatResponse> consumer_group_heartbeat(
    Context& context, kafka::ConsumerGroupHeartbeatRequest& request) {
  kafka::ConsumerGroupHeartbeatResponse response;
  const std::string_view trouble = trouble_of(request, context.version);
  if (!trouble.empty()) {
    response.error_code = number_of(Error::invalid_request);
    response.error_message = trouble;
    co_return response;
  }
  std::string group = std::move(request.group_id);
  ConsumerGroup::Heartbeat heartbeat = read(context, std::move(request));
  if (heartbeat.member_id.empty()) heartbeat.member_id = kafka::text_of(random_uuid(context.broker.clock));
  response.member_id = heartbeat.member_id;
  const auto interval = context.broker.groups.configs().limits(group).heartbeat_interval;
  auto answer = co_await context.broker.groups.consumers().heartbeat(std::move(group), std::move(heartbeat));
  response.error_code = number_of(answer.error);
  if (!answer.message.empty()) response.error_message = std::move(answer.message);
  response.member_epoch = answer.epoch;
  response.heartbeat_interval_ms = static_cast<std::int32_t>(interval.count());
  if (!answer.assignment) co_return response;
  response.assignment.emplace();
  response.assignment->topic_partitions =
      list_of<kafka::ConsumerGroupHeartbeatResponse::TopicPartitions>(*answer.assignment);
  co_return response;
}

// ---------------------------------------------------------------------------------------------- describing

namespace {

using DescribedConsumerGroup = kafka::ConsumerGroupDescribeResponse::DescribedGroup;

// With the names that the topics have now; one that is gone has none.
kafka::ConsumerGroupDescribeResponse::Assignment shown(const Context& context, const Assignment& all) {
  using Listed = kafka::ConsumerGroupDescribeResponse::TopicPartitions;
  kafka::ConsumerGroupDescribeResponse::Assignment out;
  out.topic_partitions = list_of<Listed>(all);
  for (Listed& listed : out.topic_partitions)
    if (const TopicPtr topic = context.broker.catalog.find(listed.topic_id)) listed.topic_name = topic->name;
  return out;
}

void describe(const Context& context, const ConsumerGroup& group, DescribedConsumerGroup& answer) {
  answer.group_state = name_of(group.state());
  answer.group_epoch = group.epoch();
  answer.assignment_epoch = group.target_epoch();
  answer.assignor_name = group.assignor();
  for (const auto& [id, member] : group.members()) {
    auto& listed = answer.members.emplace_back();
    listed.member_id = id;
    listed.instance_id = member.instance_id;
    listed.rack_id = member.rack_id;
    listed.member_epoch = member.owns.epoch;
    listed.client_id = member.client_id;
    listed.client_host = member.client_host;
    listed.subscribed_topic_names.assign(member.topics.begin(), member.topics.end());
    if (!member.pattern.empty()) listed.subscribed_topic_regex = member.pattern;
    listed.assignment = shown(context, member.owns.assigned);
    listed.target_assignment = shown(context, member.target);
    listed.member_type = member.classic ? classic_member : consumer_member;
  }
}

}  // namespace

Task<kafka::ConsumerGroupDescribeResponse> consumer_group_describe(
    Context& context, kafka::ConsumerGroupDescribeRequest& request) {
  kafka::ConsumerGroupDescribeResponse response;
  response.groups.reserve(request.group_ids.size());
  for (const std::string& id : request.group_ids) {
    if (context.pace.due()) co_await context.pace.give_way();
    DescribedConsumerGroup& answer = response.groups.emplace_back();
    answer.group_id = id;
    if (request.include_authorized_operations) answer.authorized_operations = group_operations;
    Error error = id.empty() ? Error::invalid_group_id : context.broker.groups.log().serves(id);
    const GroupPtr group = context.broker.groups.registry().find(id);
    if (error == Error::none && !(group && group->consumer)) {
      error = Error::group_id_not_found;
      answer.error_message = "there is no consumer group \"" + id + "\"";
    }
    answer.error_code = number_of(error);
    if (error == Error::none) describe(context, *group->consumer, answer);
    co_await context.broker.groups.registry().flushed(id);
  }
  co_return response;
}

}  // namespace mq::core
