// SPDX-License-Identifier: Apache-2.0
// How a broker begins to serve, alone or when it is one of its cluster, and what there is only in a cluster.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <set>

#include "core/broker/broker_parts.h"
#include "core/broker/cluster_start.h"
#include "core/broker/identity.h"
#include "core/error.h"
#include "core/loop/run_on.h"

namespace mq::core {

namespace {

constexpr auto store_noted_every = std::chrono::seconds(60);

}  // namespace

// Enrols the directory if it is new to the cluster; both as the configuration says.
void Broker::join_cluster() {
  Parts& p = *parts_;
  if (config_.is_alone() && p.identity.is_member)
    throw WrongStart(7, config_.data.string() + " belongs to broker " + std::to_string(p.identity.node_id) +
                            " of cluster " + p.identity.cluster_id +
                            "; it needs the cluster's etcd (--etcd) or Consul (--consul)");
  if (config_.is_alone()) return;
  world_.cluster = cluster_of(config_, p.clock, p.workers);
  if (p.identity.is_member && config_.node_id && *config_.node_id != p.identity.node_id)
    throw WrongStart(7, config_.data.string() + " belongs to node " + std::to_string(p.identity.node_id) +
                            ", not to node " + std::to_string(*config_.node_id));
  if (p.identity.is_member) return;
  Applicant applicant{p.identity.cluster_id, p.identity.directory_id, config_.node_id};
  applicant.has_topics = has_topics(p.journal->meta());
  applicant.rack = config_.rack;
  const Enrolled enrolled =
      enrol_now(*world_.cluster, p.clock, p.identity, std::move(applicant), config_.join_timeout);
  p.identity.cluster_id = enrolled.cluster_id;
  p.identity.node_id = enrolled.broker;
  p.identity.is_member = true;
  remember(files_, config_.data, p.journal->meta(), p.identity);
}

namespace {

// Of groups that are coordinated here, wherever the topic was deleted.
Task<void> forget_commits(std::shared_ptr<GroupCoordinator> groups, std::string topic) {
  co_await groups->commits().topic_removed(std::move(topic));
}

}  // namespace

void Broker::run(std::vector<Endpoint> endpoints, std::function<void()> serves) {
  Parts& p = *parts_;
  if (!p.cluster) {
    accept(Listened::by_clients);
    p.loader->run();
    return asio::post(loop_, std::move(serves));
  }
  p.loader->on_update([this](const Catalog::Applied& update) {
    for (const std::string& name : update.configs) config_changed(name);
    note_store_later();
    for (const auto& [before, after] : update.topics)
      if (!after) asio::co_spawn(loop_, forget_commits(parts_->groups, before->name), asio::detached);
  });
  accept(Listened::by_brokers);
  p.serves = [this, serves = std::move(serves)] {
    accept(Listened::by_clients);
    serves();
  };
  p.cluster->run(std::move(endpoints));
}

// Whoever altered it.
void Broker::config_changed(const std::string& name) {
  Parts& p = *parts_;
  const std::size_t slash = name.find('/');
  const std::string_view kind = std::string_view(name).substr(0, slash);
  const std::string what = slash == name.npos ? std::string() : name.substr(slash + 1);
  const ConfigMap& values = p.catalog->config(kind, what);
  if (kind == group_kind) p.groups->configs().set(what, values);
  if (kind != broker_kind) return;
  if (what == all_brokers) p.dynamic.cluster = values;
  if (what == std::to_string(p.identity.node_id)) p.dynamic.broker = values;
  asio::co_spawn(loop_, p.loader->defaults_changed(topic_defaults(config_, p.dynamic)), asio::detached);
}

// Nothing is known of the cluster yet: it is joined while the loop runs.
void Broker::open_cluster() {
  Parts& p = *parts_;
  const storage::Recovery& recovery = p.journal->recovery();
  const bool is_durable = config_.flush == storage::Flush::sync || recovery.clean;
  ClusterMember::Options options;
  options.connect = world_.cluster->connect;
  options.membership.self = p.identity.node_id;
  options.membership.entry.incarnation = random_uuid(p.clock);
  options.membership.entry.directory = p.identity.directory_id;
  options.membership.entry.rack = config_.rack;
  const auto seen = p.journal->meta().get(store_seen_key);
  if (seen && *seen)
    if (const auto parsed = parse_store_seen(**seen)) options.membership.seen = *parsed;
  options.membership.cluster_id = p.identity.is_member ? p.identity.cluster_id : "";
  options.membership.incarnations = p.identity.incarnations;
  if (p.identity.is_member)
    options.membership.remember = [this](std::vector<Uuid> incarnations) {
      return remember_incarnations(std::move(incarnations));
    };
  options.membership.newest_epoch = [&p](const Catalog::PartitionId& id) {
    const auto partition = p.partitions->find(id.first, id.second);
    return partition ? partition->epochs().last() : -1;
  };
  options.membership.joined = [&p] {
    if (const auto serves = std::exchange(p.serves, {})) serves();
  };
  options.lag_max = config_.replica_lag_max;
  options.watches = world_.cluster->watches;
  options.adding_rate = [&p] { return replication_rate(p.dynamic); };
  // What was not in the directory when it was opened is empty, and was not when it was counted on.
  std::set<PartitionNumber> found;
  for (const Uuid& topic : p.partitions->topics())
    for (const auto& partition : p.partitions->of(topic))
      if (partition) found.insert(partition->number());
  options.membership.is_trusted = [&p, is_durable, found = std::move(found)](const Catalog::PartitionId& id) {
    const auto partition = p.partitions->find(id.first, id.second);
    const auto& damaged = p.journal->recovery().damaged;
    return is_durable && partition && found.contains(partition->number()) &&
           !std::ranges::binary_search(damaged, partition->number());
  };
  p.cluster = std::make_unique<ClusterMember>(loop_, p.clock, *p.store, *p.catalog, *p.partitions, *p.loader,
                                              std::move(options));
  p.catalog->when_cut_off([&p] { return p.cluster && p.cluster->is_cut_off(); });
  p.catalog->while_store_is_heard([&p] { return p.store->session() != MetadataStore::Session::suspect; });
}

// Not often: that the store is older than what was seen a while ago is enough to notice that it was put back.
void Broker::note_store_later() {
  Parts& p = *parts_;
  if (!p.notes_store) p.notes_store = p.clock.alarm(loop_);
  if (p.notes_store->set_for()) return;
  p.notes_store->ring_at(p.clock.now() + store_noted_every, [&p] {
    asio::post(p.disk, [&journal = *p.journal, seen = to_json(p.cluster->seen())] {
      storage::Store::Change change;
      change.puts[std::string(store_seen_key)] = seen;
      if (const error_code error = journal.meta().commit(change))
        spdlog::warn("what was seen of the metadata store cannot be noted: {}", error.message());
    });
  });
}

Task<bool> Broker::remember_incarnations(std::vector<Uuid> incarnations) {
  parts_->identity.incarnations = std::move(incarnations);
  auto write = [this, identity = parts_->identity]() -> bool {
    try {
      remember(files_, config_.data, parts_->journal->meta(), identity);
      return true;
    } catch (const WrongStart& failed) {
      spdlog::error("{}", failed.what());
      return false;
    }
  };
  co_return co_await run_on(parts_->disk, std::move(write));
}

}  // namespace mq::core
