// SPDX-License-Identifier: Apache-2.0
#include "storage/gather.h"

#include <sys/uio.h>

#include <array>
#include <cstring>

#include "storage/error.h"

namespace mq::storage {
namespace {

constexpr std::size_t parts_max = 256;  // of one read: batches, and what lies between them
constexpr std::size_t passed_over_max = 4096;

// Brings the first pieces, which lie close behind each other in one file, by one read; how many.
std::size_t read_neighbours(std::span<const Piece> pieces, std::byte* to) {
  std::array<std::byte, passed_over_max> between;
  std::array<iovec, parts_max> parts;
  const Piece& first = pieces.front();
  std::uint64_t end = first.position;
  std::size_t n = 0, count = 0;
  for (; count < pieces.size() && n + 2 <= parts.size(); count++) {
    const Piece& next = pieces[count];
    if (next.file != first.file || next.position < end || next.position - end > passed_over_max) break;
    if (next.position > end) parts[n++] = {between.data(), next.position - end};
    parts[n++] = {to, next.size};
    to += next.size;
    end = next.position + next.size;
  }
  const ssize_t got =
      ::preadv(*first.file, parts.data(), static_cast<int>(n), static_cast<off_t>(first.position));
  return got == static_cast<ssize_t>(end - first.position) ? count : 0;
}

}  // namespace

Result<std::vector<std::byte>> gather(const Read& read) {
  std::vector<std::byte> bytes(read.size);
  std::byte* to = bytes.data();
  for (std::span<const Piece> rest = read.pieces; !rest.empty();) {
    std::size_t count = 1;
    if (const Piece& piece = rest.front(); !piece.file)
      std::memcpy(to, piece.memory.get(), piece.size);
    else
      count = read_neighbours(rest, to);
    if (count == 0) return error_code(make_error_code(Errc::io));
    for (const Piece& piece : rest.first(count)) to += piece.size;
    rest = rest.subspan(count);
  }
  return bytes;
}

}  // namespace mq::storage
