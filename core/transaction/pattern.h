// SPDX-License-Identifier: Apache-2.0
// A regular expression that somebody far away wrote, for transactional ids: bounded in length, matched
// without backtracking. Any thread.
#pragma once

#include <optional>
#include <regex>
#include <string>

namespace mq::core {

class IdPattern {
 public:
  static constexpr std::size_t pattern_bytes_max = 256, id_bytes_max = 256;

  // An empty one matches everything; nothing: not a regular expression that we take.
  static std::optional<IdPattern> parse(const std::string& pattern);
  bool matches_everything() const { return !regex_; }
  bool matches(const std::string& id) const;  // all of it; ids that are too long match only the empty pattern

 private:
  std::optional<std::regex> regex_;
};

}  // namespace mq::core
