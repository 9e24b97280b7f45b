// SPDX-License-Identifier: Apache-2.0
// How storage's rows in `meta` and the entries of a table are named and sort, and what is in them. Pure.
//
//   s/<segment>             SegmentRow       the manifest: every segment, the preallocated one too
//   c/<partition><last>     CatalogueRow     which sealed segment has which offsets
//   p/<partition>           PartitionRow     as of the last seal that touched it
//   n/<partition>           segment covered, then core's snapshot
//   q/<partition><from>     one past the end of a range that was lost
//   x/<partition>           removed, but records of it may lie in segments up to this number
//   next                    the next partition number
//   base                    how many changes there had been when meta was made anew
//   stopped                 StopRow
//   core/…                  core's
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/types.h"

namespace mq::storage {

struct SegmentRow {
  enum State : std::uint32_t { open = 1, sealed = 2 };  // open: preallocated, active or full
  State state = open;
  std::uint32_t seed = 0;
  std::uint32_t has_file = 1;    // sealed: batches lie in the .log; otherwise the table has them all
  std::uint32_t rows = 0;        // living rows of the catalogue that name it
  std::uint64_t bytes = 0;       // of batches when it was sealed
  std::uint64_t living = 0;      // of batches that a row of the catalogue names
  std::uint64_t disk_bytes = 0;  // of its files
  std::uint32_t core_rows = 0;   // 1: has copies of core's rows
  std::uint32_t written_s = 0;   // sealed: when it was full, seconds since 1970; 0: unknown
};

struct CatalogueRow {
  Offset first = 0;
  std::int64_t time_max = -1;
  std::uint64_t bytes = 0;
  std::uint32_t segment = 0, batches = 0;
};

struct PartitionRow {
  Offset start = 0, end = 0;  // end: of what is sealed
  std::uint64_t bytes = 0;    // sealed
};

// Where the journal ended when it was last stopped in order. What is before stays durable; once the journal
// has been opened again there may be more behind it.
struct StopRow {
  std::uint32_t segment = 0, opened_since = 0;
  std::uint64_t end = 0;
};

namespace keys {

inline constexpr std::string_view segments = "s/", catalogue = "c/", partitions = "p/", snapshots = "n/",
                                  quarantine = "q/", removed = "x/", next = "next", base = "base",
                                  stopped = "stopped", core = "core/";

std::string segment(std::uint32_t number);
std::string catalogue_row(PartitionNumber partition, Offset last);
std::string catalogue_rows(PartitionNumber partition);  // prefix of all
std::string partition(PartitionNumber partition);
std::string snapshot(PartitionNumber partition);
std::string quarantined(PartitionNumber partition);  // prefix of all
std::string quarantined(PartitionNumber partition, Offset from);
std::string gone(PartitionNumber partition);

// Entries of a table: batches by (partition, last offset); under partition 0 copies of core's rows; behind
// all of them what the catalogue has to know.
std::string entry(PartitionNumber partition, Offset last);
inline constexpr PartitionNumber summary_partition = 0xffffffff;

std::uint32_t number(std::string_view big_endian);  // the first 4 bytes
Offset offset(std::string_view big_endian);         // the first 8 bytes
std::string big_endian(std::uint32_t number);
std::string big_endian(Offset offset);

}  // namespace keys

// A row as it lies in memory; nothing when the size is wrong.
template <class Row>
std::string packed(const Row& row) {
  static_assert(std::is_trivially_copyable_v<Row>);
  return {reinterpret_cast<const char*>(&row), sizeof row};
}
template <class Row>
std::optional<Row> unpacked(std::string_view value) {
  static_assert(std::is_trivially_copyable_v<Row>);
  if (value.size() != sizeof(Row)) return {};
  Row row;
  std::char_traits<char>::copy(reinterpret_cast<char*>(&row), value.data(), sizeof row);
  return row;
}

}  // namespace mq::storage
