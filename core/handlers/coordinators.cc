// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/handlers.h"
#include "net/kafka/messages/find_coordinator.h"

namespace mq::core {

// There are no coordinators yet: clients are told to wait and ask again, one answer for each key.
Task<kafka::FindCoordinatorResponse> find_coordinator(Context& context,
                                                      kafka::FindCoordinatorRequest request) {
  const auto error = static_cast<std::int16_t>(kafka::Error::coordinator_not_available);
  const std::string message = "this broker coordinates no groups or transactions";
  kafka::FindCoordinatorResponse response;
  if (context.version < 4) {
    response.error_code = error;
    response.error_message = message;
    response.node_id = -1;
    response.port = -1;
    co_return response;
  }
  for (const std::string& key : request.coordinator_keys)
    response.coordinators.push_back({key, -1, "", -1, error, message});
  co_return response;
}

}  // namespace mq::core
