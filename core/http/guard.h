// SPDX-License-Identifier: Apache-2.0
// Which requests are let in at all: as long as nobody logs in, another site's page in somebody's browser is
// who attacks. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/http/problem.h"

namespace mq::http {

struct GuardRules {
  std::vector<std::string> hosts;  // names by which browsers may ask, beside addresses and localhost
  bool read_only = false;
};

// What a request wants to do, as its route says.
struct Guarded {
  bool changes = false;         // something
  bool takes_any_type = false;  // of body; others that change something take JSON
  bool is_page = false;         // for people: another site may link to it
};

// DNS can be made to say that another site's name is this address (rebinding); it cannot for an address
// itself. Browsers say where a request comes from (Origin, Sec-Fetch-Site); programs say nothing.
std::optional<Problem> refusal(const net::http::RequestHead& head, const Guarded& wants,
                               const GuardRules& rules);

}  // namespace mq::http
