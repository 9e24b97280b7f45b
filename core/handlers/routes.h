// SPDX-License-Identifier: Apache-2.0
// The whole of what is answered, as a table; ApiVersions is read from it.
#pragma once

#include <span>

#include "core/handlers/context.h"

namespace mq::core {

struct Route {
  std::int16_t key = -1;
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
