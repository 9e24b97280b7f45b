// SPDX-License-Identifier: Apache-2.0
// The logger of this layer, named "storage". Whoever knows the story says it once. Any thread.
#pragma once

#include <spdlog/spdlog.h>

namespace mq::storage {

spdlog::logger& logger();

}  // namespace mq::storage
