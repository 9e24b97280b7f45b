// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/dispatcher.h"

#include <spdlog/spdlog.h>

#include <sstream>

#include "core/handlers/routes.h"
#include "net/error.h"
#include "net/kafka/header.h"
#include "net/kafka/messages/api_versions.h"

namespace mq::core {

namespace {

std::string who(const net::Peer& peer) {
  std::ostringstream text;
  text << peer.remote;
  if (!peer.software.empty()) text << " (" << peer.software << ")";
  return text.str();
}

std::string name_of(const kafka::RequestHeader& header) {
  return header.api ? std::string(header.api->name) : "request " + std::to_string(header.api_key);
}

// The body of a version we do not know cannot be read: answered in version 0 with the range that we do.
net::Pieces api_versions_unsupported(std::int32_t correlation) {
  const auto valid = kafka::Describe<kafka::ApiVersionsRequest>::valid;
  kafka::ApiVersionsResponse response;
  response.error_code = kafka::number_of(kafka::Error::unsupported_version);
  response.api_keys.push_back({kafka::Describe<kafka::ApiVersionsRequest>::key, valid.first, valid.last});
  return kafka::encode_frame(correlation, response, 0);
}

}  // namespace

bool Dispatcher::overlaps(net::Bytes frame) const {
  const auto key = kafka::request_key(frame);
  const Route* route = key ? find_route(*key) : nullptr;
  return route && route->overlaps;
}

Task<Result<net::Pieces>> Dispatcher::handle(std::shared_ptr<net::Peer> peer, net::Slice frame) {
  const auto header = kafka::parse_request_header(frame.bytes());
  if (!header) {
    spdlog::info("{}: closed: not a Kafka request header", who(*peer));
    co_return make_error_code(net::Errc::malformed);
  }
  const Route* route = find_route(header->api_key);
  if (route && !route->versions.has(header->api_version)) {
    if (header->api_key == kafka::Describe<kafka::ApiVersionsRequest>::key)
      co_return api_versions_unsupported(header->correlation_id);
    route = nullptr;
  }
  if (!route) {
    spdlog::info("{}: closed: {} version {} is not served", who(*peer), name_of(*header),
                 header->api_version);
    co_return make_error_code(net::Errc::malformed);
  }
  const net::Bytes body = frame.bytes().subspan(header->body_at);
  Context context{broker_,
                  std::move(peer),
                  frame,
                  header->api_version,
                  header->client_id.value_or(""),
                  false,
                  static_cast<std::size_t>(route - routes().data())};
  const Time since = broker_.clock.now();
  auto answer = co_await route->serve(context, header->correlation_id, body);
  if (answer) broker_.requests.answered(context.route, broker_.clock.now() - since - context.waited);
  if (!answer && answer.error() != net::Errc::closed)
    spdlog::info("{}: closed: the body of {} version {} does not decode", who(*context.peer),
                 name_of(*header), header->api_version);
  co_return answer;
}

}  // namespace mq::core
