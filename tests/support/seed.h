// SPDX-License-Identifier: Apache-2.0
// Where a random test begins: another one each time, or the one in MQ_SEED, as it was printed by a failure.
#pragma once

#include <cstdlib>
#include <random>

namespace mq::test {

inline std::uint64_t some_seed() {
  const char* given = std::getenv("MQ_SEED");
  return given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

}  // namespace mq::test
