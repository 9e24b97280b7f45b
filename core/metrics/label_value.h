// SPDX-License-Identifier: Apache-2.0
// Any bytes as the value of a label. A group id may be no UTF-8, for which Prometheus refuses a whole scrape,
// and 32 KiB long. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mq::core {

inline constexpr std::size_t label_bytes_max = 256;

// Valid UTF-8: each byte that is part of no character becomes U+FFFD, and after the last character that ends
// within label_bytes_max it is cut. Different bytes may become the same value. Not escaped.
std::string label_value(std::string_view bytes);

}  // namespace mq::core
