// SPDX-License-Identifier: Apache-2.0
// Format strings (-f): `%k\t%v\n`. One language, compiled once, that writes records and reads them. The verbs
// are a table in format.cc. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/position.h"
#include "core/admin/record.h"
#include "core/config/scalars.h"

namespace mq::cli {

// How a number lies in bytes: u32be, hex16, …
struct NumberForm {
  enum class Kind { decimal, binary, hex } kind = Kind::decimal;
  std::size_t bytes = 0;  // of binary; half the digits of hex
  bool is_signed = false;
  bool little = false;
};

// One piece of a format.
struct FormatItem {
  enum class Text { raw, hex, base64, json, pretty, escaped, quoted, length, unpack, regex, exactly };
  enum class When { ms, s, iso, local, pattern };

  char verb = 0;  // 0: a literal
  std::string literal;
  Text text = Text::raw;
  NumberForm number;
  When when = When::ms;
  std::string parameter;    // of unpack and of a time's pattern
  std::size_t exactly = 0;  // {N}
  std::optional<std::regex> regex;
  std::vector<FormatItem> inner;  // of %h{…}
};

class Format {
 public:
  enum class Direction { write, read };
  static core::Parsed<Format> compile(std::string_view text, Direction direction);

  // Appends the record. A null prints as `null_text`.
  void write(std::string& to, const admin::Record& record, bool utc = true) const;
  std::string null_text;
  bool for_terminal = false;  // what a record holds must not drive it

  const std::vector<FormatItem>& items() const { return items_; }

 private:
  std::vector<FormatItem> items_;
};

// Takes records from the front of a text.
class FormatReader {
 public:
  explicit FormatReader(const Format& format) : format_(format) {}

  enum class Outcome { record, more, broken };
  struct Result {
    Outcome outcome;
    std::size_t consumed = 0;  // of `text`; for `broken`, up to where it stopped making sense
  };
  // `at_end`: nothing comes behind `text`, so that a last literal may be missing. Views in `record` are into
  // `text` or into memory that lives until the next call.
  Result read(std::string_view text, bool at_end, admin::Record& record);

 private:
  struct State;
  const Format& format_;
  admin::Decoded decoded_;
};

}  // namespace mq::cli
