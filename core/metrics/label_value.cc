// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/label_value.h"

namespace mq::core {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

// How many bytes the UTF-8 character in front has, 0 when there is none: no overlong form, no surrogate,
// nothing above U+10FFFF.
std::size_t character_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (at(i) & 0xc0) == 0x80; };
  if (at(0) < 0x80) return 1;
  if (at(0) < 0xc2 || at(0) > 0xf4 || !continues(1)) return 0;
  if (at(0) < 0xe0) return 2;
  if (!continues(2)) return 0;
  const unsigned second = at(0) << 8 | at(1);
  if (at(0) < 0xf0) return second < 0xe0a0 || (second >= 0xeda0 && second <= 0xedbf) ? 0 : 3;
  return second < 0xf090 || second > 0xf48f || !continues(3) ? 0 : 4;
}

}  // namespace

std::string label_value(std::string_view bytes) {
  std::string value;
  while (!bytes.empty()) {
    const std::size_t length = character_bytes(bytes);
    const std::string_view character = length == 0 ? replacement : bytes.substr(0, length);
    if (value.size() + character.size() > label_bytes_max) break;
    value += character;
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return value;
}

}  // namespace mq::core
