// SPDX-License-Identifier: Apache-2.0
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "tests/net/support/sockets.h"

namespace mq::net {

namespace {

std::ostringstream lines;
const auto logger = [] {
  auto made =
      std::make_shared<spdlog::logger>("net", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines));
  spdlog::register_logger(made);
  return made;
}();

}  // namespace

std::string logged() {
  return lines.str();
}

}  // namespace mq::net
