// SPDX-License-Identifier: Apache-2.0
// Arithmetic on what a client or a disk may have made anything of: it wraps around and never overflows. Pure.
#pragma once

#include <cstdint>

namespace mq::core {

inline std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
inline std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace mq::core
