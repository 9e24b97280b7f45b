// SPDX-License-Identifier: Apache-2.0
// Hands what lies in segments that are not sealed to the logs, in order, and names what damage took from
// whom. On the opening thread.
#pragma once

#include "storage/disk_journal.h"
#include "storage/recovery.h"

namespace mq::storage {

class Replay {
 public:
  explicit Replay(DiskJournal& journal) : journal_(journal) {}

  void covered(PartitionNumber partition, std::uint32_t segment) { covered_[partition] = segment; }
  void removed(PartitionNumber partition, std::uint32_t segment) { removed_[partition] = segment; }

  error_code segment(const std::shared_ptr<SegmentFile>& file, const Scan& scan);
  void missing(std::uint32_t segment, std::uint64_t bytes);  // the whole file
  error_code finish();                                       // what was lost is written down

  Store::Change core_rows;  // copies of core's rows that were met, the newest of each

 private:
  error_code record(const FoundRecord& found, Window& window, const std::shared_ptr<Active>& segment);
  error_code rows(const FoundRecord& found, Window& window);
  error_code hole(const Scan::Hole& hole, const SegmentFile& file);
  void suspect(const PartitionLog& log, std::uint64_t bytes);
  void found_behind(PartitionLog& log, Offset first);
  void lose(PartitionLog& log, Offset from, Offset to);

  DiskJournal& journal_;
  std::unordered_map<PartitionNumber, std::uint32_t> covered_;  // by a snapshot: segments up to here
  std::unordered_map<PartitionNumber, std::uint32_t> removed_;  // records in segments up to here do not count
  // Whose batches a hole may have taken: not seen behind it yet.
  struct Suspect {
    Offset from = 0, to = 0;
  };
  std::unordered_map<PartitionNumber, Suspect> suspects_;
  std::vector<std::uint32_t> missing_;
  Store::Change lost_;
};

}  // namespace mq::storage
