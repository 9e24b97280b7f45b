// SPDX-License-Identifier: Apache-2.0
// LevelDB's view of a FileSystem, without the gaps that LevelDB's own leaves at a power cut:
//   - a file's first Sync also makes its name durable, and so does every rename;
//   - a log (*.log) is synced before it is closed, and when that fails nothing more is accepted in its
//   directory;
//   - a file takes nothing after a failed write or sync, and a sync is never tried twice;
//   - tables are read by pread, so that a broken disk is a status and not a signal.
// Removals are not synced: LevelDB ignores and removes again what comes back.
// Any thread, as leveldb::Env asks. Background work runs on leveldb::Env::Default()'s one thread.
#pragma once

#include <leveldb/env.h>

#include "storage/file.h"

namespace mq::storage {

std::unique_ptr<leveldb::Env> make_env(FileSystem& files);  // `files` must live longer

leveldb::Status leveldb_status(const Path& path, const error_code& error);  // ok for no error

}  // namespace mq::storage
