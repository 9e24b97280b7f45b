// SPDX-License-Identifier: Apache-2.0
// What is valid in a segment that was not sealed, what is a torn tail (never acknowledged: dropped), and what
// is damage (acknowledged once, unreadable now: named, never skipped silently). Reads only. On the opening
// thread.
#pragma once

#include <functional>
#include <map>

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
  std::uint64_t end = 0;         // behind the last valid record, or hole
  std::uint64_t torn_bytes = 0;  // of something that lies behind it
  bool clean = false;            // the last record is the note of a clean stop
  std::uint64_t changes = 0;     // how many commits of meta the newest witness knows of
};

// How large its file was made, as its first record says; 0: it does not.
Result<std::uint64_t> size_as_made(const File& file, std::uint32_t number);

// What others say of a segment: how much of it there was, although it may not be there any more.
struct Known {
  std::optional<std::uint64_t> end;  // where it ended, says the one after it; nothing behind it counts
  std::uint64_t durable = 0;         // it was durable up to here
  std::uint64_t size = 0;            // of its file; a shorter one may have had records up to here
};
Result<Scan> scan(const SegmentFile& segment, const Known& known);
// Of each segment that is not sealed; `begins` are the first records of those that have one.
std::map<std::uint32_t, Known> known_of(const Catalogue::Manifest& manifest,
                                        const std::map<std::uint32_t, Begin>& begins, const StopRow& stopped);
// The first record of a segment, with any seed; nothing when it is not there.
Result<std::optional<Begin>> read_begin(const File& file, std::uint32_t number);

// How many changes of meta the segments know of that it does not list.
std::uint64_t changes_unlisted(FileSystem& files, const Path& dir, const Catalogue::Manifest& manifest);

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
