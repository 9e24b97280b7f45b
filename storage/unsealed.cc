// SPDX-License-Identifier: Apache-2.0
#include "storage/unsealed.h"

#include <algorithm>
#include <array>

#include "storage/error.h"
#include "storage/logger.h"

namespace mq::storage {

error_code UnsealedSegments::scan(const StopRow& stopped) {
  if (const error_code error = open()) return error;
  std::map<std::uint32_t, Begin> begins;
  for (const Segment& segment : segments_) {
    if (!segment.file) continue;
    const auto begin = read_begin(*segment.file->file, segment.number);
    if (!begin) return begin.error();
    if (*begin) begins[segment.number] = **begin;
  }
  const auto known = known_of(parts_.catalogue.manifest(), begins, stopped);
  for (Segment& segment : segments_) {
    const Known& what = known.at(segment.number);
    segment.untouched = !what.end && what.durable == 0 && what.size == 0;
    if (!segment.file) continue;
    if (segment.file->size < segment.bytes) segment.missing = segment.bytes - segment.file->size;
    auto scanned = storage::scan(*segment.file, what);
    if (!scanned) return scanned.error();
    segment.scan = std::move(*scanned);
    segment.file->size = segment.bytes;
  }
  return {};
}

error_code UnsealedSegments::open() {
  for (const auto& [number, row] : parts_.catalogue.manifest()) {
    if (row.state != SegmentRow::open) continue;
    Segment segment;
    segment.number = number;
    segment.bytes = row.disk_bytes;
    auto file = parts_.segments.open(number, row.seed, FileSystem::Mode::write);
    if (file) {
      segment.file = std::move(*file);
    } else if (file.error() != boost::system::errc::no_such_file_or_directory) {
      logger().error("{}: {}", parts_.segments.path(number).string(), file.error().message());
      return file.error();
    }
    segments_.push_back(std::move(segment));
  }
  return {};
}

std::uint64_t UnsealedSegments::changes() const {
  std::uint64_t changes = 0;
  for (const Segment& segment : segments_) changes = std::max(changes, segment.scan.changes);
  return changes;
}

bool UnsealedSegments::written() const {
  return std::ranges::any_of(segments_, [](const Segment& segment) { return segment.written(); });
}

// A file goes when its table is in meta: meta does not know any more.
bool UnsealedSegments::sealed_unknown_to_meta() const {
  return std::ranges::any_of(segments_, [this](const Segment& segment) {
    const Path path = parts_.segments.table_path(segment.number);
    return !segment.file && parts_.segments.files.exists(path) &&
           parts_.sealed.open(segment.number, {.has_file = 0});
  });
}

// ---------------------------------------------------------------------------------------------- replay

// The newest segment with something in it is written on; an empty one behind it is the next.
Result<Writer::Position> UnsealedSegments::replay(Replay& replay) {
  recovery_.segments = segments_.size();
  std::size_t end = segments_.size();  // behind the newest one that was written
  while (end > 0 && !segments_[end - 1].written()) end--;
  const Segment* next = nullptr;
  for (std::size_t i = 0; i < segments_.size(); i++) {
    const Segment& segment = segments_[i];
    if (segment.missing > 0)
      logger().error("{} is {} bytes shorter than it was made", parts_.segments.path(segment.number).string(),
                     segment.missing);
    error_code error;
    if (segment.written())
      error = this->replay(segment, i + 1 == end, replay);
    else if (i < end || next || !segment.file)
      error = drop(segment);
    else
      next = &segment;
    if (error) return error;
  }
  if (const error_code error = replay.finish()) return error;
  for (const Group::Closed& closed : closed_) parts_.sealer.add(parts_.logs.close(closed));
  if (position_.segment)
    if (const error_code error = repair(segments_[end - 1])) return error;
  if (!next) return position_;
  parts_.segments.keep(next->file);
  if (const error_code error = repair(*next)) return error;
  return position_;
}

error_code UnsealedSegments::replay(const Segment& written, bool last, Replay& replay) {
  if (!written.file) {
    replay.missing(written.number, written.bytes);
    return {};
  }
  if (const error_code error = replay.segment(written.file, written.scan)) return error;
  position_.previous = written.number;
  position_.previous_end = written.scan.end;
  if (last && !written.full()) {
    position_.segment = written.file;
    position_.end = written.scan.end;
    position_.records = written.scan.records.size();
  } else {
    if (const error_code error = written.file->file->sync()) return error;  // it may have been the last
    parts_.segments.filled();
    closed_.push_back({written.file, written.scan.end});
  }
  return {};
}

error_code UnsealedSegments::drop(const Segment& empty) {
  if (!empty.file)
    logger().warn("{} is missing; nothing had been written to it",
                  parts_.segments.path(empty.number).string());
  if (const error_code error = parts_.catalogue.erase({empty.number})) return error;
  parts_.cleaner.remove_files(empty.number, true, true);
  return {};
}

// What was never acknowledged goes, and what readers will see is on the disk before they do. The file never
// is shorter than its row says, whenever the power goes: that would be damage.
error_code UnsealedSegments::repair(const Segment& kept) {
  File& file = *kept.file->file;
  if (const error_code error = make_whole(kept)) return error;
  if (kept.scan.clean || (!kept.written() && kept.scan.torn_bytes == 0)) return {};
  recovery_.torn_bytes += kept.scan.torn_bytes;
  static const std::array<std::byte, 64u << 10> zeros{};
  const std::uint64_t torn_end = kept.scan.end + kept.scan.torn_bytes;
  for (std::uint64_t at = kept.scan.end; at < torn_end; at += zeros.size()) {
    const iovec piece{const_cast<std::byte*>(zeros.data()), std::min(zeros.size(), torn_end - at)};
    if (const error_code error = file.write({&piece, 1}, at)) return error;
  }
  return file.sync();
}

// Where there is no space for it the next record finds out.
error_code UnsealedSegments::make_whole(const Segment& kept) {
  File& file = *kept.file->file;
  const auto size = file.size();
  if (!size || *size >= kept.bytes) return size ? error_code{} : size.error();
  error_code error = file.allocate(kept.bytes);
  if (error == boost::system::errc::no_space_on_device) error = file.resize(kept.bytes);
  return error ? error : file.sync();
}

}  // namespace mq::storage
