// SPDX-License-Identifier: Apache-2.0
// What lies in a segment: records of 40 bytes of header and a payload, each starting at a multiple of 8. Of a
// record batch storage knows the 61 bytes that begin it; they are here too. Pure.
#pragma once

#include <bit>
#include <cstring>
#include <optional>
#include <string>

#include "storage/types.h"

namespace mq::storage {

static_assert(std::endian::native == std::endian::little, "headers are written as they lie in memory");

enum class Kind : std::uint32_t {
  begin = 1,  // first of a segment: Begin
  batch,      // a record batch
  truncate,   // forget the partition's batches that reach `base`
  trim,       // forget the partition's batches before `base`
  note,       // a witness: Note
  rows,       // a copy of some of core's rows in meta
};

// As on disk. The CRC covers the rest of the header and the covered_bytes() of the payload; it is seeded with
// the segment's random number (0 for `begin`, which holds it), so that no payload can pass for a record.
struct Header {
  std::uint32_t crc = 0, segment = 0;
  Kind kind = Kind::batch;
  std::uint32_t length = 0;  // of the payload
  PartitionNumber partition = 0;
  std::uint32_t group = 0;  // records of one group were made durable together
  Offset base = 0;  // first offset of a batch; where a truncation or a trim is; of rows the changes of meta;
                    // of a begin how large the file was made
  std::uint64_t durable = 0;  // the segment was durable up to here when this was written
};
static_assert(sizeof(Header) == 40);

// Payload of the first record of a segment.
struct Begin {
  std::uint32_t seed = 0, previous = 0;  // number of the segment before; 0: none
  std::uint64_t previous_end = 0;        // where that one ended
  std::uint64_t changes = 0;             // how many commits meta had seen
};
static_assert(sizeof(Begin) == 24);

struct Note {
  std::uint64_t changes = 0;
  std::uint64_t clean = 0;  // 1: the last word of a clean stop
};
static_assert(sizeof(Note) == 16);

constexpr std::size_t padding(std::size_t payload) {
  return -payload & 7;
}
constexpr std::size_t record_bytes(std::size_t payload) {
  return sizeof(Header) + payload + padding(payload);
}

// How much of the payload the header's CRC covers: all of it, but a batch has a CRC of its own for the rest.
std::size_t covered_bytes(const Header& header);
std::uint32_t header_crc(const Header& header, Bytes covered, std::uint32_t seed);

// The header at the beginning of `bytes`; nothing when it is not a record of this segment. `bytes` has to
// hold the covered payload as well (head_bytes_max suffices for batches).
std::optional<Header> valid_header(Bytes bytes, std::uint32_t segment, std::uint32_t seed);
constexpr std::size_t head_bytes_max = sizeof(Header) + batch_head_bytes;

// What the head of a batch says. `head` has at least 61 bytes.
struct BatchHead {
  Offset first = 0, last = 0;
  std::int64_t time_max = -1;
  std::size_t size = 0;
  std::uint32_t crc = 0;
};
BatchHead batch_head(Bytes head);
bool valid_batch(Bytes batch);  // complete, and its CRC fits

template <class T>
Bytes bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span(&value, 1));
}
template <class T>
T load(Bytes bytes) {
  T value;
  std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof value);
  return value;
}
inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace mq::storage
