// SPDX-License-Identifier: Apache-2.0
// Forgetting: rows of what was trimmed, cut or removed leave the catalogue, and segments without a living
// batch leave the disk. Called on the loop; the work is done in the background, in the order it was asked
// for.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "storage/sealed.h"

namespace mq::storage {

class Cleaner {
 public:
  enum class Count { yes, no };  // whether the log is told how many bytes went

  // Puts a copy of all of core's rows into the journal and says when it is durable. On the loop.
  using CopyRows = std::function<void(std::function<void(error_code)>)>;

  Cleaner(asio::io_context& loop, asio::thread_pool& background, SegmentFiles& files, Catalogue& catalogue,
          SealedSegments& sealed, CopyRows copy_rows);

  void forget_before(std::shared_ptr<PartitionLog> log, Offset start, Count count = Count::yes);
  void forget_from(std::shared_ptr<PartitionLog> log, Offset end, Count count = Count::yes);
  void bury(PartitionNumber partition);   // all of it
  void look(std::uint64_t sealed_bytes);  // for segments that are dead, or mostly
  void stop() { stopping_ = true; }

  // Background thread. Their rows are gone.
  void remove_files(std::uint32_t number, bool file, bool table);

 private:
  void clean(std::uint64_t sealed_bytes);
  void rewrite();
  void remove_dead();
  void copy_rows_of(std::vector<std::uint32_t> segments);
  void forget(std::shared_ptr<PartitionLog> log, PartitionNumber partition, Offset at, bool before,
              Count count);

  asio::io_context& loop_;
  asio::thread_pool& background_;
  SegmentFiles& files_;
  Catalogue& catalogue_;
  SealedSegments& sealed_;
  const CopyRows copy_rows_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::atomic<bool> stopping_ = false, copying_ = false;
  std::uint64_t budget_ = 0;  // bytes that may be copied; the background thread's
};

}  // namespace mq::storage
