// SPDX-License-Identifier: Apache-2.0
// What makes a broker one of several: builds the parts of this folder, and lets them hear of each other.
// Lives on the loop.
#pragma once

#include "core/cluster/broker_watch.h"
#include "core/cluster/cluster_membership.h"
#include "core/cluster/elections.h"
#include "core/cluster/followers.h"
#include "core/cluster/isr_changes.h"
#include "core/cluster/replica_fetches.h"
#include "core/cluster/upkeep.h"

namespace mq::core {

class ClusterMember {
 public:
  using Connect = ConnectAt;
  struct Options {
    ClusterMembership::Options membership;
    Connect connect;
    Time::duration lag_max = std::chrono::seconds(10);  // replica.lag.time.max.ms
    bool watches = false;                               // others' processes, by TCP
    std::function<std::uint64_t()> adding_rate = [] {
      return UINT64_MAX;
    };  // leader.replication.throttled.rate
  };

  ClusterMember(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
                const PartitionTable& partitions, MetadataLoader& loader, Options options);

  void run(std::vector<Endpoint> endpoints);  // where others reach this broker
  void set_writable(bool writable) { membership_->set_writable(writable); }
  Task<void> leave(Time::duration patience) { return membership_->leave(patience); }
  void stop();

  ReplicaFetches& replica_fetches() { return replica_fetches_; }
  bool is_running() const { return membership_->is_running(); }
  // The store is not heard, nor any follower, though there are others: a minority of one. What is led here
  // may be led by somebody else, and nothing of it can be committed.
  bool is_cut_off() const;
  StoreSeen seen() const { return membership_->seen(); }
  bool is_controller() const { return elections_->is_controller(); }

 private:
  void updated(const Catalog::Applied& update);
  void send_away_if_cut_off();

  const Clock& clock_;
  const MetadataStore& store_;
  const Catalog& catalog_;
  const PartitionTable& partitions_;
  MetadataLoader& loader_;
  const std::function<std::uint64_t()> adding_rate_;
  ReplicaFetches replica_fetches_;
  Followers followers_;
  const std::shared_ptr<IsrChanges> isr_changes_;
  const std::shared_ptr<Elections> elections_;
  const std::shared_ptr<Upkeep> upkeep_;
  const std::shared_ptr<BrokerWatch> watch_;  // null: nobody is watched
  const std::shared_ptr<ClusterMembership> membership_;
};

}  // namespace mq::core
