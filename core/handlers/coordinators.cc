// SPDX-License-Identifier: Apache-2.0
#include "core/advertise.h"
#include "core/handlers/handlers.h"
#include "net/kafka/messages/find_coordinator.h"

namespace mq::core {

using kafka::Error;

namespace {

enum KeyType : std::int8_t { group = 0, transaction = 1 };

struct Refusal {
  Error error = Error::none;
  std::optional<std::string> message;
};

// Whether whoever coordinates these keys is here; that the topic it writes to exists.
Task<Refusal> check(Context& context, std::int8_t key_type) {
  Refusal refusal;
  if (key_type == transaction) {
    refusal.error = co_await context.broker.transactions.ready();
    if (refusal.error == Error::coordinator_load_in_progress)
      refusal.error = Error::none;  // it says so itself
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

}  // namespace

// Alone, this broker coordinates everything.
Task<kafka::FindCoordinatorResponse> find_coordinator(Context& context,
                                                      kafka::FindCoordinatorRequest request) {
  const Refusal refusal = co_await check(context, request.key_type);
  const bool found = refusal.error == Error::none;
  const Address self = found ? advertised(context.broker.config, *context.peer) : Address{};
  kafka::FindCoordinatorResponse::Coordinator one;
  one.node_id = found ? context.broker.identity.node_id : -1;
  one.host = found ? self.host : "";
  one.port = found ? self.port : -1;
  one.error_code = static_cast<std::int16_t>(refusal.error);
  one.error_message = refusal.message;

  kafka::FindCoordinatorResponse response;
  for (const std::string& key : request.coordinator_keys) {
    one.key = key;
    response.coordinators.push_back(one);
  }
  response.error_code = one.error_code;
  response.error_message = one.error_message;
  response.node_id = one.node_id;
  response.host = one.host;
  response.port = one.port;
  co_return response;
}

}  // namespace mq::core
