// SPDX-License-Identifier: Apache-2.0
// A record on its way into the journal, and what the writer makes of those that it took together.
#pragma once

#include "storage/log.h"
#include "storage/record.h"
#include "storage/segment_files.h"

namespace mq::storage {

class PartitionLog;

struct Append {
  Kind kind = Kind::batch;
  PartitionNumber partition = 0;
  Offset base = 0;
  // Of its log, as the sender knows them; once it is refused, as the writer does.
  std::uint32_t refusals = 0;
  bool closes = false;  // the segment takes nothing after it
  Batch batch;          // the payload; offsets and time only of a batch
  std::shared_ptr<PartitionLog> log;
  Log::Appended done;

  error_code error;            // filled in by the writer, as is
  std::uint32_t position = 0;  // of the payload in its segment
};

// What became durable together, or failed. On failure some of the appends may be good: each says it.
struct Group {
  struct Part {  // appends from `first` on are in this segment
    std::size_t first = 0;
    std::shared_ptr<SegmentFile> segment;
  };
  struct Closed {
    std::shared_ptr<SegmentFile> segment;
    std::uint64_t end = 0;  // what is behind it does not count
  };
  std::vector<Append> appends;
  std::vector<Part> parts;
  std::vector<Closed> closed;  // segments that take nothing any more
};

}  // namespace mq::storage
