// SPDX-License-Identifier: Apache-2.0
// Which topics are meant: `orders`, `logs-*` (glob), `/^eu-/` (regular expression), each with `:0,2,5-7` for
// partitions. Topic names cannot hold the characters of patterns, so it is always clear which of them it is.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace mq::admin {

bool matches_glob(std::string_view glob, std::string_view text);  // * ? [abc] [a-z] [!…]

// "0,2,5-7" → {0, 2, 5, 6, 7}; sorted, each once. Throws UsageError; `about` begins the sentence.
std::vector<std::int32_t> parse_partitions(std::string_view text, std::string_view about);

class Selector {
 public:
  explicit Selector(std::string_view text);  // throws UsageError

  const std::string& text() const { return text_; }    // as it was given
  const std::string& topic() const { return topic_; }  // without partitions; a name unless is_pattern()
  bool is_pattern() const { return kind_ != Kind::name; }
  bool matches(std::string_view topic) const;
  const std::vector<std::int32_t>& partitions() const { return partitions_; }  // empty: all of them
  bool has(std::int32_t partition) const;

 private:
  enum class Kind { name, glob, regex };

  std::string text_, topic_;
  Kind kind_ = Kind::name;
  std::optional<std::regex> regex_;
  std::vector<std::int32_t> partitions_;
};

}  // namespace mq::admin
