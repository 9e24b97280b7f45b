// SPDX-License-Identifier: Apache-2.0
// How much a change has to be confirmed before it is made. Pure; any thread.
#pragma once

#include <cstdint>

namespace mq::admin {

enum class Risk {
  plain,    // not at all
  guarded,  // with yes
  severe,   // with the name of what is meant, or the number of them
};

// Removed topics are severe when chosen by a pattern or large.
Risk risk_of_deletion(bool by_pattern, std::int64_t bytes);

}  // namespace mq::admin
