// SPDX-License-Identifier: Apache-2.0
#include "core/group/topic_pattern.h"

#include <re2/re2.h>

namespace mq::core {

namespace {

constexpr std::int64_t bytes_max = 256 << 10;  // of memory, for the program and its automata

}  // namespace

TopicPattern::TopicPattern(std::string_view text) {
  if (text.size() > length_max) {
    trouble_ = "the regular expression is longer than " + std::to_string(length_max) + " bytes";
    return;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(bytes_max);
  compiled_ = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!compiled_->ok()) trouble_ = "the regular expression is not valid: " + compiled_->error();
}

TopicPattern::~TopicPattern() = default;

bool TopicPattern::matches(std::string_view topic) const {
  return trouble_.empty() && re2::RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *compiled_);
}

}  // namespace mq::core
