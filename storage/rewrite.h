// SPDX-License-Identifier: Apache-2.0
// Copies what lives in mostly dead segments, in order, into a new one that takes their place by one change of
// `meta`. So ranges of a partition never overlap, and nothing is listed twice after a crash. Background
// thread.
#pragma once

#include "storage/seal.h"

namespace mq::storage {

class Rewrite {
 public:
  Rewrite(SegmentFiles& files, Catalogue& catalogue, SealedSegments& sealed,
          std::vector<std::uint32_t> segments)
      : files_(files), catalogue_(catalogue), sealed_(sealed), old_(std::move(segments)) {}

  // The new segment is on the disk and the old ones are named by nothing; their files are the caller's to
  // remove.
  error_code run(const std::atomic<bool>& stopping);
  const std::vector<std::uint32_t>& old() const { return old_; }

 private:
  error_code create();
  error_code add_core_rows();
  error_code add_partition(PartitionNumber partition);
  error_code add_run(const Catalogue::Run& run);
  error_code add(PartitionNumber partition, const Sealed& from, const Sealed::Entry& entry);
  error_code finish();
  Result<std::vector<PartitionNumber>> partitions();
  Result<std::vector<Catalogue::Run>> living(PartitionNumber partition);
  bool is_old(std::uint32_t segment) const;

  SegmentFiles& files_;
  Catalogue& catalogue_;
  SealedSegments& sealed_;
  const std::vector<std::uint32_t> old_;

  std::uint32_t number_ = 0, seed_ = 0;
  std::shared_ptr<File> file_;  // made for the first large batch
  std::unique_ptr<TableFile> table_;
  std::uint64_t end_ = 0, batch_bytes_ = 0;
  bool core_rows_ = false;
  std::vector<Catalogue::Run> runs_, gone_;
};

}  // namespace mq::storage
