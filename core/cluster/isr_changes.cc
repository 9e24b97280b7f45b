// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/isr_changes.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/partition/mistakes.h"

namespace mq::core {

using Outcome = Committed::Outcome;

namespace {

constexpr auto pause_after_unknown = std::chrono::milliseconds(100);
constexpr std::size_t proposals_at_once = 50;  // in one change of the store

}  // namespace

struct IsrChanges::Proposal {
  Catalog::PartitionId id;
  std::shared_ptr<Partition> partition;
  PartitionState before, after;
  StateVersion base = 0;            // version of `before`
  std::optional<BrokerId> joining;  // if anybody does
};

IsrChanges::IsrChanges(asio::io_context& loop, const Clock& clock, MetadataStore& store,
                       const Catalog& catalog, const PartitionTable& partitions, BrokerId self,
                       Time::duration lag_max)
    : loop_(loop),
      clock_(clock),
      store_(store),
      catalog_(catalog),
      partitions_(partitions),
      self_(self),
      lag_max_(lag_max) {}

void IsrChanges::run() {
  asio::co_spawn(loop_, work(shared_from_this()), asio::detached);
  asio::co_spawn(loop_, look_for_late(shared_from_this()), asio::detached);
}

void IsrChanges::stop() {
  stopped_ = true;
  pauses_.wake_all();
  if (const auto waiter = waiter_.lock()) waiter->wake();
}

void IsrChanges::look_at(const Catalog::PartitionId& partition) {
  if (!to_look_at_.insert(partition).second) return;
  if (const auto waiter = waiter_.lock()) waiter->wake();
}

void IsrChanges::look_at_all() {
  for (const auto& [id, entry] : catalog_.states()) {
    if (entry.state.leader != self_) continue;
    if (entry.state.isr.size() < entry.state.replicas.size() || !draining(entry.state).empty()) look_at(id);
  }
}

// Whose disk is full or fails, and who is about to stop: acknowledgements do not wait until they are late.
std::vector<BrokerId> IsrChanges::draining(const PartitionState& state) const {
  std::vector<BrokerId> leaving;
  for (const ReplicaEntry& member : state.isr) {
    const auto live = catalog_.live().find(member.broker);
    const bool drains = live != catalog_.live().end() && live->second.entry.epoch == member.epoch &&
                        live->second.entry.status == LiveEntry::Status::draining;
    if (drains && member.broker != self_) leaving.push_back(member.broker);
  }
  const std::size_t left = state.isr.size() - leaving.size();
  return left < static_cast<std::size_t>(state.min_isr) ? std::vector<BrokerId>{} : leaving;
}

Task<void> IsrChanges::pause(Time::duration time) {
  const auto waiter = std::make_shared<Waiter>(loop_, clock_, clock_.now() + time);
  pauses_.add(waiter);
  co_await Waiter::wait(waiter);
}

Task<void> IsrChanges::look_for_late(Self self) {
  while (!self->stopped_) {
    co_await self->pause(self->lag_max_ / 4);
    self->look_at_all();
    for (const auto& [id, entry] : self->catalog_.states()) {
      if (entry.state.leader != self->self_ || entry.state.isr.size() < 2) continue;
      const auto partition = self->led(id);
      if (partition && !partition->replicas()->lagging(self->clock_.now(), self->lag_max_).empty())
        self->look_at(id);
    }
  }
}

std::shared_ptr<Partition> IsrChanges::led(const Catalog::PartitionId& id) const {
  auto partition = partitions_.find(id.first, id.second);
  return partition && partition->leads() ? std::move(partition) : nullptr;
}

Task<void> IsrChanges::work(Self self) {
  while (!self->stopped_) {
    if (self->to_look_at_.empty()) {
      const auto waiter = std::make_shared<Waiter>(self->loop_, self->clock_, Time::max());
      self->waiter_ = waiter;
      co_await Waiter::wait(waiter);
      continue;
    }
    std::vector<Catalog::PartitionId> due;
    while (!self->to_look_at_.empty() && due.size() < proposals_at_once)
      due.push_back(self->to_look_at_.extract(self->to_look_at_.begin()).value());
    co_await self->change(std::move(due));
  }
}

// Who joins comes before who leaves: each change is one step from a state to the next.
std::optional<IsrChanges::Proposal> IsrChanges::proposal(const Catalog::PartitionId& id) const {
  const auto partition = led(id);
  const auto known = catalog_.states().find(id);
  if (!partition || known == catalog_.states().end()) return std::nullopt;
  const Replicas& replicas = *partition->replicas();
  if (known->second.version != replicas.version()) return std::nullopt;
  Proposal proposal{id, partition, known->second.state, {}, known->second.version, {}};
  const auto joining = replicas.joinable(catalog_.registrations());
  auto leaving = replicas.lagging(clock_.now(), lag_max_);
  if (leaving.empty() && !replicas.is_pending()) leaving = draining(proposal.before);
  if (!joining.empty()) {
    proposal.joining = joining.front().broker;
    proposal.after = rewritten(expand(proposal.before, joining.front()));
  } else if (!leaving.empty()) {
    proposal.after = rewritten(shrink(proposal.before, leaving));
  } else {
    return std::nullopt;
  }
  return proposal;
}

MetadataChange IsrChanges::change_of(const std::vector<Proposal>& proposals) const {
  MetadataChange change{{{Guard::Kind::held_by_me, live_key(self_)}}};
  std::set<BrokerId> joining;
  for (const Proposal& proposal : proposals) {
    const std::string key = partition_key(proposal.id.first, proposal.id.second);
    change.guards.push_back({Guard::Kind::unchanged, key, proposal.base});
    change.puts[key] = to_json(proposal.after);
    if (proposal.joining && !makes(Mistake::expansion_without_guard)) joining.insert(*proposal.joining);
  }
  for (const BrokerId broker : joining) {
    const auto& live = catalog_.live().at(broker);  // it is among those who run
    change.guards.push_back({Guard::Kind::unchanged, live_key(broker), live.version});
  }
  return change;
}

// What does not go together goes one by one.
Task<void> IsrChanges::change(std::vector<Catalog::PartitionId> partitions) {
  if (store_.session() != MetadataStore::Session::alive) co_return;
  std::vector<Proposal> proposals;
  for (const Catalog::PartitionId& id : partitions) {
    auto due = proposal(id);
    const bool is_proposed = due && due->partition->change_replicas(
                                        [&](Replicas& replicas) { return replicas.propose(due->after.isr); });
    if (is_proposed) proposals.push_back(std::move(*due));
  }
  if (proposals.empty()) co_return;
  const Committed committed = co_await store_.commit(change_of(proposals));
  const bool each_alone = committed.outcome == Outcome::conflict && proposals.size() > 1;
  std::vector<Catalog::PartitionId> again;
  for (Proposal& proposal : proposals) {
    if (each_alone) again.push_back(proposal.id);
    if (is_settled(proposal, committed)) continue;
    asio::co_spawn(loop_, settle(std::move(proposal)), asio::detached);
  }
  for (const Catalog::PartitionId& id : again) {
    std::vector<Catalog::PartitionId> single{id};
    co_await change(std::move(single));
  }
}

// What the store answered is the newest there is; an update will bring the same, perhaps much later.
bool IsrChanges::is_settled(const Proposal& proposal, const Committed& committed) const {
  Partition& partition = *proposal.partition;
  const bool leads_still = partition.leads() && partition.leader_epoch() == proposal.before.leader_epoch;
  if (!leads_still || partition.replicas()->version() != proposal.base) return true;
  switch (committed.outcome) {
    case Outcome::done:
      return true;
    case Outcome::unknown:
      partition.change_replicas([&](Replicas& replicas) {
        replicas.unknown(proposal.base);
        return true;
      });
      return makes(Mistake::unknown_outcome_by_reading);
    case Outcome::refused:
    case Outcome::conflict:
      break;
  }
  const auto found = committed.found.find(partition_key(proposal.id.first, proposal.id.second));
  const bool is_there = found != committed.found.end() && found->second;
  const auto now =
      is_there ? parse_partition(found->second->value) : Result<PartitionState>(PartitionState{});
  partition.change_replicas([&](Replicas& replicas) {
    if (is_there && found->second->version != proposal.base)
      return now && replicas.adopt(*now, found->second->version);
    replicas.refused(proposal.base);
    return true;
  });
  return true;
}

// Writes what was there before once more: whether that is done or refused, the proposal can never be applied
// afterwards, or has been.
Task<void> IsrChanges::settle(Proposal proposal) {
  const Self self = shared_from_this();
  const std::string key = partition_key(proposal.id.first, proposal.id.second);
  while (!stopped_) {
    co_await pause(pause_after_unknown);
    MetadataChange change;
    change.guards = {{Guard::Kind::unchanged, key, proposal.base}};
    change.puts[key] = to_json(rewritten(proposal.before));
    const Committed committed = co_await store_.commit(std::move(change));
    const bool is_told = committed.outcome != Outcome::conflict || committed.found.contains(key);
    if (!is_told) co_return;  // an update will tell
    if (committed.outcome == Outcome::refused) continue;
    if (is_settled(proposal, committed)) co_return;
  }
}

}  // namespace mq::core
