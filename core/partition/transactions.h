// SPDX-License-Identifier: Apache-2.0
// Which transactions of one partition are open and which were aborted: how far those may read who want only
// what is committed, and what they have to skip. Pure: no I/O, no clock, no threads.
#pragma once

#include <algorithm>
#include <boost/container/deque.hpp>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/types.h"

namespace mq::core {

using ProducerId = std::int64_t;

class Transactions {
 public:
  struct Aborted {
    ProducerId producer = -1;
    Offset first = 0, last = 0;  // last: of the marker
    Offset stable = 0;           // the last stable offset once the marker was there
    bool operator==(const Aborted&) const = default;
  };

  // Called in the order of the log, when the batch is queued. The first batch opens; the marker ends, which
  // holds once it is committed.
  void begin(ProducerId producer, Offset first);
  void end(ProducerId producer, bool commit, Offset marker);
  // Everything before it is committed. Whether an end came into effect.
  bool advance(Offset high_watermark);
  // What reached the log at or after `end` is not there any more; none of it was committed.
  void truncate(Offset end);
  void trim(Offset start);  // nobody reads before `start` any more

  // Before this offset everything is decided, in a log that ends at `end`. Never goes back.
  Offset stable(Offset end) const { return open_.empty() ? end : std::min(end, open_.begin()->first); }
  std::optional<Offset> open(ProducerId producer) const;  // first offset of the transaction it has open
  // Those that overlap [from, until), by first offset.
  std::vector<Aborted> aborted(Offset from, Offset until) const;

  bool empty() const { return open_.empty() && aborted_.empty(); }
  bool operator==(const Transactions&) const = default;

  // For snapshots. Only what is durable: truncate before asking.
  struct Ending {
    ProducerId producer = -1;
    Offset first = 0, marker = 0;
    bool commit = false;
  };
  std::vector<std::pair<ProducerId, Offset>> all_open() const;
  std::vector<Ending> all_ending() const;  // their markers are not committed yet; in the order of these
  const boost::container::deque<Aborted>& all_aborted() const { return aborted_; }
  void restore_aborted(Aborted aborted) { aborted_.push_back(aborted); }

 private:
  struct Open {
    ProducerId producer = -1;
    Offset marker = -1;  // not committed; -1: none
    bool commit = false;
    bool operator==(const Open&) const = default;
  };
  std::map<Offset, Open> open_;  // by first offset; also those whose marker is not committed yet
  std::unordered_map<ProducerId, Offset> open_by_producer_;
  // They take no memory while they are empty, as they are in most partitions.
  boost::container::deque<Offset> ending_;    // first offsets of those with a marker, in its order
  boost::container::deque<Aborted> aborted_;  // in the order of their markers
};

}  // namespace mq::core
