// SPDX-License-Identifier: Apache-2.0
#include "core/admin/filter.h"

#include <algorithm>

#include "core/admin/selector.h"
#include "core/admin/text.h"
#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

std::string glob(std::string_view text) {
  if (text.size() > Filter::glob_max)
    throw UsageError("a glob has at most " + std::to_string(Filter::glob_max) + " bytes");
  return std::string(text);
}

core::Pattern regular_expression(std::string_view text) {
  core::Pattern pattern(text);
  std::string why;
  append_for_terminal(why, pattern.trouble());
  if (!why.empty()) throw UsageError(why);
  return pattern;
}

// Makes something of each of the texts; what is wrong with one is told by its name.
template <class Make>
void make_each(const std::string& name, const std::vector<std::string>& texts, const Make& make) {
  try {
    for (const std::string& text : texts) make(text);
  } catch (const UsageError& error) {
    throw UsageError(name + ": " + error.what(), error.hint);
  }
}

}  // namespace

Filter::Filter(const FilterTexts& texts, std::string_view dashes) : inverted_(texts.invert) {
  const std::size_t given = texts.grep.size() + texts.key.size() + texts.header.size() + texts.where.size();
  if (given > conditions_max)
    throw UsageError("a filter has at most " + std::to_string(conditions_max) + " conditions");
  const auto named = [&](const char* name) { return std::string(dashes) + name; };
  if (given == 0 && texts.invert) throw UsageError(named("invert") + ": there is nothing to invert");
  make_each(named("grep"), texts.grep,
            [&](const std::string& text) { values_.push_back(regular_expression(text)); });
  make_each(named("key"), texts.key, [&](const std::string& text) { keys_.push_back(glob(text)); });
  make_each(named("header"), texts.header, [&](const std::string& text) {
    const std::size_t equals = text.find('=');
    HeaderPattern& pattern = headers_.emplace_back();
    pattern.name = text.substr(0, equals);
    if (pattern.name.empty()) throw UsageError("a name is missing", "like trace, or trace=ab*");
    if (equals != text.npos) pattern.value = glob(text.substr(equals + 1));
  });
  make_each(named("where"), texts.where, [&](const std::string& text) { where_.emplace_back(text); });
  if (patterns_size() > patterns_size_max) throw UsageError("the regular expressions are too large together");
}

std::size_t Filter::patterns_size() const {
  std::size_t sum = 0;
  for (const core::Pattern& value : values_) sum += value.size();
  for (const Expression& expression : where_) sum += expression.patterns_size();
  return sum;
}

bool Filter::HeaderPattern::matches(const Record& record) const {
  return std::ranges::any_of(record.headers, [&](const RecordHeader& header) {
    return header.key == name && (!value || (header.value && matches_glob(*value, *header.value)));
  });
}

bool Filter::matches(const Record& record) const {
  const auto is_like_key = [&](const std::string& key) {
    return record.key && matches_glob(key, *record.key);
  };
  const auto has_header = [&](const HeaderPattern& header) { return header.matches(record); };
  const auto is_in_value = [&](const core::Pattern& value) {
    return record.value && value.found_in(*record.value);
  };
  const auto holds = [&](const Expression& where) { return where.matches(record); };
  const bool is_like = std::ranges::all_of(keys_, is_like_key) && std::ranges::all_of(headers_, has_header) &&
                       std::ranges::all_of(values_, is_in_value) && std::ranges::all_of(where_, holds);
  return is_like != inverted_;
}

}  // namespace mq::admin
