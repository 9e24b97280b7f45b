// SPDX-License-Identifier: Apache-2.0
// Opens a data directory: takes the lock, reads `meta`, replays what is not sealed, and leaves a journal that
// can be written. Blocks, on the opening thread, before anybody else uses the journal.
#pragma once

#include "storage/disk_journal.h"
#include "storage/recovery.h"

namespace mq::storage {

class Opening {
 public:
  explicit Opening(DiskJournal& journal) : journal_(journal) {}
  error_code run();

 private:
  struct Unsealed {
    std::shared_ptr<SegmentFile> file;
    Scan scan;
    bool written() const { return !scan.records.empty() || !scan.holes.empty(); }
  };

  error_code make_parts();
  error_code load_partitions();
  error_code load_snapshots();
  error_code load_removed();
  error_code scan_unsealed();
  error_code replay(const Unsealed& unsealed, bool last);
  error_code replay_record(const FoundRecord& record, Window& window, const std::shared_ptr<Active>& segment);
  error_code repair(Unsealed& last);
  error_code resume();
  void remove_strays();
  void say() const;
  template <class Visit>
  error_code for_each(std::string_view prefix, Visit visit);

  DiskJournal& journal_;
  std::vector<Unsealed> unsealed_;
  std::unordered_map<PartitionNumber, std::uint32_t> covered_;  // by a snapshot: segments up to here
  std::unordered_map<PartitionNumber, std::uint32_t> removed_;  // records in segments up to here do not count
  Writer::Position position_;
};

}  // namespace mq::storage
