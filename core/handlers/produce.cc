// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/produce.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "core/handlers/produce_checks.h"
#include "core/handlers/produce_transactions.h"
#include "core/loop/run_on.h"
#include "core/loop/wait_group.h"
#include "core/metadata/internal_topic.h"

namespace mq::core {

using kafka::Error;

namespace {

using PartitionAnswer = kafka::ProduceResponse::PartitionProduceResponse;

// The batch's bytes, kept alive by the frame they arrived in; ours to stamp.
net::Slice slice_of(const Context& context, net::Bytes bytes) {
  const auto at = static_cast<std::size_t>(bytes.data() - context.frame.data.get());
  return context.frame.part(at, bytes.size());
}

void refuse(PartitionAnswer& answer, Checked&& checked) {
  answer.error_code = kafka::number_of(checked.error);
  answer.base_offset = -1;
  if (!checked.message.empty()) answer.error_message = std::move(checked.message);
  for (const std::int32_t index : checked.bad_records)
    answer.record_errors.push_back({index, answer.error_message});
}

Task<Checked> check_elsewhere(Context& context, net::Slice batch, TopicPtr topic) {
  co_await context.get_in_line();
  auto check = [batch = std::move(batch), config = topic->config, version = context.version,
                now = context.broker.clock.wall_ms()]() -> Checked {
    try {
      return check_produced(batch, config, version, now);
    } catch (const std::bad_alloc&) {  // not thrown further: other appends of this request have begun
      return {Error::kafka_storage_error, "there is no memory to unpack the batch", {}, {}};
    }
  };
  co_return co_await run_on(context.broker.workers, std::move(check));
}

// Starts the append of one partition's batch. `answer` is filled before `appends` is done.
void start(Context& context, const kafka::ProduceRequest& request,
           const std::optional<TransactionVerification>& verification, const Topic& topic, Checked checked,
           PartitionAnswer& answer, WaitGroup& appends) {
  if (checked.error != Error::none) return refuse(answer, std::move(checked));
  const bool transactional = kafka::BatchHead::parse(checked.batch.bytes())->is_transactional();
  if (transactional) {
    const Error error = check_verification(context, request, verification, {topic.name, answer.index});
    if (error != Error::none) return refuse(answer, {error, {}, {}, {}});
  }
  const bool begins_at_zero = transactional && context.version >= version_adding_partitions;
  const auto partition = topic.partition(answer.index);
  appends.add();
  partition->append(
      std::move(checked.batch),
      [&answer, &appends, &partition = *partition](Partition::Appended appended) {
        answer.error_code = kafka::number_of(appended.error);
        answer.base_offset = appended.first;
        answer.log_append_time_ms = appended.time;
        answer.log_start_offset = appended.error == Error::none ? partition.start() : -1;
        appends.done();
      },
      begins_at_zero ? FirstSequence::zero : FirstSequence::any);
}

// For looking at it, and for its append.
std::size_t steps_of(net::Bytes batch) {
  constexpr std::size_t bytes_per_step = 1024, steps_per_append = 8;
  return steps_per_append + batch.size() / bytes_per_step;
}

// Why nothing can be written there, whatever it is.
Checked check_target(const Context& context, Error refused, const TopicPtr& topic, std::int32_t partition) {
  const bool by_id = context.version >= 13;
  if (refused != Error::none) return {refused, {}, {}, {}};
  if (!topic) return {by_id ? Error::unknown_topic_id : Error::unknown_topic_or_partition, {}, {}, {}};
  if (!may_produce(context.client_id, topic->name))
    return {Error::invalid_topic_exception, "only the broker writes to internal topics", {}, {}};
  if (!topic->partition(partition)) return {Error::unknown_topic_or_partition, {}, {}, {}};
  return {};
}

Error check_request(const kafka::ProduceRequest& request) {
  if (request.acks < -1 || request.acks > 1) return Error::invalid_required_acks;
  return Error::none;
}

}  // namespace

Task<std::optional<kafka::ProduceResponse>> produce(Context& context, kafka::ProduceRequest& request) {
  const bool by_id = context.version >= 13;
  const Error refused = check_request(request);
  kafka::ProduceResponse response;
  if (context.broker.produce_order.has_line(context.peer->id)) co_await context.get_in_line();
  response.responses.reserve(request.topic_data.size());
  for (const auto& topic : request.topic_data) {  // all answers first: appends keep references to them
    if (context.pace.due()) co_await context.give_way_in_line();
    auto& answers = response.responses.emplace_back();
    answers.name = topic.name;
    answers.topic_id = topic.topic_id;
    answers.partition_responses.reserve(topic.partition_data.size());
    for (const auto& data : topic.partition_data) {
      if (context.pace.due()) co_await context.give_way_in_line();
      answers.partition_responses.emplace_back().index = data.index;
    }
  }

  std::optional<TransactionVerification> verification;
  if (request.transactional_id && refused == Error::none) {
    TransactionVerification verified = co_await verify_transaction(context, request);
    verification.emplace(std::move(verified));
  }

  WaitGroup appends;
  std::vector<TopicPtr> topics;  // their partitions live as long as the appends
  for (std::size_t t = 0; t < request.topic_data.size(); t++) {
    const auto& wanted = request.topic_data[t];
    const TopicPtr topic =
        by_id ? context.broker.topics.find(wanted.topic_id) : context.broker.topics.find(wanted.name);
    topics.push_back(topic);
    for (std::size_t p = 0; p < wanted.partition_data.size(); p++) {
      const auto& data = wanted.partition_data[p];
      const net::Bytes bytes = data.records ? data.records->bytes : net::Bytes{};
      if (context.pace.due(steps_of(bytes))) co_await context.give_way_in_line();
      auto& answer = response.responses[t].partition_responses[p];
      if (Checked refusal = check_target(context, refused, topic, data.index); refusal.error != Error::none) {
        refuse(answer, std::move(refusal));
        continue;
      }
      net::Slice batch = bytes.empty() ? net::Slice{} : slice_of(context, bytes);
      Checked checked;
      if (takes_long(bytes, topic->config))
        checked = co_await check_elsewhere(context, std::move(batch), topic);
      else
        checked =
            check_produced(std::move(batch), topic->config, context.version, context.broker.clock.wall_ms());
      start(context, request, verification, *topic, std::move(checked), answer, appends);
    }
  }
  verification.reset();  // all appends have begun: the next in line may write
  context.in_line.reset();
  co_await appends.wait();

  if (request.acks != 0) co_return std::move(response);
  // Nothing can be said to a client that wants no answer; on any error the connection ends, so that it
  // notices.
  for (const auto& topic : response.responses) {
    if (context.pace.due(topic.partition_responses.size() / 16 + 1)) co_await context.pace.give_way();
    for (const auto& answer : topic.partition_responses) context.close |= answer.error_code != 0;
  }
  co_return std::nullopt;
}

}  // namespace mq::core
