// SPDX-License-Identifier: Apache-2.0
#include "net/http/target.h"

#include <algorithm>

namespace mq::net::http {

namespace {

int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text, bool is_query) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '+' && is_query) {  // as forms do
      plain += ' ';
      continue;
    }
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    plain += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return plain;
}

// The next part, up to `end`, taken from the front.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

bool is_printable(char letter) {
  return letter > ' ' && letter < '\x7f';
}

}  // namespace

const std::string* Target::value(std::string_view name) const {
  const auto found =
      std::ranges::find(query, name, [](const auto& pair) { return std::string_view(pair.first); });
  return found == query.end() ? nullptr : &found->second;
}

std::optional<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/') || !std::ranges::all_of(text, is_printable)) return std::nullopt;
  text.remove_prefix(1);
  text = text.substr(0, text.find('#'));
  std::string_view path = take_until(text, '?');
  Target target;
  while (!path.empty()) {
    auto segment = decoded(take_until(path, '/'), false);
    if (!segment) return std::nullopt;
    target.path.push_back(std::move(*segment));
  }
  while (!text.empty()) {
    std::string_view pair = take_until(text, '&');
    if (pair.empty()) continue;
    auto name = decoded(take_until(pair, '='), true), value = decoded(pair, true);
    if (!name || !value) return std::nullopt;
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return target;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF", marks = "-._~";
  std::string encoded;
  for (const char letter : text) {
    const bool is_plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                          (letter >= 'A' && letter <= 'Z') || marks.find(letter) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(letter);
    if (is_plain)
      encoded += letter;
    else
      (((encoded += '%') += digits[byte >> 4]) += digits[byte & 15]);
  }
  return encoded;
}

}  // namespace mq::net::http
