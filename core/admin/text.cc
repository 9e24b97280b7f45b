// SPDX-License-Identifier: Apache-2.0
#include "core/admin/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "core/utf8.h"

namespace mq::admin {

using core::utf8_length;

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

unsigned char at(std::string_view s, std::size_t i) {
  return static_cast<unsigned char>(s[i]);
}

bool control(unsigned char c) {
  return c < 0x20 || c == 0x7f;
}

// C1 controls, U+0080 to U+009F: terminals obey some of them.
bool c1(std::string_view s, std::size_t length) {
  return length == 2 && at(s, 0) == 0xc2 && at(s, 1) < 0xa0;
}

void append_byte(std::string& to, unsigned char c) {
  to += "\\x";
  to += hex_digits[c >> 4];
  to += hex_digits[c & 15];
}

void append_unicode(std::string& to, unsigned char c) {
  to += "\\u00";
  to += hex_digits[c >> 4];
  to += hex_digits[c & 15];
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    while (bytes.size() >= 8) {  // most text is ASCII
      std::uint64_t eight;
      std::memcpy(&eight, bytes.data(), 8);
      if (eight & 0x8080808080808080u) break;
      bytes.remove_prefix(8);
    }
    if (bytes.empty()) return true;
    const std::size_t n = utf8_length(bytes);
    if (n == 0) return false;
    bytes.remove_prefix(n);
  }
  return true;
}

bool has_controls(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); i++) {
    const unsigned char c = at(bytes, i);
    if (control(c) && c != '\n' && c != '\t') return true;
    if (c == 0xc2 && c1(bytes.substr(i, 2), std::min<std::size_t>(bytes.size() - i, 2))) return true;
  }
  return false;
}

void append_number(std::string& to, std::int64_t n) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  to.append(text, static_cast<std::size_t>(end - text));
}

void append_json(std::string& to, std::string_view bytes) {
  to += '"';
  for (std::size_t plain = 0; !bytes.empty();) {
    while (plain < bytes.size() && at(bytes, plain) >= 0x20 && at(bytes, plain) < 0x7f &&
           bytes[plain] != '"' && bytes[plain] != '\\')
      plain++;
    to.append(bytes.substr(0, plain));
    bytes.remove_prefix(plain);
    plain = 0;
    if (bytes.empty()) break;
    const unsigned char c = at(bytes, 0);
    std::size_t n = 1;
    if (c == '"' || c == '\\') {
      to += '\\', to += static_cast<char>(c);
    } else if (c == '\n') {
      to += "\\n";
    } else if (c == '\t') {
      to += "\\t";
    } else if (c == '\r') {
      to += "\\r";
    } else if (control(c)) {
      append_unicode(to, c);
    } else if (n = utf8_length(bytes); c1(bytes, n)) {
      append_unicode(to, at(bytes, 1));
    } else {
      to += n == 0 ? std::string_view("\xef\xbf\xbd") : bytes.substr(0, n);
      n = std::max<std::size_t>(n, 1);
    }
    bytes.remove_prefix(n);
  }
  to += '"';
}

void append_compact_json(std::string& to, std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      to += c, to += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ' ' && c != '\n' && c != '\t' && c != '\r')) to += c;
  }
}

void append_hex(std::string& to, std::string_view bytes) {
  for (const char c : bytes) {
    to += hex_digits[static_cast<unsigned char>(c) >> 4];
    to += hex_digits[static_cast<unsigned char>(c) & 15];
  }
}

void append_escaped(std::string& to, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t n = utf8_length(bytes);
    const unsigned char c = at(bytes, 0);
    if (c == '\\') {
      to += "\\\\";
    } else if (c == '\n') {
      to += "\\n";
    } else if (c == '\t') {
      to += "\\t";
    } else if (c == '\r') {
      to += "\\r";
    } else if (n == 0 || control(c)) {
      append_byte(to, c);
    } else if (c1(bytes, n)) {
      append_byte(to, c), append_byte(to, at(bytes, 1));
    } else {
      to += bytes.substr(0, n);
    }
    bytes.remove_prefix(std::max<std::size_t>(n, 1));
  }
}

void append_for_terminal(std::string& to, std::string_view bytes) {
  if (has_controls(bytes) || !valid_utf8(bytes)) return append_escaped(to, bytes);
  to += bytes;
}

void append_quoted(std::string& to, std::string_view bytes) {
  constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  if (!bytes.empty() && bytes.find_first_not_of(safe) == bytes.npos) {
    to += bytes;
    return;
  }
  to += '\'';
  for (const char c : bytes) {
    if (c == '\'') {
      to += "'\\''";
    } else {
      to += c;
    }
  }
  to += '\'';
}

void append_dump(std::string& to, std::string_view bytes) {
  for (std::size_t from = 0; from < bytes.size(); from += 16) {
    const auto line = bytes.substr(from, 16);
    for (int shift = 28; shift >= 0; shift -= 4) to += hex_digits[from >> shift & 15];
    to += ' ';
    for (std::size_t i = 0; i < 16; i++) {
      to += i == 8 ? "  " : " ";
      if (i < line.size()) {
        append_hex(to, line.substr(i, 1));
      } else {
        to += "  ";
      }
    }
    to += "  |";
    for (const char c : line) to += c >= 0x20 && c < 0x7f ? c : '.';
    to += "|\n";
  }
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(2)) {
    const int high = hex_value(text[0]), low = hex_value(text[1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case 'n':
        plain += '\n';
        break;
      case 't':
        plain += '\t';
        break;
      case 'r':
        plain += '\r';
        break;
      case '0':
        plain += '\0';
        break;
      case '\\':
        plain += '\\';
        break;
      case 'x': {
        const auto byte = i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
        if (!byte) return std::nullopt;
        plain += *byte;
        i += 2;
        break;
      }
      default:
        return std::nullopt;
    }
  }
  return plain;
}

std::vector<std::string_view> values_in_json(std::string_view text) {
  std::vector<std::string_view> values;
  const std::size_t first = text.find_first_of("{[");
  const bool is_array = first != text.npos && text[first] == '[';
  std::size_t depth = 0, begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (quoted && c == '\\') i++;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (opens) depth++;
    const bool ends = (c == ',' || closes) && depth == 1 && begin > 0;
    const std::string_view value = ends ? text.substr(begin, i - begin) : std::string_view();
    if (value.find_first_not_of(" \t\r\n") != value.npos) values.push_back(value);
    const bool begins = depth == 1 && (is_array ? c == ',' || (opens && i == first) : c == ':');
    if (begins) begin = i + 1;
    if (closes) depth--;
  }
  return values;
}

}  // namespace mq::admin
