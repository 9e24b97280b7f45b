// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/api_versions.h"

#include "core/handlers/features.h"
#include "core/handlers/handlers.h"
#include "core/handlers/routes.h"

namespace mq::core {

namespace {

// KIP-511: letters and digits at both ends, '-' and '.' also between.
bool is_software(std::string_view text) {
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || text.size() > 128 || !alnum(text.front()) || !alnum(text.back())) return false;
  for (const char c : text)
    if (!alnum(c) && c != '-' && c != '.') return false;
  return true;
}

}  // namespace

Task<kafka::ApiVersionsResponse> api_versions(Context& context, kafka::ApiVersionsRequest& request) {
  kafka::ApiVersionsResponse response;
  if (context.version >= 3) {
    if (!is_software(request.client_software_name) || !is_software(request.client_software_version)) {
      response.error_code = kafka::number_of(kafka::Error::invalid_request);
      co_return response;
    }
    context.peer->software = request.client_software_name + " " + request.client_software_version;
  }
  for (const Route& route : routes())
    response.api_keys.push_back({route.key, route.advertised_first, route.versions.last});
  // Version 3 of the answer cannot say that a level may be 0.
  for (const Feature& feature : features()) {
    if (context.version >= 4)
      response.supported_features.push_back({std::string(feature.name), 0, feature.level});
    response.finalized_features.push_back({std::string(feature.name), feature.level, feature.level});
  }
  response.finalized_features_epoch = 0;
  co_return response;
}

}  // namespace mq::core
