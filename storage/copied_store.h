// SPDX-License-Identifier: Apache-2.0
// A store for those who only look: opening one repairs and rewrites its files, so a copy is opened.
#pragma once

#include "storage/store.h"

namespace mq::storage {

// The copy lies in the directory for temporary files, and goes with the store. `not_found`: there is no
// `dir`.
Result<std::unique_ptr<Store>> open_copy(FileSystem& files, const Path& dir);

}  // namespace mq::storage
