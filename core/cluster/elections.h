// SPDX-License-Identifier: Apache-2.0
// What the elected controller does: one broker holds `controller`, and while it does, takes brokers that are
// gone out of the ISRs and elects leaders. Whoever else believes to be it is refused by the store: every
// change is guarded by holding that entry. Lives on the loop.
#pragma once

#include <memory>
#include <set>

#include "core/metadata/loader.h"

namespace mq::core {

// What a topic says about its partitions.
struct ElectionRules {
  int min_isr = 1;
  bool unclean = false;  // unclean.leader.election.enable: one that lacks records is better than none
};
// What the partition should be instead: without those that are gone, and led by one that runs if there is one
// in the ISR; with as many in sync as the topic wants; on its new replicas alone once it has moved. Who is
// not to lead does so only where nobody else in the ISR runs. Nothing: it is as it should be. Pure.
std::optional<PartitionState> due_election(const PartitionState& state, const Registrations& registrations,
                                           const ElectionRules& rules,
                                           const std::set<BrokerId>& not_to_lead = {});

// Moves leaderships back to the replicas that are preferred, those in `ready`; `at_most` of them. Pure.
struct PreferredStep {
  Catalog::PartitionId id;
  PartitionState after;
};
std::vector<PreferredStep> due_preferred(const std::map<Catalog::PartitionId, Catalog::StateEntry>& states,
                                         const Registrations& registrations, const std::set<BrokerId>& ready,
                                         std::size_t at_most);

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
  bool is_registered(const ControllerEntry& controller) const;
  Task<void> campaign();
  Task<void> resume();
  Task<void> judge(std::set<PartitionId> partitions);
  Task<void> prefer();
  Task<std::optional<MetadataEntry>> read_controller();
  Task<void> remove_unreadable();
  ElectionRules rules_of(const PartitionId& id, const PartitionState& state) const;
  void note_runs();
  std::set<BrokerId> ready() const;
  Task<void> send(std::vector<Step> steps);
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
  struct Run {
    BrokerEpoch epoch = -1;
    Time since = {};  // that it was seen running
  };
  std::map<BrokerId, Run> runs_;
  Time prefers_at_ = {};
  std::weak_ptr<Waiter> waiter_;
  bool has_failed_ = false, stopped_ = false;
};

}  // namespace mq::core
