// SPDX-License-Identifier: Apache-2.0
// Who leads a partition, which replicas are in sync, and every step from one such state to the next: shared
// by the partition's leader, a broker that starts, and the controller. Each writes the state with a
// compare-and-swap on the version it made it from. Pure: no I/O, no clock, no threads.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/types.h"

namespace mq::core {

// One run of a broker, as the metadata store numbers its registration: rises, is never given twice.
using BrokerEpoch = std::int64_t;

// An entry of the ISR or of the ELR. Speaks for that run of the broker only: a later run has to prove that it
// still holds the data before it takes the entry over.
struct ReplicaEntry {
  BrokerId broker = -1;
  BrokerEpoch epoch = -1;
  auto operator<=>(const ReplicaEntry&) const = default;
};

// A broker with a session. Only one that is running may be elected or join an ISR; another starts or drains.
struct Registration {
  BrokerEpoch epoch = -1;
  bool running = false;
  bool operator==(const Registration&) const = default;
};
using Registrations = std::map<BrokerId, Registration>;

// The entry's very run of the broker is registered and running.
bool is_running(const Registrations& registrations, ReplicaEntry entry);

struct PartitionState {
  BrokerId leader = -1;  // -1: none
  BrokerEpoch leader_broker_epoch = -1;
  Epoch leader_epoch = 0;
  std::vector<BrokerId> replicas;  // in the order in which they are preferred as leader
  std::vector<ReplicaEntry> isr;   // by broker
  // Eligible leader replicas (KIP-966): were removed from the ISR while it was below min ISR, and hold
  // everything that was committed since nothing could be. By broker.
  std::vector<ReplicaEntry> elr;
  std::vector<BrokerId> last_known;  // removed because their disk was not to be trusted
  // While it moves to other replicas: those that are to be replicas when it has moved and are not yet counted
  // on, and those that are replicas as long as it has not. Both are among `replicas`.
  std::vector<BrokerId> adding = {}, removing = {};
  int min_isr = 1;          // the effective one, never above the number of replicas
  bool recovering = false;  // elected unclean: replicas may truncate what was committed
  std::int64_t writes = 0;  // of this state into the store

  bool operator==(const PartitionState&) const = default;
};

const ReplicaEntry* find_entry(std::span<const ReplicaEntry> entries, BrokerId broker);  // null: not there

// The canonical form that every function below returns and every writer keeps. In a partition that can commit
// nobody outside the ISR is eligible, however complete that replica once was; a leader is in the ISR, or is
// none.
PartitionState normalise(PartitionState state);

// ---- a new partition: led by the first replica that runs, all that run in sync
PartitionState initial_state(std::vector<BrokerId> replicas, int min_isr, const Registrations& registrations);

// ---- by the leader: the leader epoch stays (KAFKA-15021)
PartitionState expand(PartitionState state, ReplicaEntry joining);
PartitionState shrink(PartitionState state, std::span<const BrokerId> leaving);  // the leader never leaves
PartitionState recovered(PartitionState state);  // an unclean election has been overcome

// ---- by the controller
// Removes from the ISR who is not registered under the entry's epoch; elects when that takes the leader.
PartitionState fence(const PartitionState& state, const Registrations& registrations);
// A leader that is registered stays. Otherwise the first replica in their order that is in the ISR and runs;
// only when the ISR is empty one of the ELR, which then is the whole ISR; otherwise none. Of a partition that
// nobody ever led all replicas that run are in sync: there is nothing in it.
PartitionState elect(PartitionState state, const Registrations& registrations);
// Preferred leader, balance, drain: to another member of the ISR. Unchanged when that one does not run.
PartitionState move_leader(PartitionState state, BrokerId to, const Registrations& registrations);
PartitionState with_min_isr(PartitionState state, int min_isr);
// Begins to move the partition to these replicas, the preferred leader first: until they have caught up, all
// are replicas. One that is moving already goes there instead.
PartitionState reassign(PartitionState state, const std::vector<BrokerId>& target);
// The partition has moved once all of the target are in sync and one of them, which runs, can lead: the
// others are no replicas any more. Nothing: it has not yet, or does not move.
std::optional<PartitionState> reassigned(const PartitionState& state, const Registrations& registrations);
// Back to where it was. Nothing: it does not move, or nobody who stays has all that is committed.
std::optional<PartitionState> cancel_reassignment(const PartitionState& state,
                                                  const Registrations& registrations);
// `leader` alone, whatever it lacks: loses what the others have and it does not.
PartitionState elect_unclean(PartitionState state, ReplicaEntry leader);
// The same of the replica that may have most, of those that run: one that had everything until its disk was
// not to be trusted, otherwise the first. Nothing: none runs.
std::optional<PartitionState> elect_any(const PartitionState& state, const Registrations& registrations);

// ---- by a broker that starts, before it is running
// Its entries count for this run when it may be trusted to hold all that it acknowledged; otherwise they are
// removed. If it led it does so no more: its log's end may be another than the one it led with.
PartitionState restarted(PartitionState state, ReplicaEntry self, bool trusted);

// ---- by any writer
// The same in other bytes. Resolves a write of unknown outcome: once this is written on the version which
// that one was made from, it can never be applied; a store may skip a write that changes nothing.
PartitionState rewritten(PartitionState state);

}  // namespace mq::core
