// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/pattern.h"

#include <re2/re2.h>

namespace mq::core {

namespace {

constexpr std::int64_t bytes_max = 256 << 10;  // of memory, for the program and its automata

}  // namespace

Pattern::Pattern(std::string_view text) {
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

Pattern::Pattern(Pattern&& other) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::matches(std::string_view name) const {
  return trouble_.empty() && re2::RE2::FullMatch(re2::StringPiece(name.data(), name.size()), *compiled_);
}

bool Pattern::found_in(std::string_view text) const {
  return trouble_.empty() && re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

std::size_t Pattern::size() const {
  return trouble_.empty() ? static_cast<std::size_t>(compiled_->ProgramSize()) : 0;
}

}  // namespace mq::core
