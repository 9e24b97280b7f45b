// SPDX-License-Identifier: Apache-2.0
#include "core/bench/payload.h"

#include <algorithm>
#include <cstring>

namespace mq::bench {
namespace {

constexpr std::size_t pool_bytes_min = 1 << 20;
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

Payload::Payload(std::uint64_t seed, Sizes sizes, std::uint64_t keys)
    : random_(seed),
      sizes_(sizes),
      keys_(keys),
      pool_(std::max(pool_bytes_min, 2 * sizes.max)),
      value_(sizes.max) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < pool_.size(); i++, bits >>= 6) {
    if (i % 10 == 0) bits = random_();
    pool_[i] = static_cast<std::byte>(letters[bits & 63]);
  }
}

std::optional<net::Bytes> Payload::key() {
  if (keys_ == 0) return std::nullopt;
  key_ = "key-" + std::to_string(random_() % keys_);
  return std::as_bytes(std::span(key_));
}

std::span<std::byte> Payload::value() {
  const std::size_t size =
      sizes_.min == sizes_.max ? sizes_.max : sizes_.min + random_() % (sizes_.max - sizes_.min + 1);
  const std::size_t at = random_() % (pool_.size() - size + 1);
  if (size > 0) std::memcpy(value_.data(), pool_.data() + at, size);
  return std::span(value_).first(size);
}

}  // namespace mq::bench
