// SPDX-License-Identifier: Apache-2.0
// What `meta` says of partitions: their logs begin with it, and the replay goes by it. Returns the partitions
// that were removed and have runs left for the cleaner to forget. Blocks. On the opening thread.
#pragma once

#include "storage/journal_parts.h"
#include "storage/replay.h"

namespace mq::storage {

Result<std::vector<PartitionNumber>> load_rows(JournalParts& parts, Replay& replay);

}  // namespace mq::storage
