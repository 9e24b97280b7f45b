// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/crc32c.h"

#include <array>
#include <boost/endian/conversion.hpp>

#if defined(__SSE4_2__) && defined(__PCLMUL__)
#define MQ_CRC32C_INSTRUCTION 1
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

namespace mq::kafka {

namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // bit-reflected

constexpr std::uint32_t shifted(std::uint32_t crc) {
  return (crc >> 1) ^ (crc & 1 ? polynomial : 0);
}

constexpr auto crc_table = [] {
  std::array<std::uint32_t, 256> rows{};
  for (std::uint32_t i = 0; i < rows.size(); i++) {
    rows[i] = i;
    for (int bit = 0; bit < 8; bit++) rows[i] = shifted(rows[i]);
  }
  return rows;
}();

#ifdef MQ_CRC32C_INSTRUCTION

// x^n mod P: what a CRC has to be multiplied with (carry-less) to be moved over bytes.
constexpr std::uint32_t power_of_x(std::size_t n) {
  std::uint32_t r = 0x80000000;
  while (n--) r = shifted(r);
  return r;
}

std::uint32_t moved(std::uint64_t crc, std::uint32_t power) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(crc)),
                                               _mm_cvtsi32_si128(static_cast<int>(power)), 0);
  return static_cast<std::uint32_t>(_mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product))));
}

std::uint64_t word(const std::byte* at) {
  return boost::endian::load_little_u64(reinterpret_cast<const unsigned char*>(at));
}

// Three streams at once hide the instruction's latency of three cycles.
template <std::size_t lane>
std::uint64_t three_lanes(std::uint64_t a, net::Bytes& data) {
  static constexpr std::uint32_t one = power_of_x(8 * lane - 33), two = power_of_x(16 * lane - 33);
  for (; data.size() >= 3 * lane; data = data.subspan(3 * lane)) {
    const std::byte* at = data.data();
    std::uint64_t b = 0, c = 0;
    for (std::size_t i = 0; i < lane; i += 8) {
      a = _mm_crc32_u64(a, word(at + i));
      b = _mm_crc32_u64(b, word(at + lane + i));
      c = _mm_crc32_u64(c, word(at + 2 * lane + i));
    }
    a = moved(a, two) ^ moved(b, one) ^ c;
  }
  return a;
}

#endif

}  // namespace

std::uint32_t crc32c_portable(net::Bytes data) {
  std::uint32_t crc = ~0u;
  for (const std::byte b : data) crc = crc >> 8 ^ crc_table[(crc ^ static_cast<std::uint32_t>(b)) & 255];
  return ~crc;
}

std::uint32_t crc32c(net::Bytes data) {
#ifdef MQ_CRC32C_INSTRUCTION
  std::uint64_t crc = ~0u;
  crc = three_lanes<1024>(crc, data);
  crc = three_lanes<128>(crc, data);
  for (; data.size() >= 8; data = data.subspan(8)) crc = _mm_crc32_u64(crc, word(data.data()));
  auto last = static_cast<std::uint32_t>(crc);
  for (const std::byte b : data) last = _mm_crc32_u8(last, static_cast<unsigned char>(b));
  return ~last;
#else
  return crc32c_portable(data);
#endif
}

}  // namespace mq::kafka
