// SPDX-License-Identifier: Apache-2.0
// For who works with the metadata store before a broker runs, or without one: until a deadline it is tried
// again as long as nobody answers. Lives on a loop.
#pragma once

#include <string>

#include "core/loop/clock.h"
#include "core/metadata/store.h"

namespace mq::core {

struct StorePatience {
  asio::io_context& loop;
  const Clock& clock;
  MetadataStore& store;
  const Time deadline;

  // A while. Throws WrongStart, 5, with `why` at the deadline.
  Task<void> pause(const std::string& why);
  // Until the store answers. Throws WrongStart, 5, when it cannot be worked with.
  Task<void> reach();
};

}  // namespace mq::core
