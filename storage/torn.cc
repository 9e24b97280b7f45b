// SPDX-License-Identifier: Apache-2.0
#include "storage/torn.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "storage/crc32c.h"
#include "storage/error.h"

namespace mq::storage {
namespace {

// LevelDB's doc/log_format.md: blocks of 32 KiB; in them fragments of records, each behind a header of seven
// bytes (masked CRC of type and payload, length, type), none across a block's end; the last bytes of a block
// may be zeros.
constexpr std::size_t log_block_bytes = 32 << 10, header_bytes = 7;
enum Type : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

struct Fragment {
  std::uint8_t type;
  std::size_t size;  // with its header
};

std::uint32_t mask(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

// The fragment at `at`, if there is a sound one.
std::optional<Fragment> fragment_at(Bytes log, std::size_t at) {
  const std::size_t block_end = std::min(log.size(), (at / log_block_bytes + 1) * log_block_bytes);
  if (at + header_bytes > block_end) return {};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(log[at + i]); };
  const auto type = static_cast<std::uint8_t>(byte(6));
  const std::size_t size = header_bytes + (byte(4) | byte(5) << 8);
  if (type < full || type > last || at + size > block_end) return {};

  const std::uint32_t crc = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
  if (crc != mask(crc32c(log.subspan(at + 6, size - 6)))) return {};
  return Fragment{type, size};
}

std::size_t past_trailer(std::size_t at) {
  const std::size_t left = log_block_bytes - at % log_block_bytes;
  return left < header_bytes ? at + left : at;
}

struct LogScan {
  std::size_t whole = 0;    // end of the last whole record
  std::size_t stopped = 0;  // where sound fragments end
};

LogScan scan(Bytes log) {
  LogScan scan;
  bool inside = false;  // of a record in several fragments
  for (std::size_t at = 0;; at = past_trailer(scan.stopped)) {
    const auto fragment = fragment_at(log, at);
    if (!fragment) return scan;
    const bool begins = fragment->type == full || fragment->type == first;
    if (begins == inside) return scan;
    inside = fragment->type == first || fragment->type == middle;
    scan.stopped = at + fragment->size;
    if (!inside) scan.whole = scan.stopped;
  }
}

// Middle and last fragments do not count: they may be what arrived of the torn record.
bool record_begins_after(Bytes log, std::size_t at) {
  for (; at + header_bytes <= log.size(); ++at) {
    const auto fragment = fragment_at(log, at);
    if (!fragment) continue;
    if (fragment->type == full) return true;
    if (fragment->type == first && (at + fragment->size) % log_block_bytes == 0) return true;
  }
  return false;
}

}  // namespace

Result<std::uint64_t> cut_torn_tail(FileSystem& files, const Path& path) {
  const auto file = files.open(path, FileSystem::Mode::write);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  std::vector<std::byte> log(*size);
  const auto got = (*file)->read(log, 0);
  if (!got) return got.error();
  log.resize(*got);

  const LogScan found = scan(log);
  if (found.whole == log.size()) return 0;
  if (record_begins_after(log, found.stopped + 1)) return make_error_code(Errc::corrupt);
  if (const error_code failed = (*file)->resize(found.whole)) return failed;
  if (const error_code failed = (*file)->sync()) return failed;
  return log.size() - found.whole;
}

}  // namespace mq::storage
