// SPDX-License-Identifier: Apache-2.0
#include "core/client/coordinator.h"

#include "net/kafka/messages/find_coordinator.h"

namespace mq::client {

Task<Answer<BrokerId>> find_coordinator(Client& client, Coordinates what, std::string key, Duration timeout) {
  kafka::FindCoordinatorRequest request;
  request.key = key;  // up to version 3; then:
  request.coordinator_keys.push_back(key);
  request.key_type = static_cast<std::int8_t>(what);
  auto answer = co_await client.call<kafka::FindCoordinatorResponse>(any_broker, std::move(request), timeout);
  if (!answer) co_return answer.error();
  const bool many = !answer->coordinators.empty();
  const auto code = many ? answer->coordinators[0].error_code : answer->error_code;
  const auto& message = many ? answer->coordinators[0].error_message : answer->error_message;
  const BrokerId id = many ? answer->coordinators[0].node_id : answer->node_id;
  if (code != 0) co_return refused(code, {}, std::move(key), message.value_or(""));
  if (client.brokers().contains(id)) co_return id;
  std::optional<std::vector<std::string>> no_topics;
  no_topics.emplace();
  auto known = co_await client.refresh(std::move(no_topics));
  if (!known) co_return known.error();
  if (!client.brokers().contains(id))
    co_return refused(kafka::Error::coordinator_not_available, {}, std::move(key));
  co_return id;
}

}  // namespace mq::client
