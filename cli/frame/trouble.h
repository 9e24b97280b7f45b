// SPDX-License-Identifier: Apache-2.0
// What is said about trouble that may pass: with -v at once, otherwise after 5 s without progress, and then
// every 10 s at most. Used by one thread.
#pragma once

#include <poll.h>

#include "cli/frame/command.h"
#include "core/client/failure.h"

namespace mq::cli {

// Whether stderr takes a line now. In a terminal that is stopped with Ctrl-S nobody reads, and nobody may be
// waited for while others wait for us: what is said in passing is left out then.
inline bool is_heard(const Context& context) {
  pollfd state{context.err, POLLOUT, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & POLLOUT);
}

class Trouble {
 public:
  explicit Trouble(const Context& context) : context_(context) {}

  void happened(const client::Failure& failure, client::Time last_progress) {
    const client::Time now = std::chrono::steady_clock::now();
    const bool stuck =
        now - last_progress >= std::chrono::seconds(5) && now - said_ >= std::chrono::seconds(10);
    if ((!stuck && context_.verbose == 0) || !is_heard(context_)) return;
    if (stuck) said_ = now;
    context_.notice(failure.text() + "; trying again");
    if (!stuck) return;
    for (const client::Attempt& attempt : failure.attempts)
      context_.say("  " + attempt.address + ": " + attempt.reason + "\n");
  }

 private:
  const Context& context_;
  client::Time said_{};
};

}  // namespace mq::cli
