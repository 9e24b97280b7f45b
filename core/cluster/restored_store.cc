// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/restored_store.h"

#include <limits>

#include "core/cluster/store_patience.h"
#include "core/error.h"
#include "core/metadata/cluster_entries.h"
#include "core/metadata/entries.h"

namespace mq::core {

using Outcome = Committed::Outcome;

namespace {

// More elections of one partition, more producers, than can have been since any backup.
constexpr Epoch epochs_skipped = 1 << 20;
constexpr std::int64_t producer_ids_skipped = 1'000'000'000'000;

// A broker; empty: none runs. Who starts waits for this.
std::string who_runs(const MetadataUpdate& all) {
  for (const auto& [key, entry] : all.entries) {
    if (!entry || !key.starts_with(live_entries)) continue;
    const auto live = parse_live(entry->value);
    if (!live || live->status != LiveEntry::Status::starting) return key.substr(live_entries.size());
  }
  return {};
}

// Copied from another store they have no session that would end.
Task<void> sweep_live(MetadataStore& store, const MetadataUpdate& all) {
  for (const auto& [key, entry] : all.entries)
    if (key.starts_with(live_entries)) co_await store.sweep(key);
}

// Sessions come back with the backup, and end by themselves.
Task<MetadataUpdate> load_when_nobody_runs(StorePatience& access) {
  for (;;) {
    auto all = co_await access.store.load();
    const std::string runs = all ? who_runs(*all) : "";
    if (all && runs.empty()) co_return std::move(*all);
    if (all) co_await sweep_live(access.store, *all);
    if (all && access.clock.now() >= access.deadline)
      throw WrongStart(7, "broker " + runs + " runs: stop it first");
    const std::string why = all ? "broker " + runs + " runs" : all.error().message();
    co_await access.pause(why);
  }
}

std::string accepted_state(const std::string& json) {
  auto state = parse_partition(json);
  if (!state) return json;
  const bool has_room = state->leader_epoch < std::numeric_limits<Epoch>::max() - epochs_skipped;
  state->leader_epoch += has_room ? epochs_skipped : 1;
  state->leader = -1;
  state->leader_broker_epoch = -1;
  return to_json(rewritten(normalise(std::move(*state))));
}

// Of any run: which was the last one is what the store has forgotten.
std::string accepted_registration(const std::string& json) {
  auto registered = parse_registered(json);
  if (!registered) return json;
  registered->incarnation = Uuid{};
  return to_json(*registered);
}

std::string accepted_producer_ids(const std::string& json) {
  const auto next = parse_producer_id(json);
  return next ? producer_id_to_json(*next + producer_ids_skipped) : json;
}

std::string accepted_cluster(const std::string& json, std::int64_t now_ms) {
  auto cluster = parse_cluster(json);
  if (!cluster) return json;
  cluster->restored_ms = now_ms;
  return to_json(*cluster);
}

std::string accepted(const std::string& key, const std::string& value, std::int64_t now_ms) {
  if (key == cluster_entry) return accepted_cluster(value, now_ms);
  if (key.starts_with(partition_entries)) return accepted_state(value);
  if (key.starts_with(registered_entries)) return accepted_registration(value);
  return key == producer_id_entry ? accepted_producer_ids(value) : value;
}

}  // namespace

Task<std::size_t> accept_restored(asio::io_context& loop, const Clock& clock, MetadataStore& store,
                                  Time::duration patience) {
  StorePatience access{loop, clock, store, clock.now() + patience};
  co_await access.reach();
  const MetadataUpdate all = co_await load_when_nobody_runs(access);
  if (!all.entries.contains(std::string(cluster_entry)))
    throw WrongStart(5, "there is no cluster of that name");
  std::size_t partitions = 0;
  std::vector<MetadataChange> changes(1);
  for (const auto& [key, entry] : all.entries) {
    if (!entry) continue;
    partitions += key.starts_with(partition_entries) ? 1 : 0;
    std::string value = accepted(key, entry->value, clock.wall_ms());
    if (value == entry->value) continue;
    if (changes.back().puts.size() == MetadataChange::entries_max) changes.emplace_back();
    changes.back().guards.push_back({Guard::Kind::unchanged, key, entry->version});
    changes.back().puts[key] = std::move(value);
  }
  for (MetadataChange& change : changes) {
    if (change.puts.empty()) continue;
    const Committed committed = co_await store.commit(std::move(change));
    if (committed.outcome != Outcome::done)
      throw WrongStart(5, "not all of it was changed, ask again: " + committed.why);
  }
  co_return partitions;
}

}  // namespace mq::core
