// SPDX-License-Identifier: Apache-2.0
// What a request asks for: its path and query, taken apart and decoded (RFC 3986). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mq::net::http {

struct Target {
  std::vector<std::string> path;  // its segments; of "/" none, one slash at the end counts for nothing
  std::vector<std::pair<std::string, std::string>> query;  // in order

  const std::string* value(std::string_view name) const;  // of the query; the first one; null: none
};

// As in a request line: begins with a slash. A segment may hold anything, a slash too, once decoded; "." and
// ".." are names like others. Nothing: an escape is cut short or wrong, or a byte is not printable ASCII.
std::optional<Target> parse_target(std::string_view text);

std::string percent_encoded(std::string_view text);  // as a segment, or in a query

}  // namespace mq::net::http
