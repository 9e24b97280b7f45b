// SPDX-License-Identifier: Apache-2.0
// What clients ask for by a level instead of a version. Constants, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mq::core {

// Every broker supports levels up to this one, and it is the one in use.
struct Feature {
  std::string_view name;
  std::int16_t level = 0;
};
std::span<const Feature> features();

}  // namespace mq::core
