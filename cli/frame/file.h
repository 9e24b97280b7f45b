// SPDX-License-Identifier: Apache-2.0
// Files that are given to a command as a whole.
#pragma once

#include <string>

namespace mq::cli {

std::string read_all(const std::string& file, int standard_input);  // "-": that; throws UsageError

}  // namespace mq::cli
