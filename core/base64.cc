// SPDX-License-Identifier: Apache-2.0
#include "core/base64.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace mq::core {

namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}

}  // namespace

void append_base64(std::string& to, std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t bits = std::uint32_t{byte_of(bytes[0])} << 16;
    if (bytes.size() > 1) bits |= std::uint32_t{byte_of(bytes[1])} << 8;
    if (bytes.size() > 2) bits |= byte_of(bytes[2]);
    to += base64_digits[bits >> 18];
    to += base64_digits[bits >> 12 & 63];
    to += bytes.size() > 1 ? base64_digits[bits >> 6 & 63] : '=';
    to += bytes.size() > 2 ? base64_digits[bits & 63] : '=';
  }
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  if (text.size() % 4 != 0) return std::nullopt;
  for (; !text.empty(); text.remove_prefix(4)) {
    const std::size_t padding = text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
    if (padding > 0 && text.size() > 4) return std::nullopt;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4 - padding; i++) {
      const auto digit = base64_digits.find(text[i]);
      if (digit == base64_digits.npos) return std::nullopt;
      bits |= static_cast<std::uint32_t>(digit) << (18 - 6 * i);
    }
    for (std::size_t i = 0; i < 3 - padding; i++) bytes += static_cast<char>(bits >> (16 - 8 * i) & 255);
  }
  return bytes;
}

}  // namespace mq::core
