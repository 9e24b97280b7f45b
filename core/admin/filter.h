// SPDX-License-Identifier: Apache-2.0
// What a record has to be like to be shown: texts that somebody gave, as flags or as parameters, made into
// something that says yes or no. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/expression.h"
#include "core/admin/record.h"
#include "core/metadata/pattern.h"

namespace mq::admin {

// Each may be there several times; a record has to be like all of them, or with `invert` not.
struct FilterTexts {
  std::vector<std::string> grep = {};    // a regular expression, found in the value
  std::vector<std::string> key = {};     // a glob that the key is like
  std::vector<std::string> header = {};  // NAME, or NAME=GLOB: one header of that name is like it
  std::vector<std::string> where = {};   // see expression.h
  bool invert = false;
};

class Filter {
 public:
  // Of the texts there are, of bytes in a glob, of instructions in all regular expressions together.
  static constexpr std::size_t conditions_max = 16, glob_max = 256, patterns_size_max = 1000;

  Filter() = default;  // every record
  // Throws UsageError, which begins with the name of the member above as somebody knows it, behind `dashes`:
  // `--where: character 5, …`.
  explicit Filter(const FilterTexts& texts, std::string_view dashes = {});

  bool matches_all() const { return conditions() == 0; }
  // A key, value or header that is null is like no glob and no regular expression. In time linear in the
  // record: some microseconds for one of 1 KiB; a millisecond or two if the patterns are made to be slow.
  bool matches(const Record& record) const;

 private:
  struct HeaderPattern {
    std::string name;
    std::optional<std::string> value;  // a glob
    bool matches(const Record& record) const;
  };
  std::size_t conditions() const { return values_.size() + keys_.size() + headers_.size() + where_.size(); }
  std::size_t patterns_size() const;

  std::vector<core::Pattern> values_;
  std::vector<std::string> keys_;  // globs
  std::vector<HeaderPattern> headers_;
  std::vector<Expression> where_;
  bool inverted_ = false;
};

}  // namespace mq::admin
