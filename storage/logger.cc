// SPDX-License-Identifier: Apache-2.0
#include "storage/logger.h"

namespace mq::storage {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> storage = [] {
    auto registered = spdlog::get("storage");
    return registered ? registered : spdlog::default_logger()->clone("storage");
  }();
  return *storage;
}

}  // namespace mq::storage
