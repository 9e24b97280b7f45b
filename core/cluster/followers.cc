// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/followers.h"

#include <algorithm>

namespace mq::core {

void Followers::set_role(const Catalog::PartitionId& id, const std::shared_ptr<Partition>& partition,
                         const PartitionState& state) {
  const bool is_replica = std::ranges::find(state.replicas, self_.broker) != state.replicas.end();
  const bool follows = is_replica && !partition->leads() && state.leader >= 0 && state.leader != self_.broker;
  const Source source{state.leader, find_entry(state.isr, self_.broker) != nullptr};
  const auto now = sources_.find(id);
  if (now != sources_.end() && (!follows || now->second != source)) leave(id);
  if (!follows) return;
  sources_[id] = source;
  auto& fetcher = fetchers_[source];
  if (!fetcher) fetcher = std::make_shared<ReplicaFetcher>(loop_, clock_, connect_, self_, state.leader);
  fetcher->follow(id, partition, state.leader_epoch, state.recovering);
}

void Followers::leave(const Catalog::PartitionId& id) {
  const auto now = sources_.extract(id);
  if (now) fetchers_.at(now.mapped())->leave(id);
}

void Followers::stop() {
  for (const auto& [source, fetcher] : fetchers_) fetcher->stop();
}

}  // namespace mq::core
