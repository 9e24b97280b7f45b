// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "core/handlers/handlers.h"
#include "core/handlers/nodes.h"
#include "net/kafka/messages/find_coordinator.h"

namespace mq::core {

using kafka::Error;

namespace {

enum KeyType : std::int8_t { group = 0, transaction = 1 };

// Whether whoever coordinates these keys is here; that the topic it writes to exists.
Task<Refusal> check(Context& context, std::int8_t key_type) {
  Refusal refusal;
  if (key_type == transaction) {
    refusal.error = co_await context.broker.transactions_log.ensure();
    co_return refusal;
  }
  if (key_type == group) {
    refusal.error = co_await context.broker.offsets_log.ensure();
    co_return refusal;
  }
  refusal.error = Error::invalid_request;
  refusal.message = "no such type of key";
  co_return refusal;
}

// What would not be taken as a name.
Error check_key(std::int8_t key_type, const std::string& key) {
  const bool is_short = key.size() <= InternalTopic::id_bytes_max;
  if (key_type == group) return is_short ? Error::none : Error::invalid_group_id;
  return is_short && !key.empty() ? Error::none : Error::invalid_request;
}

kafka::FindCoordinatorResponse::Coordinator nobody(const Refusal& refusal) {
  kafka::FindCoordinatorResponse::Coordinator answer;
  answer.node_id = answer.port = -1;
  answer.error_code = kafka::number_of(refusal.error);
  if (!refusal.message.empty()) answer.error_message = refusal.message;
  return answer;
}

}  // namespace

// Whoever leads the partition of the internal topic in which the key belongs.
Task<kafka::FindCoordinatorResponse> find_coordinator(Context& context,
                                                      kafka::FindCoordinatorRequest& request) {
  if (hangs_up(context)) co_return kafka::FindCoordinatorResponse();
  const Refusal refusal = co_await check(context, request.key_type);
  const InternalTopic& log =
      request.key_type == transaction ? context.broker.transactions_log : context.broker.offsets_log;
  const auto answer_for = [&](const std::string& key) {
    Refusal wrong = refusal;
    if (wrong.error == Error::none) wrong.error = check_key(request.key_type, key);
    const auto node = wrong.error == Error::none ? find_node(context, log.leader_of(key)) : std::nullopt;
    if (wrong.error == Error::none && !node) wrong.error = Error::coordinator_not_available;
    auto answer = nobody(wrong);
    answer.key = key;
    if (!node) return answer;
    answer.node_id = node->id;
    answer.host = node->address.host;
    answer.port = node->address.port;
    return answer;
  };

  kafka::FindCoordinatorResponse response;
  response.coordinators.reserve(request.coordinator_keys.size());
  for (const std::string& key : request.coordinator_keys) {
    if (context.pace.due()) co_await context.pace.give_way();
    response.coordinators.push_back(answer_for(key));
  }
  const auto one = answer_for(request.key);  // of older versions
  response.error_code = one.error_code;
  response.error_message = one.error_message;
  response.node_id = one.node_id;
  response.host = one.host;
  response.port = one.port;
  co_return response;
}

}  // namespace mq::core
