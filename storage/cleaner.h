// SPDX-License-Identifier: Apache-2.0
// Forgetting: rows of what was trimmed, truncated or removed leave the catalogue, and segments without a
// living batch leave the disk. Called on the loop; the work is done in the background, in the order it was
// asked for.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "storage/rewrite.h"

namespace mq::storage {

class Cleaner {
 public:
  // Puts a copy of all of core's rows into the journal and says when it is durable. On the loop.
  using CopyRows = std::function<void(std::function<void(error_code)>)>;

  // `copying` has one thread: there is one Rewrite at a time.
  Cleaner(asio::io_context& loop, asio::thread_pool& background, asio::thread_pool& copying,
          SegmentFiles& files, Catalogue& catalogue, SealedSegments& sealed, CopyRows copy_rows);

  // The log is told how many bytes went of runs that begin before `counted`: those that it knows are sealed.
  void forget_before(std::shared_ptr<PartitionLog> log, Offset start, Offset counted);
  void forget_from(std::shared_ptr<PartitionLog> log, Offset end, Offset counted);
  void remove_partitions(std::vector<PartitionNumber> partitions);  // all of them
  void look();                                                      // for segments that are dead, or mostly
  void stop();

  // Copying thread. What was copied takes effect; waits for the background thread. Or it is removed.
  Result<Rewrite::Committed> commit(Rewrite& rewrite);
  void drop(const Rewrite& rewrite);
  const std::atomic<bool>& stopping() const { return stopping_; }

  // Background thread. Their rows are gone.
  void remove_files(std::uint32_t number, bool file, bool table);

 private:
  using Time = std::chrono::steady_clock::time_point;

  void clean();
  void choose();
  void rewrite(std::vector<std::uint32_t> segments);
  void look_again_at(Time time);
  void remove_dead();
  void copy_rows_of(std::vector<std::uint32_t> segments);
  void forget(std::shared_ptr<PartitionLog> log, Offset at, bool before, Offset counted);
  void tidy(const Catalogue::Forgotten& gone);

  asio::io_context& loop_;
  asio::thread_pool &background_, &copying_;
  SegmentFiles& files_;
  Catalogue& catalogue_;
  SealedSegments& sealed_;
  const CopyRows copy_rows_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::atomic<bool> stopping_ = false, copying_rows_ = false, rewriting_ = false;
  std::atomic<Time> rests_until_{};
  asio::steady_timer again_{loop_};  // only while there is something left to copy
};

}  // namespace mq::storage
