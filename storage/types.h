// SPDX-License-Identifier: Apache-2.0
// The words of this layer. Aliases of Boost and std where they exist.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace mq::storage {

namespace asio = boost::asio;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
template <class T>
using Result = boost::system::result<T>;

using Bytes = std::span<const std::byte>;
using Offset = std::int64_t;
inline constexpr Offset offset_max = INT64_MAX;
using PartitionNumber =
    std::uint32_t;  // given once to each partition of each topic, never reused; 0 is nobody

constexpr std::size_t batch_head_bytes =
    61;  // all that storage knows of a batch (Kafka's record batch, magic 2)
constexpr std::size_t batch_start_bytes =
    128;  // of a batch recovery hands on: its head; all of a transaction's marker

// One record batch, complete, offset and epoch already stamped in. `memory` is immutable from here on and
// shared.
struct Batch {
  std::shared_ptr<const std::byte> memory;
  std::size_t size = 0;
  Offset first = 0, last = 0;
  std::int64_t time_max = -1;  // largest timestamp, milliseconds; -1: none

  Bytes bytes() const { return {memory.get(), size}; }
};

// What a read returns: memory, or a range of an open file that the piece keeps open (also after it was
// unlinked).
struct Piece {
  std::shared_ptr<const std::byte> memory;
  std::shared_ptr<const int> file;  // a descriptor; null: memory
  std::uint64_t position = 0;       // in the file
  std::size_t size = 0;
};

// Whole batches back to back, in offset order; the first holds the offset asked for or is the next one after
// it.
struct Read {
  std::vector<Piece> pieces;
  std::size_t size = 0;  // of all pieces
  Offset next = 0;       // one past the last offset of the last batch; `from` when nothing was read
};

// Batches that lie together: those of a partition in one segment, or a single one.
struct Range {
  Offset first = 0, last = 0;
  std::int64_t time_max = -1;  // largest timestamp; -1: none of them has one
  std::int64_t written_ms =
      -1;                   // when the segment was full, by the wall clock; -1: it is not, or nobody knows
  std::uint64_t bytes = 0;  // about, where a part of a segment was trimmed or truncated
  std::uint32_t batches = 1;
  bool sealed = false;
};
enum class Grain { segment, batch };  // what is one Range

}  // namespace mq::storage
