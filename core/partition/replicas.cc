// SPDX-License-Identifier: Apache-2.0
#include "core/partition/replicas.h"

#include <algorithm>
#include <utility>

#include "core/partition/mistakes.h"

namespace mq::core {

Replicas::Replicas(BrokerId self, const PartitionState& state, StateVersion version, const Log& log, Time now)
    : self_(self),
      self_epoch_(state.leader_broker_epoch),
      leader_epoch_(state.leader_epoch),
      leader_epoch_start_(log.end),
      durable_end_(log.durable_end),
      high_watermark_(std::min(log.high_watermark, log.end)) {
  for (const BrokerId replica : state.replicas)
    if (replica != self_) followers_[replica] = {.caught_up_at = now, .fetched_at = now};
  take(state, version);
}

// Who had everything until now, and therefore was silent, begins to be late now.
void Replicas::flushed(Offset durable_end, Time now) {
  if (durable_end > durable_end_)
    for (auto& [broker, follower] : followers_)
      if (follower.durable_end >= durable_end_) follower.caught_up_at = now;
  durable_end_ = std::max(durable_end_, durable_end);
  advance();
}

void Replicas::truncated(Offset end) {
  durable_end_ = std::min(durable_end_, end);
  leader_epoch_start_ = std::min(leader_epoch_start_, end);
  if (makes(Mistake::counts_behind_failed_write)) return;
  for (auto& [broker, follower] : followers_) follower.durable_end = std::min(follower.durable_end, end);
}

bool Replicas::fetched(const Fetch& fetch, Time now) {
  const bool is_of_epoch = fetch.leader_epoch == leader_epoch_ || makes(Mistake::no_leader_epoch_check);
  if (!is_of_epoch || fetch.broker == self_) return false;
  if (!has(fetch.broker)) return false;
  const auto [found, is_new] = followers_.try_emplace(fetch.broker);
  Follower& follower = found->second;
  if (is_new) follower.caught_up_at = follower.fetched_at = now;
  // One that was long under way: what that run had the present one may have lost.
  if (fetch.broker_epoch < follower.broker_epoch) return false;

  // A follower that always asks from where the leader's log ended at its previous fetch keeps up with a
  // leader that always has more.
  if (fetch.durable_end >= durable_end_)
    follower.caught_up_at = now;
  else if (follower.leader_end_at_fetch >= 0 && fetch.durable_end >= follower.leader_end_at_fetch)
    follower.caught_up_at = std::max(follower.caught_up_at, follower.fetched_at);
  follower.fetched_at = now;
  follower.leader_end_at_fetch = durable_end_;
  follower.durable_end = fetch.durable_end;
  follower.start = fetch.start;
  follower.broker_epoch = fetch.broker_epoch;
  advance();
  return true;
}

std::optional<BrokerId> Replicas::reader_at(Offset offset, std::span<const BrokerId> brokers) const {
  std::optional<BrokerId> best;
  for (const BrokerId broker : brokers) {
    const auto found = followers_.find(broker);
    if (found == followers_.end() || !find_entry(isr_, broker)) continue;
    const Follower& follower = found->second;
    if (offset < follower.start || offset > follower.durable_end) continue;
    if (!best || follower.durable_end > durable_end_of(*best)) best = broker;
  }
  return best;
}

bool Replicas::is_below_min_isr() const {
  return isr_.size() < static_cast<std::size_t>(std::max(min_isr_, 0));
}

std::vector<ReplicaEntry> Replicas::joinable(const Registrations& registrations) const {
  std::vector<ReplicaEntry> joining;
  if (proposal_) return joining;
  for (const auto& [broker, follower] : followers_) {
    ReplicaEntry entry{broker, follower.broker_epoch};
    const auto run = registrations.find(broker);
    if (run != registrations.end() && makes(Mistake::counts_any_run)) entry.epoch = run->second.epoch;
    if (find_entry(isr_, broker) || !is_running(registrations, entry)) continue;
    const Offset start = makes(Mistake::no_leader_epoch_start) ? 0 : leader_epoch_start_;
    if (follower.durable_end >= std::max(high_watermark_, start)) joining.push_back(entry);
  }
  return joining;
}

std::vector<BrokerId> Replicas::lagging(Time now, Time::duration lag_max) const {
  std::vector<BrokerId> late;
  if (proposal_) return late;
  for (const ReplicaEntry& member : isr_) {
    const auto found = followers_.find(member.broker);
    if (found == followers_.end()) continue;
    const Follower& follower = found->second;
    if (follower.durable_end < durable_end_ && now - follower.caught_up_at > lag_max)
      late.push_back(member.broker);
  }
  return late;
}

bool Replicas::propose(std::vector<ReplicaEntry> isr) {
  if (proposal_) return false;
  proposal_ = Proposal{std::move(isr)};
  return true;
}

void Replicas::refused(StateVersion base) {
  if (base != version_) return;
  proposal_.reset();
  advance();
}

void Replicas::unknown(StateVersion base) {
  if (makes(Mistake::unknown_outcome_by_reading)) return refused(base);
  if (base == version_ && proposal_) proposal_->unknown = true;
}

bool Replicas::adopt(const PartitionState& state, StateVersion version) {
  if (version <= version_) return true;
  if (state.leader != self_ || state.leader_broker_epoch != self_epoch_ ||
      state.leader_epoch != leader_epoch_)
    return false;
  take(state, version);
  return true;
}

Offset Replicas::durable_end_of(BrokerId broker) const {
  if (broker == self_) return durable_end_;
  const auto found = followers_.find(broker);
  return found == followers_.end() ? -1 : found->second.durable_end;
}

void Replicas::advance() {
  if (is_below_min_isr() && !makes(Mistake::commits_below_min_isr)) return;
  Offset slowest = durable_end_;  // the leader is in its ISR
  const bool only_proposed = proposal_ && makes(Mistake::watermark_ignores_proposal);
  for (const ReplicaEntry& member : isr_)
    if (!only_proposed) slowest = std::min(slowest, durable_end_of(member.broker));
  if (proposal_)
    for (const ReplicaEntry& member : proposal_->isr)
      slowest = std::min(slowest, durable_end_of(member.broker));
  high_watermark_ = std::max(high_watermark_, slowest);
}

void Replicas::take(const PartitionState& state, StateVersion version) {
  version_ = version;
  replicas_ = state.replicas;
  isr_ = state.isr;
  min_isr_ = state.min_isr;
  proposal_.reset();
  std::erase_if(followers_, [&](const auto& follower) { return !has(follower.first); });
  advance();
}

}  // namespace mq::core
