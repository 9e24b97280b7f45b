// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace mq::cli {
namespace {

TEST(IgnoredSignals, ASignalThatIsNoWishToStopHarmsNobody) {
  boost::asio::io_context loop;
  const IgnoredSignals ignored(loop);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT}) {
    std::raise(signal);
    EXPECT_EQ(loop.run_one(), 1u) << signal;  // it was heard
  }
}

}  // namespace
}  // namespace mq::cli
