// SPDX-License-Identifier: Apache-2.0
// What was read, in one place: for those who look into it here rather than send it. Any thread.
#pragma once

#include "storage/types.h"

namespace mq::storage {

// Reads the ranges of files now, neighbours together; waits for the disk only where one was pushed out of the
// page cache since it was looked up. Errc::io: a file could not be read.
Result<std::vector<std::byte>> gather(const Read& read);

}  // namespace mq::storage
