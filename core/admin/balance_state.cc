// SPDX-License-Identifier: Apache-2.0
#include "core/admin/balance_state.h"

#include <algorithm>
#include <tuple>

namespace mq::admin {

using Index = BalanceState::Index;

namespace {

constexpr std::int64_t slack_bytes_min = 64 << 20;  // copied in a second, and not worth a move

// Brokers that are replicas and of which nothing else is known: they do not run.
void add_unknown(std::vector<BalanceBroker>& brokers, const std::vector<BalancePartition>& partitions) {
  std::set<core::BrokerId> known;
  for (const BalanceBroker& broker : brokers) known.insert(broker.broker);
  for (const BalancePartition& partition : partitions)
    for (const core::BrokerId replica : partition.replicas)
      if (known.insert(replica).second) brokers.push_back({.broker = replica, .runs = false});
}

// Rounded outwards where a mean is no whole number.
BalanceState::Band count_band_of(std::int64_t all, std::int64_t brokers) {
  const std::int64_t floor = all / brokers, ceiling = (all + brokers - 1) / brokers;
  return {std::min(floor, (all * 9 + brokers * 10 - 1) / (brokers * 10)),
          std::max(ceiling, all * 11 / (brokers * 10))};
}

}  // namespace

BalanceState::BalanceState(std::vector<BalanceBroker> brokers, std::vector<BalancePartition> partitions,
                           const BalanceGoals& goals)
    : goals_(goals) {
  add_unknown(brokers, partitions);
  std::ranges::sort(brokers, {}, &BalanceBroker::broker);
  std::ranges::sort(partitions, {}, &BalancePartition::partition);
  std::map<std::string, int> racks;
  std::map<core::BrokerId, Index> index;
  std::set<int> racks_of_takers;
  for (BalanceBroker& one : brokers) {
    index[one.broker] = static_cast<Index>(brokers_.size());
    Broker& broker = brokers_.emplace_back();
    // Where a broker stands that does not run nobody knows: elsewhere.
    const std::string rack = one.runs ? "r" + one.rack : "b" + std::to_string(one.broker);
    broker.rack = racks.emplace(rack, static_cast<int>(racks.size())).first->second;
    broker.takes = one.runs && !one.excluded;
    if (broker.takes) racks_of_takers.insert(broker.rack);
    broker.is = std::move(one);
  }
  racks_ = static_cast<int>(racks_of_takers.size());
  for (BalancePartition& one : partitions) {
    Partition& partition = partitions_.emplace_back();
    for (const core::BrokerId replica : one.replicas) partition.replicas.push_back(index.at(replica));
    partition.original = partition.replicas;
    if (!partition.replicas.empty()) brokers_[partition.replicas.front()].led++;
    const bool same =
        partitions_.size() > 1 && partitions_.end()[-2].is.partition.topic == one.partition.topic;
    partition.topic = same ? topics_ - 1 : topics_++;
    partition.is = std::move(one);
    for (const Index broker : partition.replicas) add(static_cast<Index>(partitions_.size()) - 1, broker);
  }
  for (Broker& broker : brokers_) broker.used = broker.is.used_bytes;  // what lies there is in it already
  const auto count = static_cast<std::int64_t>(takers().size());
  if (count == 0) return;
  std::int64_t bytes = 0, replicas = 0;
  for (const Broker& broker : brokers_) {
    if (!broker.takes && !broker.is.excluded) continue;
    bytes += broker.bytes;
    replicas += broker.count;
  }
  bytes_mean_ = bytes / count;
  const std::int64_t slack = std::max(bytes_mean_ / 10, slack_bytes_min);
  bytes_band_ = {std::max<std::int64_t>(0, bytes_mean_ - slack), bytes_mean_ + slack};
  count_band_ = count_band_of(replicas, count);
}

std::vector<Index> BalanceState::takers() const {
  std::vector<Index> all;
  for (Index i = 0; i < static_cast<Index>(brokers_.size()); i++)
    if (brokers_[i].takes) all.push_back(i);
  return all;
}

bool BalanceState::has(Index partition, Index broker) const {
  const auto& replicas = partitions_[partition].replicas;
  return std::ranges::find(replicas, broker) != replicas.end();
}

int BalanceState::distinct_racks(const std::vector<Index>& replicas) const {
  int distinct = 0;
  for (std::size_t i = 0; i < replicas.size(); i++) {
    bool is_new = true;
    for (std::size_t j = 0; j < i; j++) is_new &= brokers_[replicas[j]].rack != brokers_[replicas[i]].rack;
    distinct += is_new ? 1 : 0;
  }
  return distinct;
}

int BalanceState::racks_missing(Index partition) const {
  const auto& replicas = partitions_[partition].replicas;
  const int possible = std::min(racks_, static_cast<int>(replicas.size()));
  return std::max(0, possible - distinct_racks(replicas));
}

int BalanceState::racks_missing(Index partition, Index from, Index to) const {
  std::vector<Index> replicas = partitions_[partition].replicas;
  std::ranges::replace(replicas, from, to);
  const int possible = std::min(racks_, static_cast<int>(replicas.size()));
  return std::max(0, possible - distinct_racks(replicas));
}

std::int64_t BalanceState::over_limit(Index broker) const {
  const Broker& one = brokers_[broker];
  if (one.is.disk_bytes == 0) return 0;
  return std::max<std::int64_t>(0, one.used - one.is.disk_bytes / 100 * goals_.disk_percent_max);
}

BalanceState::Verdict BalanceState::judge(Index partition, Index from, Index to) const {
  const Broker& target = brokers_[to];
  if (!target.takes || has(partition, to)) return Verdict::not_there;
  if (racks_missing(partition, from, to) > racks_missing(partition)) return Verdict::racks;
  const std::int64_t bytes = partitions_[partition].is.bytes;
  const std::int64_t room = target.is.disk_bytes / 100 * goals_.disk_percent_max - target.used;
  if (bytes > 0 && target.is.disk_bytes > 0 && bytes > room) return Verdict::disks;
  return Verdict::fine;
}

bool BalanceState::may_change(Index partition) const {
  const Partition& one = partitions_[partition];
  return !one.is.stays && (one.changed || changes_left() > 0);
}

std::optional<Index> BalanceState::best_target(Index partition, Index from) const {
  const std::int64_t grain = std::max(bytes_mean_ / 10, slack_bytes_min);
  const auto rank = [&](Index to) {
    return std::tuple(racks_missing(partition, from, to), brokers_[to].bytes / grain, brokers_[to].count, to);
  };
  std::optional<Index> best;
  for (const Index to : takers())
    if (may_move(partition, from, to) && (!best || rank(to) < rank(*best))) best = to;
  return best;
}

void BalanceState::add(Index partition, Index broker) {
  const BalancePartition& one = partitions_[partition].is;
  Broker& to = brokers_[broker];
  to.bytes += one.bytes;
  to.used += one.bytes;
  to.count++;
  to.version++;
  if (!one.stays) to.movable.emplace(one.bytes, partition);
}

void BalanceState::remove(Index partition, Index broker) {
  const BalancePartition& one = partitions_[partition].is;
  Broker& from = brokers_[broker];
  from.bytes -= one.bytes;
  from.used -= one.bytes;
  from.count--;
  from.version++;
  from.movable.erase({one.bytes, partition});
}

void BalanceState::note_change(Index partition) {
  Partition& one = partitions_[partition];
  const bool before = std::exchange(one.changed, one.replicas != one.original);
  if (one.changed != before) one.changed ? changed_++ : changed_--;
}

void BalanceState::move(Index partition, Index from, Index to) {
  auto& replicas = partitions_[partition].replicas;
  const bool led = replicas.front() == from;
  std::ranges::replace(replicas, from, to);
  if (led) {
    brokers_[from].led--;
    const auto rank = [&](Index i) {
      return std::pair(!brokers_[i].takes || !brokers_[i].is.leads, brokers_[i].led);
    };
    std::iter_swap(replicas.begin(), std::ranges::min_element(replicas, {}, rank));
    brokers_[replicas.front()].led++;
  }
  remove(partition, from);
  add(partition, to);
  note_change(partition);
}

void BalanceState::prefer(Index partition, Index leader) {
  auto& replicas = partitions_[partition].replicas;
  brokers_[replicas.front()].led--;
  brokers_[leader].led++;
  std::iter_swap(replicas.begin(), std::ranges::find(replicas, leader));
  note_change(partition);
}

}  // namespace mq::admin
