// SPDX-License-Identifier: Apache-2.0
// What storage logs while this lives. Made before threads that log, gone after them.
#pragma once

#include <spdlog/sinks/ringbuffer_sink.h>

#include <algorithm>

#include "storage/logger.h"

namespace mq::test {

class Said {
 public:
  Said() { storage::logger().sinks().push_back(lines_); }
  ~Said() { std::erase(storage::logger().sinks(), spdlog::sink_ptr(lines_)); }
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;

  std::size_t count(const std::string& part) const {
    const auto lines = lines_->last_formatted();
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
  bool has(const std::string& part) const { return count(part) > 0; }
  bool damage() const { return has("[error]") || has("[warning]"); }

 private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> lines_ =
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(2000);
};

}  // namespace mq::test
