// SPDX-License-Identifier: Apache-2.0
// What the elected controller does: one broker holds `controller`, and while it does, takes brokers that are
// gone out of the ISRs and elects leaders. Whoever else believes to be it is refused by the store: every
// change is guarded by holding that entry. Lives on the loop.
#pragma once

#include <memory>
#include <set>

#include "core/metadata/loader.h"

namespace mq::core {

// What the partition should be instead: without those that are gone, and led by one that runs if there is one
// in the ISR. Nothing: it is as it should be. Pure.
std::optional<PartitionState> due_election(const PartitionState& state, const Registrations& registrations);

class Elections : public std::enable_shared_from_this<Elections> {
 public:
  Elections(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
            const MetadataLoader& loader, BrokerId self);

  void run();
  void stop();
  void updated(const Catalog::Applied& update);
  bool is_controller() const { return token_.has_value(); }

 private:
  using Self = std::shared_ptr<Elections>;
  using PartitionId = Catalog::PartitionId;
  struct Step {
    PartitionId id;
    PartitionState after;
    EntryVersion before = 0;
  };

  static Task<void> work(Self self);
  Task<void> campaign();
  Task<void> judge(std::set<PartitionId> partitions);
  Task<bool> commit(std::vector<Step> steps);
  bool may_campaign() const;

  asio::io_context& loop_;
  const Clock& clock_;
  MetadataStore& store_;
  const Catalog& catalog_;
  const MetadataLoader& loader_;
  const BrokerId self_;
  std::optional<EntryVersion> token_;  // under which it holds `controller`
  bool all_ = true;                    // partitions have to be judged
  std::set<PartitionId> some_;         // or these
  std::weak_ptr<Waiter> waiter_;
  bool has_failed_ = false, stopped_ = false;
};

}  // namespace mq::core
