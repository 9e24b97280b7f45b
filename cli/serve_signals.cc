// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_signals.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>
#include <cstring>

#include "cli/systemd.h"

namespace mq::cli {

using boost::system::error_code;

StopSignals::StopSignals(boost::asio::io_context& loop, core::Broker& broker, const core::Config& config,
                         bool on_terminal)
    : loop_(loop),
      broker_(broker),
      timeout_(config.shutdown_timeout),
      on_terminal_(on_terminal),
      signals_(loop, SIGINT, SIGTERM, SIGHUP),
      patience_(loop) {
  wait();
}

void StopSignals::wait() {
  signals_.async_wait([this](error_code error, int signal) {
    if (error) return;
    arrived(signal);
    wait();
  });
}

void StopSignals::arrived(int signal) {
  if (signal == SIGHUP && !on_terminal_) return spdlog::warn("SIGHUP: settings change with a restart only");
  if (stopping_) ::_exit(1);
  stopping_ = true;
  tell_systemd("STOPPING=1");
  spdlog::info("stopping, signal {}", signal);
  patience_.expires_after(timeout_);
  patience_.async_wait([this](error_code error) {
    if (error) return;
    late_ = true;
    loop_.stop();
  });
  boost::asio::co_spawn(loop_, broker_.stop(), [this](std::exception_ptr) {
    patience_.cancel();
    loop_.stop();
  });
}

IgnoredSignals::IgnoredSignals(boost::asio::io_context& loop) : signals_(loop) {
  for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT})
    signals_.add(signal);
  wait();
}

void IgnoredSignals::wait() {
  signals_.async_wait([this](error_code error, int signal) {
    if (error) return;
    spdlog::warn("SIG{} means nothing to a broker; SIGTERM stops it", ::sigabbrev_np(signal));
    wait();
  });
}

}  // namespace mq::cli
