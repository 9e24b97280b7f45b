// SPDX-License-Identifier: Apache-2.0
// The frame that snappy-java puts around blocks: a head, then each block behind its big-endian length. Pure
// functions.
#pragma once

#include <array>
#include <cstring>

#include "net/types.h"

namespace mq::kafka {

inline constexpr std::array<unsigned char, 8> snappy_magic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
inline constexpr std::size_t snappy_head_bytes = 16;  // magic, and two versions that some write backwards

inline bool is_snappy_framed(net::Bytes in) {
  return in.size() >= snappy_head_bytes &&
         std::memcmp(in.data(), snappy_magic.data(), snappy_magic.size()) == 0;
}

}  // namespace mq::kafka
