// SPDX-License-Identifier: Apache-2.0
#include "core/transaction/pattern.h"

namespace mq::core {

// Counted repetitions are unrolled when a pattern is compiled: they grow beyond any bound.
std::optional<IdPattern> IdPattern::parse(const std::string& pattern) {
  IdPattern result;
  if (pattern.empty()) return result;
  if (pattern.size() > pattern_bytes_max || pattern.find('{') != std::string::npos) return {};
  try {
    result.regex_.emplace(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial);
  } catch (const std::regex_error&) {
    return {};
  }
  return result;
}

bool IdPattern::matches(const std::string& id) const {
  if (!regex_) return true;
  return id.size() <= id_bytes_max && std::regex_match(id, *regex_);
}

}  // namespace mq::core
