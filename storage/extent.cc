// SPDX-License-Identifier: Apache-2.0
#include "storage/extent.h"

#include <fcntl.h>

#include <atomic>
#include <limits>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/record.h"

namespace mq::storage {
namespace {

constexpr std::size_t probe_bytes = 128u << 10;  // how often what is to be cached is probed
constexpr std::size_t group_bytes_max = 256u << 10, gap_bytes_max = 4096;  // of neighbours probed together

struct Span {
  const SegmentFile& file;
  std::uint64_t start = 0, end = 0;
};

error_code read(const SegmentFile& file, std::span<std::byte> into, std::uint64_t at, Touch touch) {
  const auto got = touch == Touch::cached ? file.file->read_cached(into, at) : file.file->read(into, at);
  if (!got) return got.error();
  return *got == into.size() ? error_code{} : make_error_code(Errc::corrupt);
}

// What a disk returns in place of a batch is no batch: whoever goes on there is told, and not sent it.
error_code check_first(const Span& span, Touch touch) {
  std::byte head[head_bytes_max];
  if (const error_code error = read(span.file, head, span.start - sizeof(Header), touch)) return error;
  if (valid_header(head, span.file.number, span.file.seed)) return {};
  static std::atomic<std::uint64_t> said = 0;  // once, however often it is asked for
  if (const auto place = std::uint64_t{span.file.number} << 32 | span.start; said.exchange(place) != place)
    logger().error("segment {}: what lies at {} is no batch any more", span.file.number, span.start);
  return Errc::corrupt;
}

error_code probe(const Span& span, Touch touch) {
  if (const error_code error = check_first(span, touch)) return error;
  std::byte sample[1];
  for (std::uint64_t at = span.start + probe_bytes; at < span.end; at += probe_bytes)
    if (const error_code error = read(span.file, sample, at, touch)) return error;
  return read(span.file, sample, span.end - 1, touch);
}

// The first extents that lie so close that they are in the page cache together, or not.
std::pair<Span, std::size_t> neighbours(std::span<const Extent> extents, std::size_t bytes_max) {
  const Extent& first = extents.front();
  Span span{*first.file, first.position, std::uint64_t{first.position} + first.size};
  std::size_t n = 1;
  for (; n < extents.size() && extents[n].file == first.file; n++) {
    const Extent& next = extents[n];
    const std::uint64_t end = std::uint64_t{next.position} + next.size;
    if (next.position < span.end || next.position - span.end > gap_bytes_max) break;
    if (end - span.start > bytes_max) break;
    span.end = end;
  }
  return {span, n};
}

}  // namespace

// Not asked first whether it is cached: the kernel takes even a read that must not wait for a reason to read
// that one page.
void ask_for(std::span<const Extent> extents) {
  while (!extents.empty()) {
    const auto [span, count] = neighbours(extents, std::numeric_limits<std::size_t>::max());
    ::readahead(span.file.descriptor, static_cast<off64_t>(span.start), span.end - span.start);
    extents = extents.subspan(count);
  }
}

Result<std::vector<Piece>> pieces_of(std::span<const Extent> extents, Touch touch) {
  std::vector<Piece> pieces;
  pieces.reserve(extents.size());
  while (!extents.empty()) {
    const auto [span, count] = neighbours(extents, group_bytes_max);
    if (const error_code error = probe(span, touch)) return error;
    const auto file = SegmentFile::shared_descriptor(extents.front().file);
    for (const Extent& extent : extents.first(count))
      pieces.push_back({nullptr, file, extent.position, extent.size});
    extents = extents.subspan(count);
  }
  return pieces;
}

}  // namespace mq::storage
