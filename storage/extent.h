// SPDX-License-Identifier: Apache-2.0
// Batches in segment files on their way to a reader: ranges of the files, seen to be in the page cache (by
// samples, so that whoever sends them seldom waits). Any thread; on the loop nothing waits for the disk.
#pragma once

#include "storage/active.h"

namespace mq::storage {

struct Extent {
  std::shared_ptr<const SegmentFile> file;
  std::uint32_t position = 0, size = 0;
};

// The disk is given all of it to bring; nothing is waited for.
void ask_for(std::span<const Extent> extents);

enum class Touch { cached, disk };  // cached: `operation_would_block` rather than wait for the disk

// `corrupt`: where the first of them begins, or one further on, there is no batch any more.
Result<std::vector<Piece>> pieces_of(std::span<const Extent> extents, Touch touch);

}  // namespace mq::storage
