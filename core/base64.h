// SPDX-License-Identifier: Apache-2.0
// Bytes as base64: the standard alphabet, padded. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mq::core {

void append_base64(std::string& to, std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // nothing: it is none

}  // namespace mq::core
