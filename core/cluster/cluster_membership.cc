// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/cluster_membership.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/partition/mistakes.h"

namespace mq::core {

using Outcome = Committed::Outcome;
using Session = MetadataStore::Session;

namespace {

constexpr auto pause_after_failure = std::chrono::milliseconds(200);
constexpr auto pause_while_suspect = std::chrono::seconds(1);
constexpr auto pause_elsewhere = std::chrono::seconds(2);
constexpr auto pause_between_looks = std::chrono::milliseconds(20);

bool has_earlier_run(const std::vector<ReplicaEntry>& entries, ReplicaEntry self) {
  const ReplicaEntry* entry = find_entry(entries, self.broker);
  return entry && entry->epoch != self.epoch;
}

// One without an id: there is none.
Result<ClusterEntry> cluster_in(const MetadataUpdate& all) {
  const auto found = all.entries.find(std::string(cluster_entry));
  if (found == all.entries.end() || !found->second) return ClusterEntry{};
  return parse_cluster(found->second->value);
}

}  // namespace

ClusterMembership::ClusterMembership(asio::io_context& loop, const Clock& clock, MetadataStore& store,
                                     const Catalog& catalog, MetadataLoader& loader, Options options)
    : loop_(loop),
      clock_(clock),
      store_(store),
      catalog_(catalog),
      loader_(loader),
      options_(std::move(options)) {}

void ClusterMembership::run(std::vector<Endpoint> endpoints) {
  options_.entry.endpoints = std::move(endpoints);
  store_.on_session([weak = weak_from_this()](Session) {
    if (const auto self = weak.lock()) self->waiters_.wake_all();
  });
  asio::co_spawn(loop_, work(shared_from_this()), asio::detached);
}

void ClusterMembership::stop() {
  stopped_ = true;
  waiters_.wake_all();
}

Task<void> ClusterMembership::pause(Time::duration time) {
  const Time until = time == Time::duration::max() ? Time::max() : clock_.now() + time;
  const auto waiter = std::make_shared<Waiter>(loop_, clock_, until);
  waiters_.add(waiter);
  co_await Waiter::wait(waiter);
}

Task<void> ClusterMembership::work(Self self) {
  while (!self->stopped_) {
    const bool is_ours = co_await self->is_cluster_ours();
    if (!is_ours) {
      co_await self->pause(pause_elsewhere);
      continue;
    }
    const auto epoch = co_await self->hold();
    bool has_joined = false;
    if (epoch) has_joined = co_await self->join(*epoch);
    if (has_joined) {
      self->is_running_ = true;
      spdlog::info("this broker runs in epoch {}", *epoch);
      self->options_.joined();
      bool is_writable = true;
      while (!self->stopped_ && self->store_.session() != Session::lost) {
        if (is_writable != self->is_writable_) {
          const bool now = self->is_writable_;
          const bool told = co_await self->tell_writable(now, *epoch);
          if (told) is_writable = now;
          if (!told) co_await self->pause(pause_after_failure);
          continue;
        }
        const bool is_suspect = self->store_.session() == Session::suspect;
        if (is_suspect) self->suspected_();
        co_await self->pause(is_suspect ? Time::duration(pause_while_suspect) : Time::duration::max());
      }
      self->is_running_ = false;
    }
    if (self->stopped_) break;
    if (self->store_.session() == Session::lost) {
      spdlog::warn("the session is lost: nothing is led here until it is registered anew");
      co_await self->loader_.set_broker_epoch(-1);
    }
    co_await self->pause(pause_after_failure);
  }
}

// Held by an earlier run of this very directory, which nobody else can have open: it is dead. By any other:
// it is to end by itself.
Task<std::optional<BrokerEpoch>> ClusterMembership::hold() {
  LiveEntry entry = options_.entry;
  entry.epoch = -1;
  entry.status = LiveEntry::Status::starting;
  const auto held = co_await store_.hold(live_key(options_.self), to_json(entry));
  if (!held) co_return std::nullopt;
  if (*held) {
    has_held_ = true;
    co_return **held;
  }
  const auto all = co_await store_.load();
  if (!all) co_return std::nullopt;
  const auto found = all->entries.find(live_key(options_.self));
  if (found == all->entries.end() || !found->second) co_return std::nullopt;
  const auto holder = parse_live(found->second->value);
  const bool is_twin = holder && has_held_ && holder->incarnation != options_.entry.incarnation;
  if (is_twin && holder->directory == options_.entry.directory) {
    if (!std::exchange(has_told_, true))
      spdlog::critical(
          "another process runs as broker {} with a copy of this directory: this one waits until it is gone",
          options_.self);
    co_await pause(pause_elsewhere);
    co_return std::nullopt;
  }
  if (holder && holder->directory == options_.entry.directory)
    co_await store_.evict(live_key(options_.self));
  else if (!std::exchange(has_told_, true))
    spdlog::error("another broker has the id {}: this one waits until it is gone", options_.self);
  co_return std::nullopt;
}

Task<bool> ClusterMembership::join(BrokerEpoch epoch) {
  if (!is_loaded_) {
    const bool loaded = co_await load();
    if (!loaded) co_return false;
  }
  const bool registered = co_await write(LiveEntry::Status::starting, epoch);
  if (!registered) co_return false;
  co_await loader_.set_broker_epoch(epoch);
  const bool taken_over = co_await take_over_entries(epoch);
  if (!taken_over) co_return false;
  has_taken_over_ = true;
  if (options_.remember) {
    const bool remembered = co_await options_.remember(incarnations_);
    if (!remembered) co_return false;
  }
  co_return co_await write(LiveEntry::Status::running, epoch);
}

void ClusterMembership::set_writable(bool writable) {
  is_writable_ = writable;
  waiters_.wake_all();
}

// Who cannot write leads nothing that others can lead: as if it were about to stop.
Task<bool> ClusterMembership::tell_writable(bool writable, BrokerEpoch epoch) {
  if (stopped_ || drains_) co_return true;
  if (!writable) spdlog::warn("nothing can be written here: others are to lead");
  co_return co_await write(writable ? LiveEntry::Status::running : LiveEntry::Status::draining, epoch);
}

bool ClusterMembership::leads_what_others_can() const {
  return std::ranges::any_of(catalog_.states(), [&](const auto& known) {
    const PartitionState& state = known.second.state;
    return state.leader == options_.self && std::ranges::any_of(state.isr, [&](const ReplicaEntry& entry) {
             return entry.broker != options_.self && mq::core::is_running(catalog_.registrations(), entry);
           });
  });
}

Task<void> ClusterMembership::leave(Time::duration patience) {
  if (!is_running_ || stopped_) co_return;
  const Time deadline = clock_.now() + patience;
  drains_ = true;
  const bool told = co_await write(LiveEntry::Status::draining, loader_.broker_epoch());
  while (told && leads_what_others_can() && clock_.now() < deadline && store_.session() == Session::alive)
    co_await pause(pause_between_looks);
  stopped_ = true;
  is_running_ = false;
  if (const error_code error = co_await store_.evict(live_key(options_.self)))
    spdlog::warn("the session could not be ended, it will by itself: {}", error.message());
}

Task<bool> ClusterMembership::write(LiveEntry::Status status, BrokerEpoch epoch) {
  LiveEntry live = options_.entry;
  live.epoch = epoch;
  live.status = status;
  MetadataChange change;
  change.guards = {{Guard::Kind::held_by_me, live_key(options_.self)}};
  change.puts[live_key(options_.self)] = to_json(live);
  // What this directory holds is vouched for from now on: not before what it lacks is noted.
  if (status == LiveEntry::Status::running)
    change.puts[registered_key(options_.self)] =
        to_json(RegisteredEntry{live.incarnation, live.directory, live.rack});
  const Committed committed = co_await store_.commit(std::move(change));
  if (committed.outcome != Outcome::done) co_return false;
  co_await loader_.applied(committed.revision);
  co_return true;
}

Task<bool> ClusterMembership::load() {
  const auto all = co_await store_.load();
  if (!all) co_return false;
  const auto found = all->entries.find(registered_key(options_.self));
  const bool is_known = found != all->entries.end() && found->second;
  const auto registered =
      is_known ? parse_registered(found->second->value) : Result<RegisteredEntry>(RegisteredEntry{});
  // Before its first run a directory is registered as none (enrolment).
  const auto& known = options_.incarnations;
  const bool knows_run = !options_.remember || (registered && registered->incarnation == Uuid{}) ||
                         (registered && std::ranges::find(known, registered->incarnation) != known.end());
  is_same_directory_ = registered && registered->directory == options_.entry.directory &&
                       (knows_run || makes(Mistake::trusts_any_copy));
  incarnations_.clear();
  if (is_same_directory_ && is_known) incarnations_.push_back(registered->incarnation);
  incarnations_.push_back(options_.entry.incarnation);
  if (loader_.start(*all)) co_return false;
  loader_.run();
  is_loaded_ = true;
  co_return true;
}

// Before anything is written there.
Task<bool> ClusterMembership::is_cluster_ours() {
  if (options_.cluster_id.empty()) co_return true;
  const Revision known = loader_.revision();
  const auto all = co_await store_.load();
  if (!all) co_return false;
  // Updates have come since it was read, and this broker knows more than is in it: nothing can be told.
  const bool is_overtaken = is_loaded_ && all->revision >= known && all->revision < loader_.revision();
  if (is_overtaken) co_return co_await is_cluster_ours();
  if (!is_loaded_ && !is_of_this_cluster(*all)) co_return false;
  if (!is_store_older(*all)) co_return true;
  if (!std::exchange(has_told_, true))
    spdlog::critical(
        "the metadata store is older than what was decided before; was it restored from a backup? This "
        "broker "
        "waits: stop all brokers, run mq cluster accept-restore, start them");
  co_return false;
}

// Nobody leads in an epoch that the store has not known.
bool ClusterMembership::is_store_older(const MetadataUpdate& all) {
  if (is_loaded_ && all.revision < loader_.revision()) return true;
  const auto cluster = cluster_in(all);
  if (cluster && cluster->restored_ms > options_.seen.restored_ms)
    options_.seen = {all.revision, cluster->restored_ms};  // somebody has accepted that it is
  if (all.revision < options_.seen.revision) return true;
  for (const auto& [key, entry] : all.entries) {
    if (!entry || !key.starts_with(partition_entries)) continue;
    const auto id = parse_partition_key(std::string_view(key).substr(partition_entries.size()));
    const auto state = parse_partition(entry->value);
    if (id && state && options_.newest_epoch(*id) > state->leader_epoch) return true;
  }
  return false;
}

bool ClusterMembership::is_of_this_cluster(const MetadataUpdate& all) {
  const auto cluster = cluster_in(all);
  if (cluster && cluster->id == options_.cluster_id) return true;
  if (!std::exchange(has_told_, true))
    spdlog::error("the metadata store is that of {}, this directory belongs to cluster {}: it is not joined",
                  cluster && !cluster->id.empty() ? "cluster " + cluster->id : "no cluster",
                  options_.cluster_id);
  return false;
}

bool ClusterMembership::is_trusted(const Catalog::PartitionId& id) const {
  if (has_taken_over_) return true;  // what names a run since then is of this process, which has what it had
  return (is_same_directory_ && options_.is_trusted(id)) || makes(Mistake::trusts_any_disk);
}

// Until no state names an earlier run: somebody else may write some of them meanwhile.
Task<bool> ClusterMembership::take_over_entries(BrokerEpoch epoch) {
  constexpr std::size_t at_once = 20;
  const ReplicaEntry self{options_.self, epoch};
  for (;;) {
    if (stopped_ || store_.session() == Session::lost) co_return false;
    MetadataChange change;
    change.guards.push_back({Guard::Kind::held_by_me, live_key(options_.self)});
    for (const auto& [id, entry] : catalog_.states()) {
      const PartitionState& state = entry.state;
      if (!has_earlier_run(state.isr, self) && !has_earlier_run(state.elr, self)) continue;
      const std::string key = partition_key(id.first, id.second);
      const bool trusted = is_trusted(id);
      if (!trusted)
        spdlog::warn("{} may lack what was acknowledged: it does not count until it is copied anew", key);
      change.guards.push_back({Guard::Kind::unchanged, key, entry.version});
      change.puts[key] = to_json(rewritten(restarted(state, self, trusted)));
      if (change.puts.size() == at_once) break;
    }
    if (change.puts.empty()) co_return true;
    const Committed committed = co_await store_.commit(std::move(change));
    if (committed.outcome == Outcome::done)
      co_await loader_.applied(committed.revision);
    else
      co_await pause(pause_after_failure);
  }
}

}  // namespace mq::core
