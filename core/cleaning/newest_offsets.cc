// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/newest_offsets.h"

#include <bit>
#include <boost/endian/conversion.hpp>
#include <random>

namespace mq::core {
namespace {

struct Sip {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
    v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
    v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
  }
  void add(std::uint64_t word) {
    v3 ^= word;
    round(), round();
    v0 ^= word;
  }
  std::uint64_t finish() {
    round(), round(), round(), round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

KeyHash new_secret() {
  std::random_device random;
  const auto word = [&] { return std::uint64_t{random()} << 32 | random(); };
  return {word(), word()};
}

}  // namespace

KeyHash sip_hash(net::Bytes key, const KeyHash& secret) {
  Sip sip{secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d ^ 0xee,
          secret[0] ^ 0x6c7967656e657261, secret[1] ^ 0x7465646279746573};
  const std::uint64_t size = key.size();
  for (; key.size() >= 8; key = key.subspan(8))
    sip.add(boost::endian::load_little_u64(reinterpret_cast<const unsigned char*>(key.data())));
  std::uint64_t last = size << 56;
  for (std::size_t i = 0; i < key.size(); i++) last |= static_cast<std::uint64_t>(key[i]) << 8 * i;
  sip.add(last);
  sip.v2 ^= 0xee;
  const std::uint64_t first = sip.finish();
  sip.v1 ^= 0xdd;
  return {first, sip.finish()};
}

NewestOffsets::NewestOffsets(std::size_t slots)
    : secret_(new_secret()), slots_(std::max<std::size_t>(slots, 4)) {}

std::size_t NewestOffsets::slot_of(const KeyHash& hash) const {
  const auto scaled = static_cast<unsigned __int128>(hash[0]) * slots_.size();
  auto at = static_cast<std::size_t>(scaled >> 64);
  while (slots_[at].offset >= 0 && slots_[at].hash != hash) at = at + 1 == slots_.size() ? 0 : at + 1;
  return at;
}

bool NewestOffsets::put(net::Bytes key, Offset offset) {
  const KeyHash hash = sip_hash(key, secret_);
  Slot& slot = slots_[slot_of(hash)];
  if (slot.offset < 0) {
    if (size_ >= slots_.size() / 4 * 3) return false;
    size_++;
    slot.hash = hash;
  }
  slot.offset = offset;
  return true;
}

Offset NewestOffsets::find(net::Bytes key) const {
  return slots_[slot_of(sip_hash(key, secret_))].offset;
}

}  // namespace mq::core
