// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/label_value.h"

#include "core/utf8.h"

namespace mq::core {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

}  // namespace

std::string label_value(std::string_view bytes) {
  std::string value;
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    const std::string_view character = length == 0 ? replacement : bytes.substr(0, length);
    if (value.size() + character.size() > label_bytes_max) break;
    value += character;
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return value;
}

}  // namespace mq::core
