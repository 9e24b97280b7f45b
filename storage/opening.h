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
    std::uint64_t bytes = 0;
    std::optional<Begin> begin;
    bool written() const { return !file || !scan.records.empty() || !scan.holes.empty(); }
  };

  error_code lock();
  Result<std::unique_ptr<Store>> open_meta();
  error_code make_parts(std::unique_ptr<Store> store);
  error_code read_meta();
  std::uint64_t changes_remembered() const;
  Result<std::unique_ptr<Store>> rebuild(std::unique_ptr<Store> old);
  error_code load_partitions();
  error_code load_snapshots();
  error_code load_removed();
  error_code open_unsealed();
  error_code scan_unsealed();
  error_code replay();
  error_code replay(Unsealed& written, bool last);
  error_code drop(const Unsealed& empty);
  error_code repair(const Unsealed& last);
  bool begun(std::uint32_t number) const;
  void start();
  void remove_strays();
  void say() const;
  template <class Visit>
  error_code for_each(std::string_view prefix, Visit visit);

  DiskJournal& journal_;
  std::vector<Unsealed> unsealed_;
  Replay replay_{journal_};
  Writer::Position position_;
};

}  // namespace mq::storage
