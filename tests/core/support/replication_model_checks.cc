// SPDX-License-Identifier: Apache-2.0
// What must hold in the model, whatever happens.
#include <algorithm>

#include "tests/core/support/replication_story.h"

namespace mq::core {

bool ReplicationModel::agrees(const Broker& broker, Offset offset) const {
  const auto at = static_cast<std::size_t>(offset);
  return broker.log[at].is_removed() || broker.log[at] == committed_[at];
}

bool ReplicationModel::is_complete(Broker& broker) {
  const Offset end = std::min(broker.durable_end, static_cast<Offset>(committed_.size()));
  while (broker.agreed < end && agrees(broker, broker.agreed)) broker.agreed++;
  return broker.agreed == static_cast<Offset>(committed_.size());
}

// Whoever may be elected has all that was committed, durably. An entry of a run before the disk was lost
// cannot be.
void ReplicationModel::check_candidates() {
  for (const auto* entries : {&current().state.isr, &current().state.elr})
    for (const ReplicaEntry& entry : *entries) {
      Broker& broker = broker_of(entry.broker);
      const bool is_inert =
          broker.is_lossy && (broker.life == Broker::Life::down || broker.epoch != entry.epoch);
      if (is_inert || is_complete(broker)) continue;
      violated("broker ", entry.broker, " is in the ", entries == &current().state.isr ? "ISR" : "ELR",
               " and has ", broker.agreed, " of ", committed_.size(), " committed");
    }
}

void ReplicationModel::check_form(const PartitionState& before, const PartitionState& next) const {
  if (next != normalise(next)) violated("not in its canonical form: ", text_of(next));
  const int rise = next.leader_epoch - before.leader_epoch;
  if (rise != (is_same_leadership(before, next) ? 0 : 1))
    violated("the leader epoch rises by ", rise, ": ", text_of(before), ", then ", text_of(next));
  for (const ReplicaEntry& entry : next.isr) {
    const auto found = registrations_.find(entry.broker);
    const bool is_registered = found != registrations_.end() && found->second.epoch == entry.epoch;
    const auto is_same = [&](const ReplicaEntry& other) { return other == entry; };
    if (std::none_of(before.isr.begin(), before.isr.end(), is_same) && !is_registered)
      violated("broker ", entry.broker, " joined the ISR and is not registered as ", entry.epoch);
  }
}

// One disk at a time, and only while somebody else may be elected.
bool ReplicationModel::may_lose_disk(const Broker& broker) const {
  bool others = false;
  for (const auto* entries : {&current().state.isr, &current().state.elr})
    for (const ReplicaEntry& entry : *entries) others = others || entry.broker != broker.id;
  return others &&
         std::none_of(brokers_.begin(), brokers_.end(), [](const Broker& each) { return each.is_lossy; });
}

void ReplicationModel::note_recovered(Broker& broker) {
  if (!broker.is_lossy || broker.life == Broker::Life::down) return;
  const ReplicaEntry* entry = find_entry(current().state.isr, broker.id);
  if (entry && entry->epoch == broker.epoch && is_complete(broker)) broker.is_lossy = false;
}

}  // namespace mq::core
