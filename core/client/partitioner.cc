// SPDX-License-Identifier: Apache-2.0
#include "core/client/partitioner.h"

#include <cstring>

namespace mq::client {

// MurmurHash2, 32 bits, with the seed that Kafka chose; the bytes are read as little-endian words.
std::uint32_t murmur2(net::Bytes key) {
  constexpr std::uint32_t seed = 0x9747b28c, m = 0x5bd1e995;
  std::uint32_t h = seed ^ static_cast<std::uint32_t>(key.size());
  for (; key.size() >= 4; key = key.subspan(4)) {
    std::uint32_t k;
    std::memcpy(&k, key.data(), 4);
    k *= m;
    k ^= k >> 24;
    k *= m;
    h *= m;
    h ^= k;
  }
  if (!key.empty()) {
    for (std::size_t i = 0; i < key.size(); i++) h ^= std::to_integer<std::uint32_t>(key[i]) << (8 * i);
    h *= m;
  }
  h ^= h >> 13;
  h *= m;
  h ^= h >> 15;
  return h;
}

}  // namespace mq::client
