// SPDX-License-Identifier: Apache-2.0
// Turns closed segments into tables, one after the other: asks core for snapshots, has the table written, and
// tells the logs where their batches are found from then on. Lives on the loop; the work is done in the
// background.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>

#include "storage/cleaner.h"
#include "storage/journal.h"
#include "storage/seal.h"

namespace mq::storage {

class Sealer {
 public:
  using Snapshots = JournalOptions::Snapshots;
  using Ask = std::function<void(std::vector<PartitionNumber>, std::function<void(Snapshots)> done)>;

  using Tell = std::function<void(const std::vector<PartitionNumber>&)>;  // what is sealed now

  Sealer(asio::io_context& loop, asio::thread_pool& background, SegmentFiles& files, Catalogue& catalogue,
         SealedSegments& sealed, Cleaner& cleaner, Ask ask, Tell tell);
  ~Sealer();

  void add(std::shared_ptr<Active> segment);   // closed
  void when_idle(std::function<void()> done);  // everything that was added is sealed; or it stops
  void stop();                                 // what was not done is done after the next start

 private:
  struct Done {
    std::shared_ptr<Active> segment;
    Sealing sealing;
    Result<Table> table = Table{};
  };
  void begin();
  void tell_idle();
  void try_again();
  void seal(const std::shared_ptr<Active>& segment, Snapshots snapshots);
  void finish(const Done& done);
  static Sealing sealing_of(const Active& segment);
  error_code put_rows(const Sealing& sealing, const std::vector<Catalogue::Run>& runs,
                      Store::Change& change) const;
  error_code put_lost(PartitionNumber partition, const std::vector<std::pair<Offset, Offset>>& lost,
                      Store::Change& change) const;
  Result<Table> work(const Sealing& sealing, const Snapshots& snapshots);

  asio::io_context& loop_;
  asio::thread_pool& background_;
  SegmentFiles& files_;
  Catalogue& catalogue_;
  SealedSegments& sealed_;
  Cleaner& cleaner_;
  const Ask ask_;
  const Tell tell_;
  std::deque<std::shared_ptr<Active>> closed_;  // the first one is being sealed while `busy_`
  std::vector<std::function<void()>> waiting_;  // for idleness
  bool busy_ = false;
  std::atomic<bool> stopping_ = false;
  asio::steady_timer again_{loop_};  // only after a failure
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace mq::storage
