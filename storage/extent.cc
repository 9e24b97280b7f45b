// SPDX-License-Identifier: Apache-2.0
#include "storage/extent.h"

#include <fcntl.h>

#include <algorithm>

#include "storage/error.h"

namespace mq::storage {
namespace {

constexpr std::size_t range_bytes_min = 32u << 10;    // from here on sendfile is faster than reading
constexpr std::size_t gather_bytes_max = 256u << 10;  // of one read
constexpr std::size_t gap_bytes_max = 4096;           // between neighbours
constexpr std::size_t sample_bytes = 128u << 10;      // how often a range is probed

error_code read(const SegmentFile& segment, std::span<std::byte> into, std::uint64_t at, Touch touch) {
  const auto got =
      touch == Touch::cached ? segment.file->read_cached(into, at) : segment.file->read(into, at);
  if (!got) return got.error();
  return *got == into.size() ? error_code{} : make_error_code(Errc::corrupt);
}

error_code probe(const Extent& extent, Touch touch) {
  const std::uint64_t end = std::uint64_t{extent.position} + extent.size;
  std::byte sample;
  for (std::uint64_t at = extent.position; at < end; at += sample_bytes)
    if (const error_code error = read(*extent.file, {&sample, 1}, at, touch)) return error;
  return read(*extent.file, {&sample, 1}, end - 1, touch);
}

// So that a sendfile on the loop does not wait.
error_code bring_in(const Extent& extent, Touch touch) {
  const error_code error = probe(extent, Touch::cached);
  if (touch == Touch::cached || error != boost::system::errc::operation_would_block) return error;
  ::readahead(extent.file->descriptor, static_cast<off64_t>(extent.position), extent.size);
  return probe(extent, Touch::disk);
}

// How many of the first extents one read should bring.
std::size_t neighbours(std::span<const Extent> extents) {
  const std::uint64_t start = extents.front().position;
  std::uint64_t end = start + extents.front().size;
  std::size_t n = 1;
  for (; n < extents.size(); n++) {
    const Extent& next = extents[n];
    const std::uint64_t next_end = std::uint64_t{next.position} + next.size;
    if (next.file != extents.front().file || next.size >= range_bytes_min) break;
    if (next.position < end || next.position - end > gap_bytes_max || next_end - start > gather_bytes_max)
      break;
    end = next_end;
  }
  return n;
}

}  // namespace

Result<std::vector<Piece>> pieces_of(std::span<const Extent> extents, Touch touch) {
  std::vector<Piece> pieces;
  while (!extents.empty()) {
    const Extent& first = extents.front();
    if (first.size >= range_bytes_min) {
      if (const error_code error = bring_in(first, touch)) return error;
      pieces.push_back({nullptr, SegmentFile::shared_descriptor(first.file), first.position, first.size});
      extents = extents.subspan(1);
      continue;
    }
    const auto group = extents.first(neighbours(extents));
    const std::size_t size = group.back().position + group.back().size - first.position;
    const std::shared_ptr<std::byte[]> buffer(new std::byte[size]);
    if (const error_code error = read(*first.file, {buffer.get(), size}, first.position, touch)) return error;
    for (const Extent& extent : group) {
      const std::byte* at = buffer.get() + (extent.position - first.position);
      pieces.push_back({std::shared_ptr<const std::byte>(buffer, at), nullptr, 0, extent.size});
    }
    extents = extents.subspan(group.size());
  }
  return pieces;
}

}  // namespace mq::storage
