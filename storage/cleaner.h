// SPDX-License-Identifier: Apache-2.0
// Forgetting: rows of what was trimmed, cut or removed leave the catalogue, and segments without a living
// batch leave the disk. Called on the loop; the work is done in the background, in the order it was asked
// for.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "storage/sealed.h"

namespace mq::storage {

class Cleaner {
 public:
  enum class Count { yes, no };  // whether the log is told how many bytes went

  Cleaner(asio::io_context& loop, asio::thread_pool& background, SegmentFiles& files, Catalogue& catalogue,
          SealedSegments& sealed);

  void forget_before(std::shared_ptr<PartitionLog> log, Offset start, Count count = Count::yes);
  void forget_from(std::shared_ptr<PartitionLog> log, Offset end, Count count = Count::yes);
  void bury(PartitionNumber partition);  // all of it
  void look() {}

  // Background thread. Their rows are gone.
  void remove_files(std::uint32_t number, bool file, bool table);

 private:
  void forget(std::shared_ptr<PartitionLog> log, PartitionNumber partition, Offset at, bool before,
              Count count);

  asio::io_context& loop_;
  asio::thread_pool& background_;
  SegmentFiles& files_;
  Catalogue& catalogue_;
  SealedSegments& sealed_;
};

}  // namespace mq::storage
