// SPDX-License-Identifier: Apache-2.0
// The partitions that this broker follows: two fetchers for each broker that leads any of them, one for those
// in which this one is in sync and one for those in which it catches up. Lives on the loop.
#pragma once

#include <map>
#include <memory>

#include "core/cluster/replica_fetcher.h"

namespace mq::core {

class Followers {
 public:
  Followers(asio::io_context& loop, const Clock& clock, ReplicaFetcher::Connect connect,
            ReplicaFetcher::Self self)
      : loop_(loop), clock_(clock), connect_(std::move(connect)), self_(std::move(self)) {}

  // The partition has this role now, as `state` says: it follows the leader, if there is one, or leads.
  void set_role(const Catalog::PartitionId& id, const std::shared_ptr<Partition>& partition,
                const PartitionState& state);
  void leave(const Catalog::PartitionId& id);  // it is gone
  void stop();

 private:
  struct Source {
    BrokerId leader = -1;
    bool in_sync = false;
    auto operator<=>(const Source&) const = default;
  };

  asio::io_context& loop_;
  const Clock& clock_;
  const ReplicaFetcher::Connect connect_;
  const ReplicaFetcher::Self self_;
  std::map<Source, std::shared_ptr<ReplicaFetcher>> fetchers_;
  std::map<Catalog::PartitionId, Source> sources_;  // from which each is copied
};

}  // namespace mq::core
