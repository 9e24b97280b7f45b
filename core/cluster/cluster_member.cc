// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/cluster_member.h"

#include <algorithm>

namespace mq::core {

namespace {

constexpr auto unheard_after = std::chrono::seconds(2);  // followers ask twice a second
constexpr std::size_t brokers_min = 3;                   // of two none is the minority

}  // namespace

ClusterMember::ClusterMember(asio::io_context& loop, const Clock& clock, MetadataStore& store,
                             const Catalog& catalog, const PartitionTable& partitions, MetadataLoader& loader,
                             Options options)
    : clock_(clock),
      store_(store),
      catalog_(catalog),
      partitions_(partitions),
      loader_(loader),
      adding_rate_(std::move(options.adding_rate)),
      replica_fetches_(loop, clock, partitions),
      followers_(loop, clock, internal_connector(std::move(options.connect), catalog),
                 {options.membership.self, [&loader] { return loader.broker_epoch(); }}),
      isr_changes_(std::make_shared<IsrChanges>(loop, clock, store, catalog, partitions,
                                                options.membership.self, options.lag_max)),
      elections_(std::make_shared<Elections>(loop, clock, store, catalog, loader, options.membership.self)),
      upkeep_(std::make_shared<Upkeep>(loop, clock, store, catalog, loader, elections_)),
      watch_(options.watches
                 ? std::make_shared<BrokerWatch>(loop, clock, store, catalog, options.membership.self)
                 : nullptr),
      membership_(std::make_shared<ClusterMembership>(loop, clock, store, catalog, loader,
                                                      std::move(options.membership))) {}

void ClusterMember::run(std::vector<Endpoint> endpoints) {
  loader_.on_role_set(
      [this](const Topic& topic, std::int32_t index, const auto& partition, const PartitionState& state) {
        followers_.set_role({topic.id, index}, partition, state);
      });
  loader_.on_update([this](const Catalog::Applied& update) { updated(update); });
  replica_fetches_.on_fetched([this](const ReplicaSession::Key& key, Partition& partition) {
    if (partition.replicas()->isr().size() < partition.replicas()->replica_count())
      isr_changes_->look_at(key);
  });
  replica_fetches_.limit(
      [this](const ReplicaSession::Key& key, BrokerId broker) {
        const auto known = catalog_.states().find(key);
        return known != catalog_.states().end() && std::ranges::count(known->second.state.adding, broker) > 0;
      },
      adding_rate_);
  isr_changes_->run();
  elections_->run();
  upkeep_->run();
  membership_->while_suspect([this] { send_away_if_cut_off(); });
  membership_->run(std::move(endpoints));
}

void ClusterMember::updated(const Catalog::Applied& update) {
  for (const Catalog::TopicChange& change : update.topics)
    if (!change.after)
      for (std::int32_t i = 0; i < change.before->partitions; i++) followers_.leave({change.before->id, i});
  if (update.brokers) isr_changes_->look_at_all();
  elections_->updated(update);
  if (watch_ && update.brokers) watch_->updated();
}

bool ClusterMember::is_cut_off() const {
  return store_.session() == MetadataStore::Session::suspect && catalog_.live().size() >= brokers_min &&
         clock_.now() - replica_fetches_.heard() > unheard_after;
}

// Who waits for followers would wait until its own deadline.
void ClusterMember::send_away_if_cut_off() {
  if (!is_cut_off()) return;
  for (const Uuid& topic : partitions_.topics())
    for (const auto& partition : partitions_.of(topic))
      if (partition && partition->leads() && partition->replicas()->isr().size() > 1) partition->send_away();
}

void ClusterMember::stop() {
  membership_->stop();
  elections_->stop();
  upkeep_->stop();
  if (watch_) watch_->stop();
  isr_changes_->stop();
  followers_.stop();
  replica_fetches_.stop();
  // Who waits for other replicas is told that this one does not lead any more.
  for (const Uuid& topic : partitions_.topics())
    for (const auto& partition : partitions_.of(topic))
      if (partition && partition->leads()) partition->follow(partition->leader_epoch());
}

}  // namespace mq::core
