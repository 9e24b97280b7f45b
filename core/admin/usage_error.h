// SPDX-License-Identifier: Apache-2.0
// What is thrown when a question makes no sense, before anything was asked: a pattern that is none, a list of
// partitions that is none. Whoever took the question from somebody tells it: the command line with exit 2.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace mq::admin {

struct UsageError : std::runtime_error {
  explicit UsageError(const std::string& message, std::string what_to_do = {})
      : std::runtime_error(message), hint(std::move(what_to_do)) {}
  std::string hint;
};

inline std::string in_quotes(std::string_view text) {  // "text"
  return '"' + std::string(text) + '"';
}

}  // namespace mq::admin
