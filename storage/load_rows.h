// SPDX-License-Identifier: Apache-2.0
// What `meta` says of partitions: their logs begin with it, and the replay goes by it. Blocks. On the opening
// thread.
#pragma once

#include "storage/journal_parts.h"
#include "storage/replay.h"

namespace mq::storage {

error_code load_rows(JournalParts& parts, Replay& replay);

}  // namespace mq::storage
