// SPDX-License-Identifier: Apache-2.0
// Lets followers of the partitions that are led here into the ISR and out of it: by compare-and-swap in the
// metadata store, guarded by what it was decided on (KIP-497, KIP-841, KIP-903); what is due at a time is
// written in one commit. A change whose outcome is unknown is resolved by writing again, never by reading:
// until then the maximal ISR is waited for. Lives on the loop.
#pragma once

#include <memory>
#include <set>

#include "core/metadata/catalog.h"
#include "core/metadata/partition_table.h"

namespace mq::core {

class IsrChanges : public std::enable_shared_from_this<IsrChanges> {
 public:
  IsrChanges(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
             const PartitionTable& partitions, BrokerId self, Time::duration lag_max);

  void run();
  void stop();
  // A follower has asked: it may be able to join.
  void look_at(const Catalog::PartitionId& partition);
  // Who runs is another: all that is led here is looked at.
  void look_at_all();

 private:
  using Self = std::shared_ptr<IsrChanges>;
  struct Proposal;

  static Task<void> work(Self self);
  static Task<void> look_for_late(Self self);
  std::shared_ptr<Partition> led(const Catalog::PartitionId& id) const;  // null: not here, or not led
  std::vector<BrokerId> draining(const PartitionState& state) const;     // as many as can leave
  std::optional<Proposal> proposal(const Catalog::PartitionId& id) const;
  Task<void> change(std::vector<Catalog::PartitionId> partitions);
  MetadataChange change_of(const std::vector<Proposal>& proposals) const;
  Task<void> settle(Proposal proposal);
  bool is_settled(const Proposal& proposal, const Committed& committed) const;
  Task<void> pause(Time::duration time);

  asio::io_context& loop_;
  const Clock& clock_;
  MetadataStore& store_;
  const Catalog& catalog_;
  const PartitionTable& partitions_;
  const BrokerId self_;
  const Time::duration lag_max_;
  std::set<Catalog::PartitionId> to_look_at_;
  std::weak_ptr<Waiter> waiter_;
  Waiters pauses_;
  bool stopped_ = false;
};

}  // namespace mq::core
