// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/list_offsets.h"

#include <vector>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "net/kafka/messages/offset_for_leader_epoch.h"

namespace mq::core {

using kafka::Error;

namespace {

enum : std::int64_t {
  latest = -1,
  earliest = -2,
  max_timestamp = -3,
  earliest_local = -4,
  latest_tiered = -5,
  earliest_pending_upload = -6  // to a tier
};

// The first version that knows a special timestamp.
std::int16_t version_with(std::int64_t timestamp) {
  if (timestamp == max_timestamp) return 7;
  if (timestamp == earliest_local) return 8;
  if (timestamp == latest_tiered) return 9;
  if (timestamp == earliest_pending_upload) return 11;
  return timestamp < earliest_pending_upload ? std::numeric_limits<std::int16_t>::max() : 0;
}

Error check_epoch(const Partition& partition, Epoch epoch) {
  if (epoch > partition.leader_epoch()) return Error::unknown_leader_epoch;
  if (epoch >= 0 && epoch < partition.leader_epoch()) return Error::fenced_leader_epoch;
  return Error::none;
}

using Asked = kafka::ListOffsetsRequest::ListOffsetsPartition;
using Answer = kafka::ListOffsetsResponse::ListOffsetsPartitionResponse;

void found(Answer& answer, const Partition& partition, Offset offset, Timestamp time) {
  answer.offset = offset;
  answer.timestamp = time;
  answer.leader_epoch = offset < 0 ? -1 : partition.epochs().at(offset);
}

// What is at or after it does not exist for whoever asks.
Offset end_of(const Partition& partition, bool committed) {
  return committed ? partition.last_stable_offset() : partition.high_watermark();
}

Task<void> look_up(Context& context, std::shared_ptr<Partition> partition, const Asked& asked, bool committed,
                   Answer& answer) {
  if (asked.timestamp == latest) co_return found(answer, *partition, end_of(*partition, committed), -1);
  if (asked.timestamp == earliest || asked.timestamp == earliest_local)
    co_return found(answer, *partition, partition->start(), -1);
  if (asked.timestamp == latest_tiered || asked.timestamp == earliest_pending_upload)
    co_return;  // nothing is tiered
  Result<Partition::At> at = Partition::At{};
  if (asked.timestamp == max_timestamp)
    at = co_await partition->at_time_max(context.broker.workers);
  else
    at = co_await partition->at_time(asked.timestamp, context.broker.workers);
  if (!at)
    answer.error_code = kafka::number_of(to_kafka(at.error()));
  else if (at->offset < end_of(*partition, committed))
    found(answer, *partition, at->offset, at->time);
}

// A new leader does not know yet how much is committed of what it had before it was elected; where the log
// begins it does (KIP-207).
Error check_known(const Context& context, const Partition& partition, std::int64_t timestamp) {
  constexpr std::int16_t version_not_available = 5;
  const auto& replicas = partition.replicas();
  const bool is_known = !replicas || partition.high_watermark() >= replicas->leader_epoch_start();
  if (is_known || timestamp == earliest || timestamp == earliest_local) return Error::none;
  return context.version >= version_not_available ? Error::offset_not_available : Error::leader_not_available;
}

Error refuse(const Context& context, const Located& located, const Asked& asked) {
  if (context.version < version_with(asked.timestamp)) return Error::unsupported_version;
  if (!located.leads_here()) return located.error();
  const Error error = check_epoch(*located.partition, asked.current_leader_epoch);
  if (error != Error::none) return error;
  return check_known(context, *located.partition, asked.timestamp);
}

}  // namespace

Task<kafka::ListOffsetsResponse> list_offsets(Context& context, kafka::ListOffsetsRequest& request) {
  const bool committed = request.isolation_level == 1;
  kafka::ListOffsetsResponse response;
  response.topics.reserve(request.topics.size());
  for (const auto& wanted : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    const TopicPtr topic = context.broker.catalog.find(wanted.name);
    answers.partitions.reserve(wanted.partitions.size());
    std::vector<bool> seen(topic ? static_cast<std::size_t>(topic->partitions) : 0);
    for (const Asked& asked : wanted.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      Answer answer;
      answer.partition_index = asked.partition_index;
      const Located located = context.broker.locate(topic, asked.partition_index);
      Error error = refuse(context, located, asked);
      if (topic && topic->has(asked.partition_index)) {
        auto before = seen[static_cast<std::size_t>(asked.partition_index)];
        if (before) error = Error::invalid_request;
        before = true;
      }
      answer.error_code = kafka::number_of(error);
      if (error == Error::none) co_await look_up(context, located.partition, asked, committed, answer);
      answers.partitions.push_back(answer);
    }
  }
  co_return response;
}

Task<kafka::OffsetForLeaderEpochResponse> offset_for_leader_epoch(
    Context& context, kafka::OffsetForLeaderEpochRequest& request) {
  kafka::OffsetForLeaderEpochResponse response;
  response.topics.reserve(request.topics.size());
  for (const auto& wanted : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& answers = response.topics.emplace_back();
    answers.topic = wanted.topic;
    const TopicPtr topic = context.broker.catalog.find(wanted.topic);
    for (const auto& asked : wanted.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      auto& answer = answers.partitions.emplace_back();
      answer.partition = asked.partition;
      const Located located = context.broker.locate(topic, asked.partition);
      const Error error = located.leads_here() ? check_epoch(*located.partition, asked.current_leader_epoch)
                                               : located.error();
      answer.error_code = kafka::number_of(error);
      if (error != Error::none) continue;
      const auto end = located.partition->end_of(asked.leader_epoch);
      answer.leader_epoch = end.epoch;
      answer.end_offset = end.offset;
    }
  }
  co_return response;
}

}  // namespace mq::core
