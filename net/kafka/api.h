// SPDX-License-Identifier: Apache-2.0
// The requests we can read, by key. Read from the messages' own tables; constants, any thread.
#pragma once

#include <span>
#include <string_view>

#include "net/kafka/describe.h"

namespace mq::kafka {

struct Api {
  std::int16_t key;
  std::string_view name;  // "Produce"
  Versions valid;         // what we can decode
  Versions flexible;      // whose headers carry tags
};

std::span<const Api> apis();            // in the order of their keys
const Api* find_api(std::int16_t key);  // null: unknown

}  // namespace mq::kafka
