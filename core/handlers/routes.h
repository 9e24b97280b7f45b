// SPDX-License-Identifier: Apache-2.0
// The whole of what is answered, as a table; ApiVersions is read from it.
#pragma once

#include <span>
#include <string_view>

#include "core/handlers/context.h"
#include "net/kafka/acl_operation.h"

namespace mq::core {

// Who answers: the broker that was asked, or the controller, to which another one hands it on.
enum class AnsweredBy { broker, controller };

struct Route {
  std::int16_t key = -1;
  std::string_view name;  // Kafka's, without "Request"
  // What one has to be allowed to do, on what; on `any`: everybody may ask. A request that names several
  // kinds of things may ask for more, which its handler knows.
  kafka::AclOperation operation = kafka::AclOperation::describe;
  kafka::AclResource resource = kafka::AclResource::any;
  AnsweredBy answered_by = AnsweredBy::broker;
  kafka::Versions versions;             // served
  kafka::Version advertised_first = 0;  // said by ApiVersions: lower than served where clients need to see it
  // Pipelined on one connection, may be in flight beside its like. All others see what those before them did.
  bool overlaps = false;
  // Decodes, answers, encodes. `malformed` when the body does not decode: the connection closes.
  Task<Result<net::Pieces>> (*serve)(Context& context, std::int32_t correlation, net::Bytes body) = nullptr;
};

std::span<const Route> routes();            // ascending keys
const Route* find_route(std::int16_t key);  // null: not answered

}  // namespace mq::core
