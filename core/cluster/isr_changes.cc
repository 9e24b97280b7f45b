// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/isr_changes.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace mq::core {

using Outcome = Committed::Outcome;

namespace {

constexpr auto pause_after_unknown = std::chrono::milliseconds(100);

}  // namespace

struct IsrChanges::Proposal {
  PartitionState before, after;
  StateVersion base = 0;  // version of `before`
  std::vector<Guard> guards;
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
  for (const auto& [id, entry] : catalog_.states())
    if (entry.state.leader == self_ && entry.state.isr.size() < entry.state.replicas.size()) look_at(id);
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
    const auto id = self->to_look_at_.extract(self->to_look_at_.begin()).value();
    if (auto partition = self->led(id)) co_await self->change(id, std::move(partition));
  }
}

// Who joins comes before who leaves: each change is one step from a state to the next.
std::optional<IsrChanges::Proposal> IsrChanges::proposal(const Catalog::PartitionId& id,
                                                         Partition& partition) const {
  const auto known = catalog_.states().find(id);
  const Replicas& replicas = *partition.replicas();
  if (known == catalog_.states().end() || known->second.version != replicas.version()) return std::nullopt;
  Proposal proposal;
  proposal.before = known->second.state;
  proposal.base = known->second.version;
  proposal.guards = {{Guard::Kind::unchanged, partition_key(id.first, id.second), proposal.base},
                     {Guard::Kind::held_by_me, live_key(self_)}};
  const auto joining = replicas.joinable(catalog_.registrations());
  const auto late = replicas.lagging(clock_.now(), lag_max_);
  if (!joining.empty()) {
    const ReplicaEntry& entry = joining.front();
    proposal.after = rewritten(expand(proposal.before, entry));
    const auto& live = catalog_.live().at(entry.broker);  // it is among those who run
    proposal.guards.push_back({Guard::Kind::unchanged, live_key(entry.broker), live.version});
  } else if (!late.empty()) {
    proposal.after = rewritten(shrink(proposal.before, late));
  } else {
    return std::nullopt;
  }
  return proposal;
}

Task<void> IsrChanges::change(Catalog::PartitionId id, std::shared_ptr<Partition> partition) {
  if (store_.session() != MetadataStore::Session::alive) co_return;
  auto wanted = proposal(id, *partition);
  if (!wanted) co_return;
  const bool proposed =
      partition->change_replicas([&](Replicas& replicas) { return replicas.propose(wanted->after.isr); });
  if (!proposed) co_return;
  MetadataChange change{wanted->guards};
  change.puts[partition_key(id.first, id.second)] = to_json(wanted->after);
  const Committed committed = co_await store_.commit(std::move(change));
  if (!is_settled(id, *partition, *wanted, committed))
    asio::co_spawn(loop_, settle(id, std::move(partition), std::move(*wanted)), asio::detached);
}

// What the store answered is the newest there is; an update will bring the same, perhaps much later.
bool IsrChanges::is_settled(const Catalog::PartitionId& id, Partition& partition, const Proposal& proposal,
                            const Committed& committed) const {
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
      return false;
    case Outcome::refused:
    case Outcome::conflict:
      break;
  }
  const auto found = committed.found.find(partition_key(id.first, id.second));
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
Task<void> IsrChanges::settle(Catalog::PartitionId id, std::shared_ptr<Partition> partition,
                              Proposal proposal) {
  const Self self = shared_from_this();
  const std::string key = partition_key(id.first, id.second);
  while (!stopped_) {
    co_await pause(pause_after_unknown);
    MetadataChange change;
    change.guards = {{Guard::Kind::unchanged, key, proposal.base}};
    change.puts[key] = to_json(rewritten(proposal.before));
    const Committed committed = co_await store_.commit(std::move(change));
    const bool is_told = committed.outcome != Outcome::conflict || committed.found.contains(key);
    if (!is_told) co_return;  // an update will tell
    if (committed.outcome == Outcome::refused) continue;
    if (is_settled(id, *partition, proposal, committed)) co_return;
  }
}

}  // namespace mq::core
