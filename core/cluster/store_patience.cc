// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/store_patience.h"

#include <spdlog/spdlog.h>

#include "core/error.h"
#include "core/loop/waiter.h"

namespace mq::core {

namespace {

constexpr auto pause_between_tries = std::chrono::milliseconds(500);

}  // namespace

Task<void> StorePatience::pause(const std::string& why) {
  if (clock.now() >= deadline) throw WrongStart(5, "the cluster is not there: " + why);
  const auto waiter = std::make_shared<Waiter>(loop, clock, clock.now() + pause_between_tries);
  co_await Waiter::wait(waiter);
}

Task<void> StorePatience::reach() {
  for (bool told = false;;) {
    const StoreCheck check = co_await store.check();
    for (const std::string& warning : check.warnings)
      if (check.answered) spdlog::warn("{}", warning);
    if (check.refusal.empty()) co_return;
    if (check.answered) throw WrongStart(5, check.refusal);
    if (!std::exchange(told, true)) spdlog::warn("{} It is tried again.", check.refusal);
    co_await pause(check.refusal);
  }
}

}  // namespace mq::core
