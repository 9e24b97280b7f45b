// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <new>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "core/handlers/produce_answers.h"
#include "core/handlers/produce_checks.h"
#include "core/handlers/produce_transactions.h"
#include "core/loop/run_on.h"
#include "core/metadata/internal_topic.h"

namespace mq::core {

using kafka::Error;

namespace {

using PartitionAnswer = ProduceAnswers::PartitionAnswer;
using Place = ProduceAnswers::Place;

constexpr std::int16_t acks_all = -1;

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

Task<Checked> check_elsewhere(Context& context, net::Slice batch, kafka::BatchHead head, TopicPtr topic) {
  co_await context.get_in_line();
  auto check = [batch = std::move(batch), head, config = topic->config, version = context.version,
                now = context.broker.clock.wall_ms()]() -> Checked {
    try {
      return check_produced(batch, head, config, version, now);
    } catch (const std::bad_alloc&) {  // not thrown further: other appends of this request have begun
      return {Error::kafka_storage_error, "there is no memory to unpack the batch", {}, {}, {}};
    }
  };
  co_return co_await run_on(context.broker.workers, std::move(check));
}

// Starts the append of one partition's batch.
void start(Context& context, const kafka::ProduceRequest& request, const VerifiedBatch& verified,
           const TopicPtr& topic, Checked checked, const std::shared_ptr<ProduceAnswers>& answers,
           Place place) {
  PartitionAnswer& answer = answers->at(place);
  if (checked.error != Error::none) return refuse(answer, std::move(checked));
  if (verified.error != Error::none) return refuse(answer, {verified.error, {}, {}, {}, {}});
  Partition::AppendOptions options;
  if (request.acks == acks_all) options.acks = Acks::all;
  if (checked.head.is_transactional() && context.version >= version_adding_partitions)
    options.first_sequence = FirstSequence::zero;
  options.verification = verified.verification;
  const auto partition = context.broker.partitions.find(topic->id, answer.index);
  if (!partition) return refuse(answer, {Error::unknown_topic_or_partition, {}, {}, {}, {}});  // gone by now
  answers->begin(place);
  partition->append(std::move(checked.batch), checked.head, options,
                    [answers, place, partition](Partition::Appended appended) {
                      answers->end(place, appended, partition->start());
                    });
}

// Kafka's rule: only who waits for the ISR has a deadline. Without one, when it says 0.
std::optional<Time> deadline_of(const Context& context, const kafka::ProduceRequest& request) {
  if (request.acks != acks_all || request.timeout_ms <= 0) return {};
  return context.broker.clock.now() + std::chrono::milliseconds(request.timeout_ms);
}

// For looking at it, and for its append.
std::size_t steps_of(net::Bytes batch) {
  constexpr std::size_t bytes_per_step = 1024, steps_per_append = 8;
  return steps_per_append + batch.size() / bytes_per_step;
}

// Why nothing can be written there, whatever it is.
Checked check_target(const Context& context, Error refused, const TopicPtr& topic, std::int32_t partition) {
  const bool by_id = context.version >= 13;
  if (refused != Error::none) return {refused, {}, {}, {}, {}};
  if (!topic) return {by_id ? Error::unknown_topic_id : Error::unknown_topic_or_partition, {}, {}, {}, {}};
  if (!may_produce(context.client_id, topic->name))
    return {Error::invalid_topic_exception, "only the broker writes to internal topics", {}, {}, {}};
  return {context.broker.locate(topic, partition).error(), {}, {}, {}, {}};
}

Error check_request(const kafka::ProduceRequest& request) {
  if (request.acks < -1 || request.acks > 1) return Error::invalid_required_acks;
  return Error::none;
}

}  // namespace

Task<std::optional<kafka::ProduceResponse>> produce(Context& context, kafka::ProduceRequest& request) {
  const bool by_id = context.version >= 13;
  const Error refused = check_request(request);
  const auto deadline = deadline_of(context, request);
  const auto answers = std::make_shared<ProduceAnswers>();
  kafka::ProduceResponse& response = answers->response;
  if (context.broker.produce_order.has_line(context.peer->id)) co_await context.get_in_line();
  response.responses.reserve(request.topic_data.size());
  for (const auto& topic : request.topic_data) {
    if (context.pace.due()) co_await context.give_way_in_line();
    auto& of_topic = response.responses.emplace_back();
    of_topic.name = topic.name;
    of_topic.topic_id = topic.topic_id;
    of_topic.partition_responses.reserve(topic.partition_data.size());
    for (const auto& data : topic.partition_data) {
      if (context.pace.due()) co_await context.give_way_in_line();
      of_topic.partition_responses.emplace_back().index = data.index;
    }
  }

  std::optional<TransactionVerification> verification;
  if (request.transactional_id && refused == Error::none) {
    TransactionVerification verified = co_await verify_transaction(context, request);
    verification.emplace(std::move(verified));
  }

  for (std::size_t t = 0; t < request.topic_data.size(); t++) {
    const auto& wanted = request.topic_data[t];
    const TopicPtr topic =
        by_id ? context.broker.catalog.find(wanted.topic_id) : context.broker.catalog.find(wanted.name);
    for (std::size_t p = 0; p < wanted.partition_data.size(); p++) {
      const auto& data = wanted.partition_data[p];
      const net::Bytes bytes = data.records ? data.records->bytes : net::Bytes{};
      if (context.pace.due(steps_of(bytes))) co_await context.give_way_in_line();
      const Place place{t, p};
      if (Checked refusal = check_target(context, refused, topic, data.index); refusal.error != Error::none) {
        refuse(answers->at(place), std::move(refusal));
        continue;
      }
      net::Slice batch = bytes.empty() ? net::Slice{} : slice_of(context, bytes);
      const auto head = kafka::BatchHead::parse(bytes);
      Checked checked;
      if (head && takes_long(*head, bytes.size(), topic->config))
        checked = co_await check_elsewhere(context, std::move(batch), *head, topic);
      else
        checked = check_produced(std::move(batch), head, topic->config, context.version,
                                 context.broker.clock.wall_ms());
      VerifiedBatch verified;
      if (checked.error == Error::none && checked.head.is_transactional())
        verified = co_await verify_batch(context, request, verification, topic, data.index,
                                         checked.head.producer_id);
      start(context, request, verified, topic, std::move(checked), answers, place);
    }
  }
  verification.reset();  // all appends have begun: the next in line may write
  context.in_line.reset();
  co_await ProduceAnswers::wait(answers, context.broker.produce_deadlines, deadline);

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
