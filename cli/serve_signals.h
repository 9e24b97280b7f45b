// SPDX-License-Identifier: Apache-2.0
// What signals mean to a broker that runs. Lives on its loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/broker/broker.h"
#include "core/config/config.h"

namespace mq::cli {

// Stops the broker in order at the first signal, the process at the second or when the stop takes too long.
class StopSignals {
 public:
  StopSignals(boost::asio::io_context& loop, core::Broker& broker, const core::Config& config,
              bool on_terminal);
  bool late() const { return late_; }

 private:
  void wait();
  void arrived(int signal);

  boost::asio::io_context& loop_;
  core::Broker& broker_;
  std::chrono::milliseconds timeout_;
  bool on_terminal_, stopping_ = false, late_ = false;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer patience_;
};

// Those that would end the process without a word, and are no wish to stop it: each is logged and harms
// nobody.
class IgnoredSignals {
 public:
  explicit IgnoredSignals(boost::asio::io_context& loop);

 private:
  void wait();
  boost::asio::signal_set signals_;
};

}  // namespace mq::cli
