// SPDX-License-Identifier: Apache-2.0
// The frame that snappy-java puts around blocks: a head, then each block behind its big-endian length. Pure
// functions.
#pragma once

#include <array>
#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <cstring>
#include <optional>

#include "net/types.h"

namespace mq::kafka {

inline constexpr std::array<unsigned char, 8> snappy_magic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
inline constexpr std::size_t snappy_head_bytes = 16;  // magic, and two versions that some write backwards
inline constexpr std::size_t snappy_length_bytes = sizeof(std::uint32_t);

inline bool is_snappy_framed(net::Bytes in) {
  return in.size() >= snappy_head_bytes &&
         std::memcmp(in.data(), snappy_magic.data(), snappy_magic.size()) == 0;
}

// The first one, when `in` begins with its length; nothing: it does not fit.
inline std::optional<net::Bytes> snappy_block(net::Bytes in) {
  if (in.size() < snappy_length_bytes) return std::nullopt;
  const std::size_t size = boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(in.data()));
  in = in.subspan(snappy_length_bytes);
  return size <= in.size() ? std::optional(in.first(size)) : std::nullopt;
}

}  // namespace mq::kafka
