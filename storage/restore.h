// SPDX-License-Identifier: Apache-2.0
// Makes the table of a sealed segment anew from its .log. Any thread, one at a time; waits for the disk.
#pragma once

#include "storage/seal.h"

namespace mq::storage {

// The new table has taken the place of the old one, durably, when it returns what the .log did not have
// either: such a range is an entry of its own, which answers `corrupt`. Of a segment that was written anew
// the .log has only the large batches: it is not restored (`corrupt`) when the old table can be read in part.
enum class OldTable { unreadable, partly_readable };
Result<std::vector<Catalogue::Run>> restore_table(leveldb::Env& env, const SegmentFiles& files,
                                                  const Catalogue& catalogue, std::uint32_t segment,
                                                  OldTable old);

// The same of a segment that nothing else knows any more, while `meta` is made anew. In part: the .log has
// lost some of what was in it, or was written anew and has only the large batches.
enum class Restored { whole, in_part };
Result<Restored> restore_table(leveldb::Env& env, FileSystem& files, const Path& dir, std::uint32_t segment);

// What the catalogue finds in a segment, a line for the first partitions.
void log_lost(std::uint32_t segment, const std::vector<Catalogue::Run>& lost);

}  // namespace mq::storage
