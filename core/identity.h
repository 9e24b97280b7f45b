// SPDX-License-Identifier: Apache-2.0
// Who this broker is: node.json in the data directory, written once.
#pragma once

#include "core/context.h"
#include "storage/file.h"

namespace mq::core {

// Reads node.json, or makes it for a new directory: a fresh cluster id and directory id; the node id asked
// for, or 1. Throws WrongStart: exit 7 when the directory belongs to another node, 1 when it cannot be read
// or written.
Identity identify(storage::FileSystem& files, const storage::Path& data, std::optional<std::int32_t> node_id);

}  // namespace mq::core
