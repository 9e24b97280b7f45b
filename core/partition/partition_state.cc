// SPDX-License-Identifier: Apache-2.0
#include "core/partition/partition_state.h"

#include <algorithm>
#include <utility>

#include "core/partition/mistakes.h"

namespace mq::core {
namespace {

using Entries = std::vector<ReplicaEntry>;

bool is_among(const std::vector<BrokerId>& brokers, BrokerId broker) {
  return std::find(brokers.begin(), brokers.end(), broker) != brokers.end();
}

void remove_entry(Entries& entries, BrokerId broker) {
  std::erase_if(entries, [broker](const ReplicaEntry& entry) { return entry.broker == broker; });
}

// Of two entries of one broker the first stays.
void tidy_entries(Entries& entries, const std::vector<BrokerId>& replicas) {
  const auto by_broker = [](const ReplicaEntry& a, const ReplicaEntry& b) { return a.broker < b.broker; };
  const auto same_broker = [](const ReplicaEntry& a, const ReplicaEntry& b) { return a.broker == b.broker; };
  std::erase_if(entries, [&](const ReplicaEntry& entry) { return !is_among(replicas, entry.broker); });
  std::stable_sort(entries.begin(), entries.end(), by_broker);
  entries.erase(std::unique(entries.begin(), entries.end(), same_broker), entries.end());
}

bool is_below_min_isr(const PartitionState& state) {
  return state.isr.size() < static_cast<std::size_t>(std::max(state.min_isr, 0));
}

// A leader epoch names one run of one broker: it rises whenever that changes, to none, too.
void set_leader(PartitionState& state, ReplicaEntry leader) {
  if (leader == ReplicaEntry{state.leader, state.leader_broker_epoch}) return;
  state.leader = leader.broker;
  state.leader_broker_epoch = leader.epoch;
  state.leader_epoch++;
}

// Whoever leaves an ISR that then is too small to commit stays eligible.
void set_isr(PartitionState& state, Entries isr) {
  const Entries before = std::exchange(state.isr, std::move(isr));
  if (!is_below_min_isr(state)) return;
  for (const ReplicaEntry& left : before)
    if (!find_entry(state.isr, left.broker)) state.elr.insert(state.elr.begin(), left);
}

// The first in the order of preference.
const ReplicaEntry* electable_entry(const PartitionState& state, const Entries& entries,
                                    const Registrations& registrations) {
  for (const BrokerId replica : state.replicas) {
    const ReplicaEntry* entry = find_entry(entries, replica);
    if (entry && is_running(registrations, *entry)) return entry;
  }
  return nullptr;
}

bool is_registered(const Registrations& registrations, ReplicaEntry entry) {
  const auto found = registrations.find(entry.broker);
  return found != registrations.end() && found->second.epoch == entry.epoch;
}

// The mistake of who elects any run.
void take_for_this_run(PartitionState& state, const Registrations& registrations) {
  for (Entries* entries : {&state.isr, &state.elr})
    for (ReplicaEntry& entry : *entries)
      if (const auto found = registrations.find(entry.broker); found != registrations.end())
        entry.epoch = found->second.epoch;
}

bool is_leader_registered(const PartitionState& state, const Registrations& registrations) {
  const ReplicaEntry leader{state.leader, state.leader_broker_epoch};
  const ReplicaEntry* entry = find_entry(state.isr, state.leader);
  return entry && *entry == leader && is_registered(registrations, leader);
}

}  // namespace

bool is_running(const Registrations& registrations, ReplicaEntry entry) {
  return is_registered(registrations, entry) && registrations.at(entry.broker).running;
}

const ReplicaEntry* find_entry(std::span<const ReplicaEntry> entries, BrokerId broker) {
  for (const ReplicaEntry& entry : entries)
    if (entry.broker == broker) return &entry;
  return nullptr;
}

PartitionState normalise(PartitionState state) {
  tidy_entries(state.isr, state.replicas);
  tidy_entries(state.elr, state.replicas);
  for (const ReplicaEntry& member : state.isr) remove_entry(state.elr, member.broker);
  if (!is_below_min_isr(state) && !makes(Mistake::keeps_elr)) {
    state.elr.clear();
    state.last_known.clear();
  }

  const auto is_no_replica = [&](BrokerId broker) { return !is_among(state.replicas, broker); };
  std::erase_if(state.adding, is_no_replica);
  std::erase_if(state.removing, is_no_replica);

  std::sort(state.last_known.begin(), state.last_known.end());
  state.last_known.erase(std::unique(state.last_known.begin(), state.last_known.end()),
                         state.last_known.end());
  std::erase_if(state.last_known, [&](BrokerId broker) {
    return !is_among(state.replicas, broker) || find_entry(state.isr, broker) ||
           find_entry(state.elr, broker);
  });

  const ReplicaEntry* leader = find_entry(state.isr, state.leader);
  if (!leader || leader->epoch != state.leader_broker_epoch) set_leader(state, {});
  return state;
}

PartitionState initial_state(std::vector<BrokerId> replicas, int min_isr,
                             const Registrations& registrations) {
  PartitionState state;
  state.replicas = std::move(replicas);
  state.min_isr = std::clamp(min_isr, 1, std::max(1, static_cast<int>(state.replicas.size())));
  for (const BrokerId replica : state.replicas) {
    const auto found = registrations.find(replica);
    if (found == registrations.end() || !found->second.running) continue;
    state.isr.push_back({replica, found->second.epoch});
    if (state.leader < 0) {
      state.leader = replica;
      state.leader_broker_epoch = found->second.epoch;
    }
  }
  return normalise(std::move(state));
}

PartitionState expand(PartitionState state, ReplicaEntry joining) {
  if (find_entry(state.isr, joining.broker)) return state;
  Entries isr = state.isr;
  isr.push_back(joining);
  set_isr(state, std::move(isr));
  return normalise(std::move(state));
}

PartitionState shrink(PartitionState state, std::span<const BrokerId> leaving) {
  Entries isr = state.isr;
  for (const BrokerId broker : leaving)
    if (broker != state.leader) remove_entry(isr, broker);
  set_isr(state, std::move(isr));
  return normalise(std::move(state));
}

PartitionState recovered(PartitionState state) {
  state.recovering = false;
  return state;
}

PartitionState fence(const PartitionState& state, const Registrations& registrations) {
  PartitionState fenced = state;
  if (makes(Mistake::elects_any_run)) take_for_this_run(fenced, registrations);
  Entries isr = state.isr;
  std::erase_if(isr, [&](const ReplicaEntry& entry) { return !is_registered(registrations, entry); });
  set_isr(fenced, std::move(isr));
  return elect(std::move(fenced), registrations);
}

namespace {

// Since it was made none of its replicas has run.
bool was_never_led(const PartitionState& state) {
  return state.leader < 0 && state.leader_epoch == 0 && state.isr.empty() && state.elr.empty() &&
         state.last_known.empty();
}

}  // namespace

PartitionState elect(PartitionState state, const Registrations& registrations) {
  if (is_leader_registered(state, registrations)) return normalise(std::move(state));
  if (was_never_led(state)) state.isr = initial_state(state.replicas, state.min_isr, registrations).isr;
  if (const ReplicaEntry* entry = electable_entry(state, state.isr, registrations)) {
    set_leader(state, *entry);
  } else if (const ReplicaEntry* eligible = electable_entry(state, state.elr, registrations);
             state.isr.empty() && eligible) {
    state.isr = {*eligible};
    set_leader(state, state.isr.front());
  } else {
    set_leader(state, {});
  }
  return normalise(std::move(state));
}

PartitionState move_leader(PartitionState state, BrokerId to, const Registrations& registrations) {
  const ReplicaEntry* entry = find_entry(state.isr, to);
  if (entry && is_running(registrations, *entry)) set_leader(state, *entry);
  return state;
}

PartitionState with_min_isr(PartitionState state, int min_isr) {
  // Whoever is only about to become a replica is not waited for.
  const auto replicas = static_cast<int>(state.replicas.size() - state.adding.size());
  state.min_isr = std::clamp(min_isr, 1, std::max(1, replicas));
  return normalise(std::move(state));
}

namespace {

std::vector<BrokerId> without(std::vector<BrokerId> brokers, const std::vector<BrokerId>& others) {
  std::erase_if(brokers, [&](BrokerId broker) { return is_among(others, broker); });
  return brokers;
}

// Others than these are replicas no more, and whoever leads is known to be one: in a leader epoch of its own,
// so that nobody takes what a former replica asks or says for news. Nothing: nobody can lead.
std::optional<PartitionState> keep_only(PartitionState state, std::vector<BrokerId> replicas,
                                        const Registrations& registrations) {
  const Epoch before = state.leader_epoch;
  state.replicas = std::move(replicas);
  state.adding.clear();
  state.removing.clear();
  std::erase_if(state.isr,
                [&](const ReplicaEntry& entry) { return !is_among(state.replicas, entry.broker); });
  if (state.isr.empty()) return std::nullopt;
  state = elect(std::move(state), registrations);
  if (state.leader < 0) return std::nullopt;
  if (state.leader_epoch == before) state.leader_epoch++;
  return with_min_isr(std::move(state), state.min_isr);
}

}  // namespace

PartitionState reassign(PartitionState state, const std::vector<BrokerId>& target) {
  const std::vector<BrokerId> now = without(state.replicas, state.adding);
  state.adding = without(target, now);
  state.removing = without(now, target);
  state.replicas = target;
  state.replicas.insert(state.replicas.end(), state.removing.begin(), state.removing.end());
  return normalise(std::move(state));
}

std::optional<PartitionState> reassigned(const PartitionState& state, const Registrations& registrations) {
  if (state.adding.empty() && state.removing.empty()) return std::nullopt;
  const std::vector<BrokerId> target = without(state.replicas, state.removing);
  const bool in_sync = std::all_of(target.begin(), target.end(),
                                   [&](BrokerId broker) { return find_entry(state.isr, broker) != nullptr; });
  if (!in_sync || is_below_min_isr(state)) return std::nullopt;
  return keep_only(state, target, registrations);
}

std::optional<PartitionState> cancel_reassignment(const PartitionState& state,
                                                  const Registrations& registrations) {
  if (state.adding.empty() && state.removing.empty()) return std::nullopt;
  return keep_only(state, without(state.replicas, state.adding), registrations);
}

PartitionState elect_unclean(PartitionState state, ReplicaEntry leader) {
  state.isr = {leader};
  state.elr.clear();
  state.last_known.clear();
  state.recovering = true;
  state.leader = leader.broker;
  state.leader_broker_epoch = leader.epoch;
  state.leader_epoch++;  // also for the leader that it had: what it leads is another log
  return normalise(std::move(state));
}

std::optional<PartitionState> elect_any(const PartitionState& state, const Registrations& registrations) {
  for (const std::vector<BrokerId>* brokers : {&state.last_known, &state.replicas})
    for (const BrokerId broker : *brokers) {
      const auto found = registrations.find(broker);
      if (found == registrations.end() || !found->second.running) continue;
      return elect_unclean(state, {broker, found->second.epoch});
    }
  return std::nullopt;
}

PartitionState restarted(PartitionState state, ReplicaEntry self, bool trusted) {
  if (makes(Mistake::leads_on_after_restart) && trusted && state.leader == self.broker)
    state.leader_broker_epoch = self.epoch;
  for (Entries* entries : {&state.isr, &state.elr}) {
    const ReplicaEntry* entry = find_entry(*entries, self.broker);
    if (!entry || entry->epoch == self.epoch) continue;
    remove_entry(*entries, self.broker);
    if (trusted)
      entries->push_back(self);
    else
      state.last_known.push_back(self.broker);
  }
  return normalise(std::move(state));  // of a leader without its entry it makes none
}

PartitionState rewritten(PartitionState state) {
  state.writes++;
  return state;
}

}  // namespace mq::core
