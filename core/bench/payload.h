// SPDX-License-Identifier: Apache-2.0
// The records of a load: sizes, keys and bytes from a seed, the same each time. Values are letters and
// digits by chance, which no codec packs well. One owner, any thread.
#pragma once

#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "net/types.h"

namespace mq::bench {

struct Sizes {
  std::size_t min = 1024, max = 1024;  // of values, in bytes
};

class Payload {
 public:
  Payload(std::uint64_t seed, Sizes sizes, std::uint64_t keys);

  // Both are views until the next call of the same function.
  std::optional<net::Bytes> key();  // nothing when there are no keys
  std::span<std::byte> value();

 private:
  std::mt19937_64 random_;
  Sizes sizes_;
  std::uint64_t keys_;
  std::string key_;
  std::vector<std::byte> pool_, value_;
};

}  // namespace mq::bench
