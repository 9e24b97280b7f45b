// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/upkeep.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <tuple>

#include "core/metadata/internal_topic.h"

namespace mq::core {

namespace {

constexpr auto look_every = std::chrono::seconds(1);
constexpr std::size_t internal_replicas = 3;

bool is_moving(const PartitionState& state) {
  return !state.adding.empty() || !state.removing.empty();
}

// Who can have replicas, and where it stands.
std::map<BrokerId, std::string> racks_of_targets(const Catalog& catalog) {
  std::map<BrokerId, std::string> racks;
  for (const auto& [broker, live] : catalog.live())
    if (live.entry.status == LiveEntry::Status::running &&
        catalog.intent(broker) != BrokerIntent::decommission)
      racks[broker] = live.entry.rack;
  return racks;
}

using Counts = std::map<BrokerId, int>;

void add_replica(std::vector<BrokerId>& replicas, const std::map<BrokerId, std::string>& racks,
                 Counts& held) {
  const auto rank = [&](const auto& target) {
    const bool is_rack_used = std::ranges::any_of(replicas, [&](BrokerId replica) {
      const auto known = racks.find(replica);
      return known != racks.end() && known->second == target.second;
    });
    return std::tuple(is_rack_used, held[target.first], target.first);
  };
  auto best = racks.end();
  for (auto target = racks.begin(); target != racks.end(); ++target)
    if (std::ranges::count(replicas, target->first) == 0 &&
        (best == racks.end() || rank(*target) < rank(*best)))
      best = target;
  if (best == racks.end()) return;
  replicas.push_back(best->first);
  held[best->first]++;
}

}  // namespace

std::vector<WantedReplicas> due_internal_replicas(const Catalog& catalog) {
  std::vector<WantedReplicas> due;
  const auto racks = racks_of_targets(catalog);
  const std::size_t wanted = std::min(internal_replicas, racks.size());
  for (const std::string_view name : {offsets_topic, transactions_topic}) {
    const TopicPtr topic = catalog.find(name);
    if (!topic) continue;
    Counts held, led;
    std::vector<PartitionState> states;
    for (std::int32_t i = 0; i < topic->partitions; i++) {
      states.push_back(catalog.state(*topic, i));
      for (const BrokerId replica : states.back().replicas) held[replica]++;
    }
    for (std::int32_t i = 0; i < topic->partitions; i++) {
      const PartitionState& state = states[static_cast<std::size_t>(i)];
      std::vector<BrokerId> replicas = state.replicas;
      if (replicas.empty()) continue;
      if (!is_moving(state))
        for (std::size_t n = replicas.size(); n < wanted; n++) add_replica(replicas, racks, held);
      if (replicas.size() > state.replicas.size()) {
        const auto leader = std::ranges::min_element(replicas, {}, [&](BrokerId b) { return led[b]; });
        std::rotate(replicas.begin(), leader, leader + 1);
        due.push_back({{std::string(name), i}, replicas});
      }
      led[replicas.front()]++;
    }
  }
  return due;
}

std::vector<std::string> with_replication_rate(const Catalog& catalog) {
  std::vector<std::string> names = catalog.configured(broker_kind);
  std::erase_if(names, [&](const std::string& name) {
    return !catalog.config(broker_kind, name).contains(std::string(replication_rate_config));
  });
  return names;
}

bool anything_moves(const Catalog& catalog) {
  return std::ranges::any_of(catalog.states(),
                             [](const auto& known) { return is_moving(known.second.state); });
}

Upkeep::Upkeep(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
               MetadataLoader& loader, std::shared_ptr<const Elections> elections)
    : loop_(loop),
      clock_(clock),
      store_(store),
      catalog_(catalog),
      elections_(std::move(elections)),
      changes_(store, catalog, loader) {}

void Upkeep::run() {
  asio::co_spawn(loop_, work(shared_from_this()), asio::detached);
}

void Upkeep::stop() {
  stopped_ = true;
  if (const auto waiter = waiter_.lock()) waiter->wake();
}

Task<void> Upkeep::work(Self self) {
  while (!self->stopped_) {
    if (self->may_act()) co_await self->replicate_internal_topics();
    if (self->may_act()) co_await self->lift_limits();
    if (!self->may_act()) self->idle_.clear();
    if (self->stopped_) break;
    const auto waiter = std::make_shared<Waiter>(self->loop_, self->clock_, self->clock_.now() + look_every);
    self->waiter_ = waiter;
    co_await Waiter::wait(waiter);
  }
}

Task<void> Upkeep::replicate_internal_topics() {
  const auto due = due_internal_replicas(catalog_);
  std::set<std::string> topics;
  for (const WantedReplicas& wanted : due) {
    if (!may_act()) co_return;
    const auto answer = co_await changes_.move(wanted.partition, wanted.replicas);
    if (answer.error == kafka::Error::none) topics.insert(wanted.partition.topic);
  }
  for (const std::string& topic : topics) {
    if (!may_act()) co_return;
    co_await changes_.note_replication_factor(topic);
    spdlog::info("{} gets more replicas, now that there are brokers for them", topic);
  }
}

Task<void> Upkeep::lift_limits() {
  const auto names = with_replication_rate(catalog_);
  if (names.empty() || anything_moves(catalog_)) {
    idle_.clear();
    co_return;
  }
  for (const std::string& name : names) {
    const EntryVersion version = catalog_.config_version(broker_kind, name);
    const auto known = idle_.find(name);
    if (known == idle_.end() || known->second.version != version)
      idle_[name] = {version, clock_.now()};
    else if (clock_.now() - known->second.since >= rate_kept)
      co_await lift_limit(name);
    if (!may_act()) co_return;
  }
}

Task<void> Upkeep::lift_limit(std::string name) {
  const std::string key = config_key(broker_kind, name);
  ConfigMap values = catalog_.config(broker_kind, name);
  values.erase(std::string(replication_rate_config));
  MetadataChange change;
  change.guards.push_back({Guard::Kind::held_by_me, std::string(controller_entry)});
  change.guards.push_back({Guard::Kind::unchanged, key, catalog_.config_version(broker_kind, name)});
  if (values.empty())
    change.erases.push_back(key);
  else
    change.puts[key] = config_to_json(values);
  const Committed committed = co_await store_.commit(std::move(change));
  if (committed.outcome == Committed::Outcome::done)
    spdlog::info("nothing moves any more: {} of {} is lifted", replication_rate_config,
                 name == all_brokers ? "all brokers" : "broker " + name);
}

}  // namespace mq::core
