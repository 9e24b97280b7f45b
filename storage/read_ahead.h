// SPDX-License-Identifier: Apache-2.0
// Where the batches lie that a reader who goes through sealed segments in order will want next: found on the
// way when a reader thread looked up the ones before them, so that the loop can go on alone while the page
// cache has them. A hint: bounded, the oldest goes first, and keeps no file open. Lives on the loop.
#pragma once

#include <list>
#include <map>

#include "storage/active.h"

namespace mq::storage {

class ReadAhead {
 public:
  static constexpr std::size_t places_max = 256;  // of one reader
  static constexpr std::size_t readers_max = 256;

  // Batches of one partition in one file, without a hole between them, in offset order.
  struct Row {
    std::weak_ptr<const SegmentFile> file;
    std::vector<Place> places;
    std::size_t used = 0;

    std::span<const Place> rest() const { return std::span(places).subspan(used); }
  };

  void put(PartitionNumber partition, Offset next, Row row);  // for who reads on from `next`
  std::optional<Row> take(PartitionNumber partition,
                          Offset from);  // who does not use it up puts the rest back
  void forget(PartitionNumber partition);

 private:
  using Key = std::pair<PartitionNumber, Offset>;
  struct Entry {
    Row row;
    std::list<Key>::iterator age;
  };
  std::map<Key, Entry> rows_;
  std::list<Key> ages_;  // oldest first
};

}  // namespace mq::storage
