// SPDX-License-Identifier: Apache-2.0
// Who this broker is: node.json in the data directory, written once, and a copy of it in meta, from which it
// is written anew when it is lost or damaged.
#pragma once

#include "core/handlers/context.h"
#include "storage/store.h"

namespace mq::core {

// Reads node.json, or makes it for a new directory: a fresh cluster id and directory id; the node id asked
// for, or 1. Throws WrongStart: exit 7 when the directory belongs to another node, 1 when it cannot be read
// or written. Blocks.
Identity identify(storage::FileSystem& files, const Clock& clock, const storage::Path& data,
                  storage::Store& meta, std::optional<std::int32_t> node_id);

// Writes it down, durably, with its copy. Throws WrongStart. Blocks.
void remember(storage::FileSystem& files, const storage::Path& data, storage::Store& meta,
              const Identity& identity);

// Throws WrongStart, 7, when a newer version wrote the directory: before anything in it is opened.
void check_format(storage::FileSystem& files, const storage::Path& data);

// What is wrong with node.json, for who only looks; empty: nothing. `meta` may be null.
std::string node_json_damage(storage::FileSystem& files, const storage::Path& data, storage::Store* meta);

}  // namespace mq::core
