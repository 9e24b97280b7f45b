// SPDX-License-Identifier: Apache-2.0
// The first SIGINT, SIGTERM or SIGHUP asks a streaming command to end; the second ends the process at once.
// SIGPIPE is ignored while one of these exists. One per process; lives on the loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "cli/frame/errors.h"

namespace mq::cli {

class Stop {
 public:
  // `stopped` runs on the loop, once.
  Stop(boost::asio::io_context& loop, std::function<void()> stopped);
  ~Stop();
  Stop(const Stop&) = delete;

  static bool signalled();           // also in the middle of a blocking call that the signal broke
  static Exit exit(Exit otherwise);  // interrupted or terminated when a signal came

 private:
  struct Watch;
  std::shared_ptr<Watch> watch_;
};

}  // namespace mq::cli
