// SPDX-License-Identifier: Apache-2.0
#include "core/admin/selector.h"

#include <algorithm>
#include <tuple>

#include "core/admin/usage_error.h"
#include "core/config/scalars.h"

namespace mq::admin {

namespace {

constexpr std::int64_t partition_max = 1'000'000;

// Does `c` belong to the set that begins at glob[0] == '['? Advances glob behind its ']'; without one, '[' is
// itself.
bool in_set(std::string_view& glob, char c) {
  const std::size_t end = glob.find(']', 2);
  if (end == glob.npos) {
    glob.remove_prefix(1);
    return c == '[';
  }
  std::string_view set = glob.substr(1, end - 1);
  glob.remove_prefix(end + 1);
  const bool negated = set[0] == '!' || set[0] == '^';
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < set.size(); i++) {
    const bool range = i + 2 < set.size() && set[i + 1] == '-';
    found |= range ? set[i] <= c && c <= set[i + 2] : set[i] == c;
    if (range) i += 2;
  }
  return found != negated;
}

}  // namespace

bool matches_glob(std::string_view glob, std::string_view text) {
  std::optional<std::pair<std::string_view, std::string_view>>
      retry;  // after the last '*', one more character
  while (!text.empty() || !glob.empty()) {
    if (!glob.empty() && glob[0] == '*') {
      glob.remove_prefix(1);
      retry = {glob, text};
      continue;
    }
    std::string_view rest = glob;
    bool fits = false;
    if (!text.empty() && !glob.empty() && glob[0] == '[') {
      fits = in_set(rest, text[0]);
    } else if (!text.empty() && !glob.empty()) {
      fits = glob[0] == '?' || glob[0] == text[0];
      rest.remove_prefix(1);
    }
    if (fits) {
      glob = rest;
      text.remove_prefix(1);
    } else if (retry && !retry->second.empty()) {
      retry->second.remove_prefix(1);
      std::tie(glob, text) = *retry;
    } else {
      return false;
    }
  }
  return true;
}

std::vector<std::int32_t> parse_partitions(std::string_view text, std::string_view about) {
  std::vector<std::int32_t> numbers;
  const auto number = [&](std::string_view part) {
    const auto value = core::parse_integer(part, 0, partition_max);
    if (!value)
      throw UsageError(std::string(about) + ": " + in_quotes(text) + " is no list of partitions",
                       "like 0 or 0,2,5-7");
    return static_cast<std::int32_t>(*value);
  };
  for (std::string_view part : core::split(text, ',')) {
    const std::size_t dash = part.find('-');
    const std::int32_t first = number(part.substr(0, dash));
    const std::int32_t last = dash == part.npos ? first : number(part.substr(dash + 1));
    for (std::int32_t i = first; i <= last; i++) numbers.push_back(i);
  }
  if (numbers.empty()) number("");
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

Selector::Selector(std::string_view text) : text_(text) {
  if (text.size() > 1 && text.front() == '/' && text.back() == '/') {
    kind_ = Kind::regex;
    topic_ = text.substr(1, text.size() - 2);
    try {
      regex_.emplace(topic_, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error&) {
      throw UsageError(in_quotes(text_) + " is no regular expression");
    }
    return;
  }
  const std::size_t colon = text.rfind(':');
  topic_ = text.substr(0, colon);
  if (colon != text.npos) partitions_ = parse_partitions(text.substr(colon + 1), topic_);
  if (topic_.find_first_of("*?[") != topic_.npos) kind_ = Kind::glob;
  if (topic_.empty()) throw UsageError("a topic's name cannot be empty");
}

bool Selector::matches(std::string_view topic) const {
  switch (kind_) {
    case Kind::name:
      return topic == topic_;
    case Kind::glob:
      return matches_glob(topic_, topic);
    case Kind::regex:
      return std::regex_search(topic.begin(), topic.end(), *regex_);
  }
  return false;
}

bool Selector::has(std::int32_t partition) const {
  return partitions_.empty() || std::binary_search(partitions_.begin(), partitions_.end(), partition);
}

}  // namespace mq::admin
