// SPDX-License-Identifier: Apache-2.0
// The end of one of LevelDB's logs (WAL or MANIFEST) after a power cut. LevelDB refuses to open when the last
// record is half there; but each of our records is synced before the next begins, so what is torn was never
// acknowledged. Blocking; nobody else has the file open.
#pragma once

#include "storage/file.h"

namespace mq::storage {

// Cuts the log after its last whole record, durably, and says how many bytes went: 0 when nothing was torn.
// `corrupt`, with nothing changed, when a record begins after the damage: then it is no torn tail but lost
// data.
Result<std::uint64_t> cut_torn_tail(FileSystem& files, const Path& log);

}  // namespace mq::storage
