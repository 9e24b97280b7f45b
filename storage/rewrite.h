// SPDX-License-Identifier: Apache-2.0
// Copies batches of sealed segments, in order, into a new one that takes them over by one change of `meta`.
// So ranges of a partition never overlap, and nothing is listed twice after a crash. Copying may run beside
// anything but another Rewrite; commit() runs on the background thread, and takes over what is still there.
#pragma once

#include "storage/rewriter.h"
#include "storage/seal.h"

namespace mq::storage {

class Rewrite {
 public:
  Rewrite(SegmentFiles& files, Catalogue& catalogue, SealedSegments& sealed,
          const std::atomic<bool>& stopping);

  // All that lives in these segments.
  error_code copy(std::vector<std::uint32_t> segments);
  // The runs of a partition that begin between `from` and `to`, as `change` has them, until there is enough
  // for one segment. Says where it stopped.
  Result<Offset> copy(PartitionNumber partition, Offset from, Offset to, const Rewriter::Change& change);

  // Afterwards nothing names the segments in `dead`: their files are the caller's to remove. After an error
  // that is the new one.
  struct Committed {
    std::vector<std::uint32_t> dead;
    std::uint64_t bytes_before = 0, bytes_after = 0;  // of batches
  };
  Result<Committed> commit();
  std::uint32_t number() const { return number_; }  // of the new segment; 0: there was nothing to copy

 private:
  // A run as it was found, and what of it is in the new segment.
  struct Source {
    Catalogue::Run run;
    bool joins = false;  // follows the one before it: together they are one run
    CatalogueRow copied;
  };

  error_code begin();
  error_code add_core_rows();
  error_code add_partition(PartitionNumber partition);
  error_code add_run(const Catalogue::Run& run, bool joins);
  error_code failure(std::uint32_t number, const Sealed& segment, error_code error);
  error_code add(const Sealed& from, const Sealed::Entry& entry);
  error_code add(PartitionNumber partition, Bytes batch);
  Result<Bytes> read(const Sealed& from, const Sealed::Entry& entry);
  error_code create();
  error_code finish();
  Result<std::vector<std::uint32_t>> sources() const;
  std::vector<Catalogue::Run> taken() const;  // what the new segment has of all sources
  Result<std::vector<PartitionNumber>> partitions();
  bool is_old(std::uint32_t segment) const;
  bool is_gone(std::uint32_t segment) const;

  SegmentFiles& files_;
  Catalogue& catalogue_;
  SealedSegments& sealed_;
  const std::atomic<bool>& stopping_;
  std::vector<std::uint32_t> old_;            // segments that are copied as a whole
  const Rewriter::Change* change_ = nullptr;  // null: nothing changes

  std::uint32_t number_ = 0, seed_ = 0;
  std::shared_ptr<File> file_;  // made for the first large batch
  std::unique_ptr<TableFile> table_;
  std::uint64_t end_ = 0, batch_bytes_ = 0;
  Trickle trickle_;  // of file_
  std::uint32_t written_s_ = 0;
  bool core_rows_ = false;
  std::vector<std::byte> buffer_;
  std::vector<Source> sources_;
};

}  // namespace mq::storage
