// SPDX-License-Identifier: Apache-2.0
// Bytes as text: what is UTF-8, how JSON, base64, hex, shells and terminals want them. Appends to `to`; pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base64.h"

namespace mq::admin {

// What some editors and spreadsheets put before the first byte of a text: no data.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::optional<std::string_view> text_of(const std::optional<std::span<const std::byte>>& bytes) {
  return bytes ? std::optional(text_of(*bytes)) : std::nullopt;
}

bool valid_utf8(std::string_view bytes);
// Besides newline and tab, those of UTF-8 text (U+0080 to U+009F) included: what could drive a terminal.
bool has_controls(std::string_view bytes);

void append_number(std::string& to, std::int64_t n);
void append_json(std::string& to,
                 std::string_view bytes);  // with its quotes; what is no UTF-8 becomes U+FFFD
// Valid JSON without the blanks between its words; digits stay as they were written.
void append_compact_json(std::string& to, std::string_view text);
using core::append_base64;
void append_hex(std::string& to, std::string_view bytes);  // lower case
void append_escaped(std::string& to,
                    std::string_view bytes);  // one line, printable: \n \t \\ \x1b, UTF-8 as it is
void append_for_terminal(std::string& to,
                         std::string_view bytes);             // as it is, or escaped where it could drive one
void append_quoted(std::string& to, std::string_view bytes);  // one word for a shell
void append_dump(std::string& to, std::string_view bytes);    // 16 bytes a line: offset, hex, ASCII

using core::from_base64;
std::optional<std::string> from_hex(std::string_view text);

// The escapes of formats and delimiters: \n \t \r \0 \\ \xNN. Nothing when one is unknown.
std::optional<std::string> unescape(std::string_view text);

// The values of an object's members, or an array's, as they were written, in their order; `text` is valid
// JSON, and one of the two.
std::vector<std::string_view> values_in_json(std::string_view text);

}  // namespace mq::admin
