// SPDX-License-Identifier: Apache-2.0
// What a partition's log knows without asking the disk: where it starts and ends, where its batches lie that
// are not sealed, and what is lost. Pure: no I/O, no clock, no threads.
#pragma once

#include <optional>

#include "storage/active.h"
#include "storage/extent.h"

namespace mq::storage {

struct PartitionRow;

class BatchIndex {
 public:
  using LostRanges = std::vector<std::pair<Offset, Offset>>;

  Offset start() const { return start_; }
  Offset end() const { return end_; }
  Offset sealed_end() const { return sealed_end_; }  // the catalogue counts only before it
  std::uint64_t bytes() const { return bytes_; }
  std::uint32_t truncations() const { return truncations_; }  // so that a read sees that one came between
  const LostRanges& lost() const { return lost_; }

  void restore(const PartitionRow& row);
  void lose(Offset from, Offset to);  // these offsets cannot be read any more
  void clear() { runs_.clear(); }

  // What became durable, in order. The first one of it in its segment: true. What is sealed has to go too:
  // where that ended.
  bool append(const Batch& batch, std::uint32_t position, const std::shared_ptr<Active>& segment);
  std::optional<Offset> truncate(Offset end);
  std::optional<Offset> trim(Offset start);

  // For a read.
  struct Limits {
    Offset end;  // nothing at or after it
    bool corrupt = false;
  };
  Limits limits(Offset from) const;
  Offset readable_from(Offset from) const;
  std::optional<Offset> first_lost() const;

  // Of what is not sealed, as Log has them; nothing: there is none.
  using Newest = std::pair<Offset, std::int64_t>;
  Read plan(Offset from, Offset limit, std::size_t bytes_max, std::vector<Extent>& extents) const;
  std::optional<Offset> at_time(std::int64_t timestamp) const;
  std::optional<Newest> newest(std::optional<Newest> sealed) const;  // or what is the newest that is sealed
  void add_ranges(Offset from, Grain grain, std::size_t count_max, std::vector<Range>& ranges) const;
  Offset boundary(
      Offset end) const;  // the base of the batch that a truncation at `end` would split, or `end`

  // For sealing: its batches in a closed segment; its row as of the end of that segment; that they are found
  // in the catalogue now.
  const Run* run(const Active& segment) const;
  PartitionRow row(const Active& segment) const;
  struct Changed {
    std::optional<Offset> truncated, trimmed;  // what happened since `run` was taken
  };
  Changed sealed(const Active& segment, std::size_t count, std::size_t skip);
  void forgot(std::uint64_t sealed_bytes);

 private:
  Offset start_ = 0, end_ = 0, sealed_end_ = 0;
  std::uint64_t bytes_ = 0, sealed_bytes_ = 0;
  std::uint32_t truncations_ = 0;
  std::vector<Run> runs_;  // in segments that are not sealed, oldest first
  LostRanges lost_;
};

}  // namespace mq::storage
