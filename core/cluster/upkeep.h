// SPDX-License-Identifier: Apache-2.0
// What the elected controller sees to from time to time, without being asked: internal topics have as many
// replicas as there are brokers for, three at most; the limit of what moves does not outlive what moves.
// Lives on the loop.
#pragma once

#include <map>
#include <memory>

#include "core/cluster/elections.h"
#include "core/metadata/replica_changes.h"

namespace mq::core {

// Where partitions of internal topics should be, those that have too few replicas and do not move: on brokers
// that run and are to stay, in other racks before the same one, led by each alike. Pure.
struct WantedReplicas {
  TopicPartition partition;
  std::vector<BrokerId> replicas;
  bool operator==(const WantedReplicas&) const = default;
};
std::vector<WantedReplicas> due_internal_replicas(const Catalog& catalog);

// Names of broker configurations that limit what moves. Pure.
std::vector<std::string> with_replication_rate(const Catalog& catalog);
bool anything_moves(const Catalog& catalog);  // pure

class Upkeep : public std::enable_shared_from_this<Upkeep> {
 public:
  // A limit may be set before what it is for begins to move.
  static constexpr auto rate_kept = std::chrono::seconds(10);

  Upkeep(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
         MetadataLoader& loader, std::shared_ptr<const Elections> elections);

  void run();
  void stop();

 private:
  using Self = std::shared_ptr<Upkeep>;

  static Task<void> work(Self self);
  bool may_act() const { return !stopped_ && elections_->is_controller(); }
  Task<void> replicate_internal_topics();
  Task<void> lift_limits();
  Task<void> lift_limit(std::string name);

  asio::io_context& loop_;
  const Clock& clock_;
  MetadataStore& store_;
  const Catalog& catalog_;
  const std::shared_ptr<const Elections> elections_;
  ReplicaChanges changes_;
  struct Idle {
    EntryVersion version = 0;
    Time since = {};  // that nothing has moved
  };
  std::map<std::string, Idle> idle_;  // limits
  std::weak_ptr<Waiter> waiter_;
  bool stopped_ = false;
};

}  // namespace mq::core
