// SPDX-License-Identifier: Apache-2.0
// Which partition a record goes to: that of its key, as Java's clients compute it; without a key the same one
// for a whole batch. Pure; any thread.
#pragma once

#include <cstdint>
#include <random>

#include "net/types.h"

namespace mq::client {

std::uint32_t murmur2(net::Bytes key);

inline std::int32_t partition_of(net::Bytes key, std::int32_t partitions) {
  return static_cast<std::int32_t>((murmur2(key) & 0x7fffffff) % static_cast<std::uint32_t>(partitions));
}

// For records without a key. A full batch turns it, so that all partitions get their share.
class Sticky {
 public:
  std::int32_t current(std::int32_t partitions) {
    if (current_ < 0 || current_ >= partitions) turn(partitions);
    return current_;
  }
  void turn(std::int32_t partitions) {
    const auto next = std::uniform_int_distribution<std::int32_t>(0, partitions - 1)(random_);
    current_ = partitions > 1 && next == current_ ? (next + 1) % partitions : next;
  }

 private:
  std::minstd_rand random_{std::random_device{}()};
  std::int32_t current_ = -1;
};

}  // namespace mq::client
