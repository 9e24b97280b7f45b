// SPDX-License-Identifier: Apache-2.0
// Whether sealed segments still take as much of the disk as they did. Only of those that do not a table is
// opened, or made anew. On the opening thread, before anything else changes meta.
#pragma once

#include "storage/sealed.h"

namespace mq::storage {

class SealedCheck {
 public:
  SealedCheck(const SegmentFiles& files, Catalogue& catalogue, SealedSegments& sealed)
      : files_(files), catalogue_(catalogue), sealed_(sealed) {}

  error_code run();

 private:
  bool has_its_size(std::uint32_t number, const SegmentRow& row) const;
  error_code look_closer(std::uint32_t number, const SegmentRow& row);
  void say_lost(std::uint32_t number, const Sealed& segment) const;
  bool lives(std::uint32_t number, PartitionNumber partition, Offset last) const;

  const SegmentFiles& files_;
  Catalogue& catalogue_;
  SealedSegments& sealed_;
};

}  // namespace mq::storage
