// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/uuid.h"

namespace mq::kafka {

namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t text_size = 22;  // 128 bits in groups of six, the last with four bits of nothing

}  // namespace

std::string text_of(const Uuid& id) {
  std::string text;
  unsigned bits = 0, have = 0;
  for (const std::byte b : id) {
    bits = bits << 8 | static_cast<unsigned>(b);
    for (have += 8; have >= 6; have -= 6) text += letters[bits >> (have - 6) & 63];
  }
  text += letters[bits << (6 - have) & 63];
  return text;
}

std::optional<Uuid> uuid_of(std::string_view text) {
  if (text.size() != text_size) return std::nullopt;
  Uuid id{};
  unsigned bits = 0, have = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const auto value = letters.find(c);
    if (value == letters.npos) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    id[at++] = static_cast<std::byte>(bits >> have & 255);
  }
  if (bits & 15) return std::nullopt;  // two texts for one id would be two names for one topic
  return id;
}

}  // namespace mq::kafka
