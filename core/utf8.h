// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629). Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace mq::core {

// The length of the character at the front of a text that is not empty: 0 when there is none (overlong,
// surrogate, beyond U+10FFFF, cut off).
std::size_t utf8_length(std::string_view text);

}  // namespace mq::core
