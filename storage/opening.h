// SPDX-License-Identifier: Apache-2.0
// Opens a data directory: takes the lock, reads `meta`, replays what is not sealed, and leaves a journal that
// can be written. Blocks, on the opening thread, before anybody else uses the journal.
#pragma once

#include "storage/disk_journal.h"
#include "storage/rebuild.h"
#include "storage/recovery.h"
#include "storage/replay.h"

namespace mq::storage {

class Opening {
 public:
  explicit Opening(DiskJournal& journal) : journal_(journal) {}
  error_code run();

 private:
  struct Unsealed {
    std::shared_ptr<SegmentFile> file;  // null: lost
    Scan scan;
    std::uint32_t number = 0;
    std::uint64_t bytes = 0;    // of the file, as it was made
    std::uint64_t missing = 0;  // of them
    bool untouched = false;     // nothing was ever written to it
    bool written() const { return file ? !scan.records.empty() || !scan.holes.empty() : !untouched; }
    bool full() const { return scan.end >= bytes; }
  };

  error_code lock();
  Result<std::unique_ptr<Store>> open_meta();
  error_code load(std::unique_ptr<Store> store);
  void make_parts(std::unique_ptr<Store> store);
  void discard_parts();
  error_code read_manifest();
  error_code read_meta();
  bool is_old() const;
  error_code load_stopped();
  std::uint64_t changes_remembered() const;
  bool sealed_unknown_to_meta() const;
  Result<std::unique_ptr<Store>> rebuild();
  error_code load_partitions();
  error_code load_snapshots();
  error_code load_removed();
  error_code open_unsealed();
  error_code scan_unsealed();
  error_code replay();
  error_code replay(const Unsealed& written, bool last);
  error_code drop(const Unsealed& empty);
  error_code repair(const Unsealed& kept);
  error_code make_whole(const Unsealed& kept);
  error_code start();
  void say() const;
  template <class Visit>
  error_code for_each_with_runs(Visit visit);

  DiskJournal& journal_;
  StopRow stopped_;
  std::vector<Unsealed> unsealed_;
  std::vector<Group::Closed> closed_;
  std::optional<Replay> replay_{std::in_place, journal_};
  Writer::Position position_;
};

}  // namespace mq::storage
