// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/followers.h"

#include <algorithm>

namespace mq::core {

void Followers::set_role(const Catalog::PartitionId& id, const std::shared_ptr<Partition>& partition,
                         const PartitionState& state) {
  const bool is_replica = std::ranges::find(state.replicas, self_.broker) != state.replicas.end();
  const bool follows = is_replica && !partition->leads() && state.leader >= 0 && state.leader != self_.broker;
  const auto now = leaders_.find(id);
  if (now != leaders_.end() && (!follows || now->second != state.leader)) leave(id);
  if (!follows) return;
  leaders_[id] = state.leader;
  auto& fetcher = fetchers_[state.leader];
  if (!fetcher) fetcher = std::make_shared<ReplicaFetcher>(loop_, clock_, connect_, self_, state.leader);
  fetcher->follow(id, partition, state.leader_epoch, state.recovering);
}

void Followers::leave(const Catalog::PartitionId& id) {
  const auto now = leaders_.extract(id);
  if (now) fetchers_.at(now.mapped())->leave(id);
}

void Followers::stop() {
  for (const auto& [leader, fetcher] : fetchers_) fetcher->stop();
}

}  // namespace mq::core
