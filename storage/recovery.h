// SPDX-License-Identifier: Apache-2.0
// What is valid in a segment that was not sealed, what is a torn tail (never acknowledged: dropped), and what
// is damage (acknowledged once, unreadable now: named, never skipped silently). Reads only. On the opening
// thread.
#pragma once

#include <functional>

#include "storage/record.h"
#include "storage/segment_files.h"

namespace mq::storage {

struct FoundRecord {
  Kind kind = Kind::batch;
  std::uint32_t position = 0;  // of the header
  std::uint32_t length = 0;    // of the payload
};

struct Scan {
  struct Hole {  // bytes that were durable and are no records any more
    std::uint64_t from = 0, to = 0;
    std::size_t before = 0;  // index of the first record behind it
  };
  std::optional<Begin> begin;  // nothing: the segment was never written, or its first record is lost
  std::vector<FoundRecord> records;
  std::vector<Hole> holes;
  std::uint64_t end = 0;         // behind the last valid record
  std::uint64_t torn_bytes = 0;  // of something that lies behind it
  bool clean = false;            // the last record is the note of a clean stop
  std::uint64_t changes = 0;     // how many commits of meta the newest witness knows of
};

// `known_end`: where the segment ended, when the one after it says so; nothing behind it counts.
Result<Scan> scan(const SegmentFile& segment, std::optional<std::uint64_t> known_end);
// The first record of a segment, with any seed; nothing when it is not there.
Result<std::optional<Begin>> read_begin(const File& file, std::uint32_t number);

// Reads along a file that is read mostly forwards.
class Window {
 public:
  explicit Window(const File& file, std::uint64_t end) : file_(const_cast<File&>(file)), end_(end) {}
  // Up to `size` bytes at `position`, fewer only at the end; valid until the next call.
  Result<Bytes> at(std::uint64_t position, std::size_t size);

 private:
  File& file_;
  const std::uint64_t end_;
  std::vector<std::byte> buffer_;
  std::uint64_t start_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace mq::storage
