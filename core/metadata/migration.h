// SPDX-License-Identifier: Apache-2.0
// Rows of meta as an earlier version wrote them.
#pragma once

#include "core/types.h"
#include "storage/store.h"

namespace mq::core {

// Carries them over to what the metadata store and the partition table keep, in one commit; nothing where
// that was done. `corrupt`: one cannot be read, and nothing was changed. Blocks.
error_code carry_over_rows(storage::Store& meta, BrokerId self);

}  // namespace mq::core
