// SPDX-License-Identifier: Apache-2.0
// Hands what lies in segments that are not sealed to the logs, in order, and names what damage took from
// whom. On the opening thread.
#pragma once

#include <map>

#include "storage/journal_parts.h"
#include "storage/recovery.h"

namespace mq::storage {

class Replay {
 public:
  Replay(JournalParts& parts, Recovery& recovery) : parts_(parts), recovery_(recovery) {}

  void covered(PartitionNumber partition, std::uint32_t segment) { covered_[partition] = segment; }
  void removed(PartitionNumber partition, std::uint32_t segment) { removed_[partition] = segment; }
  void known_lost(PartitionNumber partition, Offset from, Offset to);  // by an earlier start

  error_code segment(const std::shared_ptr<SegmentFile>& file, const Scan& scan);
  void missing(std::uint32_t segment, std::uint64_t bytes);  // the whole file
  error_code finish();                                       // what was lost is written down

  Store::Change core_rows;  // copies of core's rows that were met, the newest of each

 private:
  using LostRanges = std::map<std::pair<PartitionNumber, Offset>, Offset>;  // where one begins, and its end

  error_code record(const FoundRecord& found, Window& window, const std::shared_ptr<Active>& segment);
  error_code rows(const FoundRecord& found, Window& window);
  error_code hole(const Scan::Hole& hole, const SegmentFile& file);
  void suspect(PartitionNumber partition, Offset end, std::uint64_t bytes);
  void suspect_all(std::uint64_t bytes);
  void met(PartitionNumber partition);
  void found_behind(const PartitionLog& log, Offset first);
  void truncate(PartitionNumber partition, Offset end);
  void lose(PartitionNumber partition, Offset from, Offset to);
  Store::Change tell_logs();
  bool is_gone(PartitionNumber partition) const;

  JournalParts& parts_;
  Recovery& recovery_;
  std::unordered_map<PartitionNumber, std::uint32_t> covered_;  // by a snapshot: segments up to here
  std::unordered_map<PartitionNumber, std::uint32_t> removed_;  // records in segments up to here do not count
  // Whose batches a hole may have taken: not seen behind it yet.
  struct Suspect {
    Offset from = 0, to = 0;
  };
  std::unordered_map<PartitionNumber, Suspect> suspects_;
  Offset unmet_to_ = 0;  // a partition that was not met yet may have lost offsets up to here
  std::vector<std::uint32_t> missing_;
  LostRanges lost_, stored_;  // stored_: as meta has them
};

}  // namespace mq::storage
