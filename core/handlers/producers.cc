// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "core/handlers/handlers.h"
#include "net/kafka/messages/describe_producers.h"
#include "net/kafka/messages/init_producer_id.h"

namespace mq::core {

using kafka::Error;

// Without a transactional id: a fresh one each time, epoch 0.
Task<kafka::InitProducerIdResponse> init_producer_id(Context& context,
                                                     kafka::InitProducerIdRequest& request) {
  kafka::InitProducerIdResponse response;
  response.producer_epoch = -1;
  if ((request.producer_id < 0) != (request.producer_epoch < 0) ||
      (request.transactional_id && request.transactional_id->empty())) {
    response.error_code = kafka::number_of(Error::invalid_request);
    co_return response;
  }
  if (request.transactional_id) co_return co_await init_transactional_id(context, request);
  const auto id = co_await context.broker.producer_ids.next();
  if (!id) {
    response.error_code = kafka::number_of(to_kafka(id.error()));
    co_return response;
  }
  response.producer_id = *id;
  response.producer_epoch = 0;
  co_return response;
}

Task<kafka::DescribeProducersResponse> describe_producers(Context& context,
                                                          kafka::DescribeProducersRequest& request) {
  kafka::DescribeProducersResponse response;
  response.topics.reserve(request.topics.size());
  for (const auto& wanted : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    const TopicPtr topic = context.broker.catalog.find(wanted.name);
    answers.partitions.reserve(wanted.partition_indexes.size());
    for (const std::int32_t index : wanted.partition_indexes) {
      if (context.pace.due()) co_await context.pace.give_way();
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = index;
      const Located located = context.broker.locate(topic, index);
      answer.error_code = kafka::number_of(located.error());
      if (!located.leads_here()) continue;
      const auto& partition = located.partition;
      for (const auto& [id, producer] : partition->producers().all()) {
        const std::int32_t last = producer.batches.empty() ? producer.resumes_at - 1  // none: -1
                                                           : producer.batches.back().last_sequence;
        const Offset open = partition->producers().transactions().open(id).value_or(-1);
        answer.active_producers.push_back(
            {id, producer.epoch, last, producer.seen, producer.coordinator_epoch, open});
      }
    }
  }
  co_return response;
}

}  // namespace mq::core
