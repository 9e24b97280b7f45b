// SPDX-License-Identifier: Apache-2.0
// Which replica has how much of a partition's log durably, and what is therefore committed: as the leader of
// one leader epoch sees it. Lives and dies with the leadership. Pure: no I/O, no clock, no threads.
//
// The high watermark waits for the maximal ISR (KIP-497): everybody in the ISR that the store is known to
// hold, and everybody in the one that was proposed to it, until the store's own answer shows which of the two
// holds. So whoever is elected from what the store holds has everything that was committed.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "core/partition/partition_state.h"
#include "core/types.h"

namespace mq::core {

using StateVersion = std::int64_t;  // of a partition's state in the metadata store; rises with every write

class Replicas {
 public:
  // The leader's own log when it was elected. `end` is the leader-epoch start offset (LESO): everything that
  // was committed in earlier epochs lies before it.
  struct Log {
    Offset end = 0;
    Offset durable_end = 0;
    Offset high_watermark = 0;  // the last one that it knew as a follower, or kept over a restart
  };
  // A fetch of a follower, checked by the caller: its log does not diverge from this one.
  struct Fetch {
    BrokerId broker = -1;
    BrokerEpoch broker_epoch = -1;
    Epoch leader_epoch = -1;
    Offset durable_end = 0;
    Offset start = 0;
  };

  // `state` names broker `self` as leader. The lag of each follower counts from `now`.
  Replicas(BrokerId self, const PartitionState& state, StateVersion version, const Log& log, Time now);

  // ---- how much there is
  void flushed(Offset durable_end, Time now);  // the leader's own log is durable up to here
  // A write failed, or it was elected while it truncated: the leader's own log ends here, and goes on in the
  // same epoch. What a follower is known to have behind it may be of an earlier epoch, from another leader,
  // and is not what will be there.
  void truncated(Offset end);
  // False: a fetch of another leader epoch, of an earlier run of the broker, or of no replica; without
  // effect.
  bool fetched(const Fetch& fetch, Time now);

  // Everything before it is committed: on the durable logs of the whole maximal ISR. Never goes back; stands
  // while the ISR is below min ISR.
  Offset high_watermark() const { return high_watermark_; }
  Offset leader_epoch_start() const { return leader_epoch_start_; }

  // ---- who is in sync
  Epoch leader_epoch() const { return leader_epoch_; }
  StateVersion version() const { return version_; }  // the state is known to have been so
  const std::vector<ReplicaEntry>& isr() const { return isr_; }
  // Of these, a follower in sync that has what lies at this offset, or ends there; of several the one that
  // has most. Nothing: there is none.
  std::optional<BrokerId> reader_at(Offset offset, std::span<const BrokerId> brokers) const;
  std::size_t replica_count() const { return replicas_.size(); }
  bool has(BrokerId broker) const {
    return std::find(replicas_.begin(), replicas_.end(), broker) != replicas_.end();
  }
  bool is_below_min_isr() const;

  // Who may be proposed to join: a replica that runs, and that in this leader epoch and in this run has asked
  // from an offset behind which nothing is committed (at or after the high watermark and LESO). Nobody while
  // a proposal is pending.
  std::vector<ReplicaEntry> joinable(const Registrations& registrations) const;
  // Which members of the ISR had not all that the leader had for longer than `lag_max`. Nobody while a
  // proposal is pending.
  std::vector<BrokerId> lagging(Time now, Time::duration lag_max) const;

  // ---- changing the ISR: at most one proposal at a time
  // Before it is sent to the store, to be written on version(). False: another one is pending.
  bool propose(std::vector<ReplicaEntry> isr);
  bool is_pending() const { return proposal_.has_value(); }
  // The store answered that the proposal made on `base` was not written: a guard failed.
  void refused(StateVersion base);
  // No answer: it may have been written, or yet be. It is waited for until a newer version is adopted: write
  // the state anew on version() (see rewritten) and adopt what then is there. Reading cannot resolve it.
  void unknown(StateVersion base);
  bool is_unknown() const { return proposal_ && proposal_->unknown; }

  // What the store holds, from its answers or its watch; stale versions are ignored. A newer one ends the
  // proposal, which was made on an older: it has been written, or never will be. False: leads no more, and
  // nothing changed.
  bool adopt(const PartitionState& state, StateVersion version);

 private:
  struct Follower {
    Offset durable_end = -1;  // -1: it has not asked yet
    Offset start = 0;
    BrokerEpoch broker_epoch = -1;
    Time caught_up_at;  // then it had all that the leader had
    Time fetched_at;
    Offset leader_end_at_fetch = -1;
  };
  struct Proposal {
    std::vector<ReplicaEntry> isr;
    bool unknown = false;
  };

  Offset durable_end_of(BrokerId broker) const;
  void advance();
  void take(const PartitionState& state, StateVersion version);

  const BrokerId self_;
  const BrokerEpoch self_epoch_;
  const Epoch leader_epoch_;
  Offset leader_epoch_start_;
  Offset durable_end_ = 0, high_watermark_ = 0;
  std::map<BrokerId, Follower> followers_;

  StateVersion version_ = -1;
  std::vector<BrokerId> replicas_;
  std::vector<ReplicaEntry> isr_;
  int min_isr_ = 1;
  std::optional<Proposal> proposal_;
};

}  // namespace mq::core
