// SPDX-License-Identifier: Apache-2.0
#include "storage/crc32c.h"

#include <array>
#include <cstring>
#if defined(__SSE4_2__)
#include <nmmintrin.h>
#endif

namespace mq::storage {
namespace {

#if !defined(__SSE4_2__)
constexpr std::uint32_t polynomial = 0x82f63b78;  // Castagnoli, reflected

constexpr std::array<std::uint32_t, 256> table = [] {
  std::array<std::uint32_t, 256> rows{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t row = byte;
    for (int bit = 0; bit < 8; ++bit) row = (row >> 1) ^ (row & 1 ? polynomial : 0);
    rows[byte] = row;
  }
  return rows;
}();
#endif

}  // namespace

std::uint32_t crc32c(Bytes data, std::uint32_t before) {
  const std::byte* at = data.data();
  std::size_t left = data.size();
  std::uint32_t crc = ~before;
#if defined(__SSE4_2__)
  std::uint64_t wide = crc;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; left > 0; ++at, --left) crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(*at));
#else
  for (; left > 0; ++at, --left) crc = (crc >> 8) ^ table[(crc ^ static_cast<std::uint8_t>(*at)) & 0xff];
#endif
  return ~crc;
}

}  // namespace mq::storage
