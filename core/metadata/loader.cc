// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/loader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/loop/pace.h"
#include "net/kafka/uuid.h"
#include "storage/error.h"

namespace mq::core {

namespace {

constexpr std::size_t steps_to_open = PartitionTable::steps_to_open;
constexpr auto pause_after_failure = std::chrono::seconds(1);
constexpr auto look_at_strays_every = std::chrono::minutes(10);

}  // namespace

MetadataLoader::MetadataLoader(asio::io_context& loop, const Clock& clock, MetadataStore& store,
                               Catalog& catalog, PartitionTable& partitions, BrokerId self)
    : loop_(loop), clock_(clock), store_(store), catalog_(catalog), partitions_(partitions), self_(self) {}

error_code MetadataLoader::start(const MetadataUpdate& all) {
  const auto applied = catalog_.apply(all);
  for (const std::string& key : applied.damaged) spdlog::error("the metadata of {} is damaged", key);
  if (!applied.damaged.empty() && catalog_.is_alone()) return make_error_code(storage::Errc::corrupt);
  for (const auto& [name, topic] : catalog_.all()) {
    if (const error_code error = partitions_.host_at_start(topic->id, not_here(*topic))) return error;
    const auto here = partitions_.of(topic->id);
    for (std::size_t i = 0; i < here.size(); i++)
      if (here[i]) set_role(*topic, static_cast<std::int32_t>(i), here[i]);
  }
  revision_ = all.revision;
  return {};
}

void MetadataLoader::run() {
  asio::co_spawn(loop_, look_after_strays(shared_from_this()), asio::detached);
  asio::co_spawn(loop_, follow(shared_from_this()), asio::detached);
}

void MetadataLoader::stop() {
  stopped_ = true;
  waiters_.wake_all();
  strays_.wake_all();
}

Task<void> MetadataLoader::look_after_strays(Self self) {
  while (!self->stopped_) {
    co_await self->look_at_strays();
    if (self->catalog_.is_alone()) co_return;  // what comes later is removed when it goes
    const auto waiter =
        std::make_shared<Waiter>(self->loop_, self->clock_, self->clock_.now() + look_at_strays_every);
    self->strays_.add(waiter);
    co_await Waiter::wait(waiter);
  }
}

Task<void> MetadataLoader::look_at_strays() {
  const Timestamp now = clock_.wall_ms();
  for (const Uuid& topic : partitions_.topics()) {
    const AsyncMutex::Hold hold = co_await changing_.lock();
    if (stopped_) co_return;
    const auto stray = partitions_.strays().find(topic);
    const bool is_noted = stray != partitions_.strays().end();
    const std::string id = kafka::text_of(topic);
    error_code error;
    if (const TopicPtr known = catalog_.find(topic)) {
      if (is_noted) error = co_await partitions_.note_stray(topic, std::nullopt);
      Indices moved;
      const auto here = partitions_.of(topic);
      for (std::int32_t i = 0; i < static_cast<std::int32_t>(here.size()); i++)
        if (here[static_cast<std::size_t>(i)] && known->has(i) && is_no_replica(*known, i))
          moved.push_back(i);
      if (!moved.empty()) co_await drop(known, std::move(moved));
    } else if (!catalog_.is_alone() && !is_noted) {
      spdlog::warn("nobody knows topic {}: what is here of it is kept for {} hours", id,
                   stray_retention.count());
      error = co_await partitions_.note_stray(topic, now);
    } else if (catalog_.is_alone() || now - stray->second >= Milliseconds(stray_retention).count()) {
      spdlog::info("what is left of topic {}, which is gone, is removed", id);
      const auto nobody = [](PartitionTable::Partitions) {};
      error = co_await partitions_.remove(topic, nobody);
    }
    if (error) spdlog::error("topic {}: {}", id, error.message());
  }
}

Task<void> MetadataLoader::follow(Self self) {
  while (!self->stopped_) {
    const auto update = co_await self->store_.watch(self->revision_);
    if (self->stopped_ || (!update && update.error() == storage::Errc::stopped)) break;
    if (!update) {
      spdlog::error("metadata cannot be read: {}", update.error().message());
      const auto waiter =
          std::make_shared<Waiter>(self->loop_, self->clock_, self->clock_.now() + pause_after_failure);
      self->waiters_.add(waiter);
      co_await Waiter::wait(waiter);
      continue;
    }
    co_await self->take(*update);
    self->revision_ = update->revision;
    self->waiters_.wake_all();
  }
  self->stop();
}

Task<void> MetadataLoader::take(const MetadataUpdate& update) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  const auto applied = catalog_.apply(update);
  for (const std::string& key : applied.damaged)
    spdlog::error("the metadata of {} is damaged, it is taken to be as it was", key);
  const bool keeps_strays = update.whole && !catalog_.is_alone();
  for (const Catalog::TopicChange& change : applied.topics) co_await take(change, keeps_strays);
  co_await take_states(applied.partitions);
  for (const Updated& tell : updated_) tell(applied);
}

Task<void> MetadataLoader::take(const Catalog::TopicChange& change, bool keeps_strays) {
  if (!change.after && keeps_strays) {
    for (const auto& partition : partitions_.of(change.before->id))
      if (partition && partition->leads()) partition->follow(partition->leader_epoch());
    co_return strays_.wake_all();
  }
  if (!change.after) {
    const auto closed = [&](PartitionTable::Partitions some) { changed_(*change.before, some); };
    if (const error_code error = co_await partitions_.remove(change.before->id, closed))
      spdlog::error("topic \"{}\" cannot be removed from the journal: {}", change.before->name,
                    error.message());
    co_return;
  }
  if (co_await host(change.after, not_here(*change.after))) co_await tell_changed(change.after);
}

// Of topics that are there: others are invisible until their entry comes, or have gone with it.
Task<void> MetadataLoader::take_states(const std::set<Catalog::PartitionId>& changed) {
  for (auto at = changed.begin(); at != changed.end();) {
    const Uuid id = at->first;
    const TopicPtr topic = catalog_.find(id);
    Indices fresh, known;
    for (; at != changed.end() && at->first == id; ++at) {
      if (!topic || !topic->has(at->second)) continue;
      if (partitions_.find(id, at->second))
        known.push_back(at->second);
      else if (belongs_here(*topic, at->second))
        fresh.push_back(at->second);
    }
    if (!topic) continue;
    Indices moved;
    for (const std::int32_t index : known)
      if (is_no_replica(*topic, index)) moved.push_back(index);
    co_await set_roles(topic, std::move(known));
    if (!moved.empty()) co_await drop(topic, std::move(moved));
    if (fresh.empty()) continue;
    if (co_await host(topic, std::move(fresh))) co_await tell_changed(topic);
  }
}

Task<bool> MetadataLoader::host(TopicPtr topic, Indices indices) {
  if (const error_code error = co_await partitions_.host(topic->id, indices)) {
    spdlog::error("topic \"{}\" cannot be hosted here: {}", topic->name, error.message());
    co_return false;
  }
  co_await set_roles(topic, std::move(indices));
  co_return true;
}

bool MetadataLoader::belongs_here(const Topic& topic, std::int32_t index) const {
  if (catalog_.is_alone()) return true;
  const auto found = catalog_.states().find({topic.id, index});
  if (found == catalog_.states().end()) return false;
  const auto& replicas = found->second.state.replicas;
  return std::find(replicas.begin(), replicas.end(), self_) != replicas.end();
}

bool MetadataLoader::is_no_replica(const Topic& topic, std::int32_t index) const {
  return !catalog_.is_alone() && catalog_.state_version(topic, index) > 0 && !belongs_here(topic, index);
}

// It has moved: what is here is nobody's.
Task<void> MetadataLoader::drop(TopicPtr topic, Indices indices) {
  spdlog::info("topic \"{}\": {} partitions have moved away", topic->name, indices.size());
  const auto closed = [&](PartitionTable::Partitions some) { changed_(*topic, some); };
  if (const error_code error = co_await partitions_.drop(topic->id, std::move(indices), closed))
    spdlog::error("topic \"{}\": what has moved away cannot be removed: {}", topic->name, error.message());
}

MetadataLoader::Indices MetadataLoader::not_here(const Topic& topic) const {
  const auto here = partitions_.of(topic.id);
  Indices indices;
  for (std::int32_t i = 0; i < topic.partitions; i++) {
    const bool is_here = static_cast<std::size_t>(i) < here.size() && here[static_cast<std::size_t>(i)];
    if (!is_here && belongs_here(topic, i)) indices.push_back(i);
  }
  return indices;
}

void MetadataLoader::set_role(const Topic& topic, std::int32_t index,
                              const std::shared_ptr<Partition>& partition) const {
  const EntryVersion version = catalog_.state_version(topic, index);
  if (version == 0 && !catalog_.is_alone()) return;
  const PartitionState state = catalog_.state(topic, index);
  const bool same_epoch = partition->leader_epoch() == state.leader_epoch;
  const bool leads = state.leader == self_ && state.leader_broker_epoch == broker_epoch_;
  if (!leads && (partition->leads() || !same_epoch))
    partition->follow(state.leader_epoch);
  else if (leads && partition->leads() && same_epoch)
    partition->change_replicas([&](Replicas& replicas) { return replicas.adopt(state, version); });
  else if (leads)
    partition->lead(self_, state, version);
  tell_role(topic, index, *partition);
  role_set_(topic, index, partition, state);
}

Task<void> MetadataLoader::set_broker_epoch(BrokerEpoch epoch) {
  broker_epoch_ = epoch;
  const AsyncMutex::Hold hold = co_await changing_.lock();
  Pace pace(co_await asio::this_coro::executor, clock_);
  for (TopicPtr topic = catalog_.after(""); topic; topic = catalog_.after(topic->name)) {
    if (pace.due()) co_await pace.give_way();
    Indices here;
    for (std::size_t i = 0; i < partitions_.of(topic->id).size(); i++)
      here.push_back(static_cast<std::int32_t>(i));
    co_await set_roles(topic, std::move(here));
  }
}

void MetadataLoader::tell_role(const Topic& topic, std::int32_t index, const Partition& partition) const {
  const auto found = role_changed_.find(topic.name);
  if (found == role_changed_.end()) return;
  const auto leads_in = partition.leads() ? std::optional(partition.leader_epoch()) : std::nullopt;
  found->second(index, leads_in);
}

void MetadataLoader::on_role(std::string name, RoleChanged changed) {
  role_changed_[name] = std::move(changed);
  const TopicPtr topic = catalog_.find(name);
  if (!topic) return;
  const auto here = partitions_.of(topic->id);
  for (std::size_t i = 0; i < here.size(); i++)
    if (here[i]) tell_role(*topic, static_cast<std::int32_t>(i), *here[i]);
}

Task<void> MetadataLoader::set_roles(TopicPtr topic, Indices indices) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  for (const std::int32_t index : indices) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    if (const auto partition = partitions_.find(topic->id, index)) set_role(*topic, index, partition);
  }
}

Task<void> MetadataLoader::applied(Revision revision) {
  while (!stopped_ && revision_ < revision) {
    const auto waiter = std::make_shared<Waiter>(loop_, clock_, Time::max());
    waiters_.add(waiter);
    co_await Waiter::wait(waiter);
  }
}

Task<void> MetadataLoader::changed() {
  const auto waiter = std::make_shared<Waiter>(loop_, clock_, clock_.now() + pause_after_failure);
  waiters_.add(waiter);
  co_await Waiter::wait(waiter);
}

Task<void> MetadataLoader::defaults_changed(TopicDefaults defaults) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  Pace pace(co_await asio::this_coro::executor, clock_);
  catalog_.set_defaults(std::move(defaults));
  for (TopicPtr topic = catalog_.after(""); topic; topic = catalog_.after(topic->name)) {
    if (pace.due()) co_await pace.give_way();
    co_await tell_changed(catalog_.refresh(topic));
  }
}

Task<void> MetadataLoader::tell_changed(TopicPtr topic) const {
  constexpr std::size_t at_once = 64;
  Pace pace(co_await asio::this_coro::executor, clock_);
  for (std::size_t at = 0;; at += at_once) {
    if (pace.due(at_once * steps_to_open)) co_await pace.give_way();
    const auto here = partitions_.of(topic->id);  // anew: it may have grown, or be gone
    if (at >= here.size()) co_return;
    changed_(*topic, here.subspan(at, std::min(at_once, here.size() - at)));
  }
}

}  // namespace mq::core
