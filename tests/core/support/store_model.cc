// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/store_model.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "storage/error.h"

namespace mq::core {

using Outcome = Committed::Outcome;

// ---- the store

StoreModel::SessionId StoreModel::begin_session() {
  sessions_[++sessions_begun_] = clock_.now();
  return sessions_begun_;
}

bool StoreModel::hear_of(SessionId session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return false;
  found->second = clock_.now();
  return true;
}

void StoreModel::end_session(SessionId session) {
  if (sessions_.erase(session) == 0) return;
  Delta gone;
  for (const auto& [key, entry] : entries_)
    if (entry.holder == session) gone[key] = std::nullopt;
  for (const auto& [key, nothing] : gone) entries_.erase(key);
  if (!gone.empty()) tell(std::move(gone));
}

void StoreModel::end_silent_sessions() {
  std::vector<SessionId> silent;
  for (const auto& [session, heard] : sessions_)
    if (clock_.now() - heard > session_ttl) silent.push_back(session);
  for (const SessionId session : silent) end_session(session);
}

bool StoreModel::holds(const Guard& guard, SessionId session) const {
  const auto found = entries_.find(guard.key);
  if (guard.kind == Guard::Kind::absent) return found == entries_.end();
  if (found == entries_.end()) return false;
  if (guard.kind == Guard::Kind::held_by_me) return session > 0 && found->second.holder == session;
  return found->second.entry.version == guard.version;
}

std::optional<MetadataEntry> StoreModel::entry(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? std::nullopt : std::optional(found->second.entry);
}

Committed StoreModel::commit(const MetadataChange& change, SessionId session) {
  Committed answer{Outcome::conflict, 0, "it was changed meanwhile"};
  for (const Guard& guard : change.guards) answer.found[guard.key] = entry(guard.key);
  const auto holds = [&](const Guard& guard) { return this->holds(guard, session); };
  if (!std::all_of(change.guards.begin(), change.guards.end(), holds)) return answer;
  Delta delta;
  for (const auto& [key, value] : change.puts) {
    Entry& entry = entries_[key];
    entry.entry = {value, revision_ + 1};
    delta[key] = entry.entry;
  }
  for (const std::string& key : change.erases)
    if (entries_.erase(key) > 0) delta[key] = std::nullopt;
  tell(std::move(delta));
  return {Outcome::done, revision_};
}

std::optional<EntryVersion> StoreModel::hold(const std::string& key, std::string value, SessionId session) {
  if (entries_.contains(key) || !sessions_.contains(session)) return std::nullopt;
  const MetadataEntry entry{std::move(value), revision_ + 1};
  entries_[key] = {entry, session};
  tell({{key, entry}});
  return entry.version;
}

StoreModel::SessionId StoreModel::holder(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? 0 : found->second.holder;
}

void StoreModel::evict(const std::string& key) {
  if (const SessionId session = holder(key)) end_session(session);
}

MetadataUpdate StoreModel::load() const {
  MetadataUpdate all{.revision = revision_, .whole = true};
  for (const auto& [key, entry] : entries_) all.entries[key] = entry.entry;
  return all;
}

MetadataUpdate StoreModel::since(Revision after) const {
  MetadataUpdate update{.revision = revision_};
  for (auto at = deltas_.upper_bound(after); at != deltas_.end(); ++at)
    for (const auto& [key, entry] : at->second) update.entries[key] = entry;
  return update;
}

void StoreModel::tell(Delta delta) {
  deltas_[++revision_] = std::move(delta);
  waiters_.wake_all();
}

// ---- a broker's view of it

Time::duration StoreClient::chance_up_to(Time::duration time) const {
  return time.count() <= 0 ? Time::duration::zero()
                           : Time::duration(static_cast<Time::rep>(clock_.random()) & INT64_MAX) % time;
}

Task<void> StoreClient::pause(Time::duration time) {
  if (stopped_) co_return;
  const auto waiter = std::make_shared<Waiter>(loop_, clock_, clock_.now() + time);
  waiters_.add(waiter);
  co_await Waiter::wait(waiter);
}

void StoreClient::become(Session session) {
  if (std::exchange(session_, session) != session) changed_(session);
}

Task<Result<MetadataUpdate>> StoreClient::load() {
  co_await travel();
  if (stopped_) co_return make_error_code(storage::Errc::stopped);
  if (link_.is_cut) co_await pause(timeout);
  if (link_.is_cut) co_return make_error_code(storage::Errc::io);
  MetadataUpdate all = model_.load();
  co_await travel();
  co_return all;
}

Task<Committed> StoreClient::commit(MetadataChange change) {
  const Committed unknown{Outcome::unknown, 0, "no answer"};
  if (stopped_) co_return Committed{Outcome::refused, 0, "the broker stops"};
  const auto session = id_;
  co_await travel();
  const bool is_lost = link_.is_cut || chance(link_.lost);
  if (!is_lost && chance(link_.late)) {
    const auto& alarm = *late_.insert(clock_.alarm(store_loop_)).first;
    const Time at = clock_.now() + timeout + chance_up_to(timeout);
    alarm->ring_at(at, [&model = model_, change, session] { model.commit(change, session); });
    co_await pause(timeout);
    co_return unknown;
  }
  if (is_lost) {
    co_await pause(timeout);
    co_return unknown;
  }
  const Committed answer = model_.commit(change, session);
  if (chance(link_.mute)) {
    co_await pause(timeout);
    co_return unknown;
  }
  co_await travel();
  co_return answer;
}

Task<Result<MetadataUpdate>> StoreClient::watch(Revision after) {
  constexpr auto look_again = std::chrono::milliseconds(200);
  for (;;) {
    if (stopped_) co_return make_error_code(storage::Errc::stopped);
    if (!link_.is_cut && model_.revision() > after) {
      co_await travel();
      if (!stopped_ && !link_.is_cut) co_return model_.since(after);
    }
    const auto waiter = std::make_shared<Waiter>(loop_, clock_, clock_.now() + look_again);
    model_.wait(waiter);
    waiters_.add(waiter);
    co_await Waiter::wait(waiter);
  }
}

Task<Result<std::optional<EntryVersion>>> StoreClient::hold(std::string key, std::string value) {
  co_await travel();
  if (stopped_) co_return make_error_code(storage::Errc::stopped);
  if (link_.is_cut) co_await pause(timeout);
  if (link_.is_cut) co_return make_error_code(storage::Errc::io);
  if (session_ == Session::lost) {
    id_ = model_.begin_session();
    become(Session::alive);
    asio::co_spawn(loop_, keep_session(this, alive_), asio::detached);
  }
  const auto token = model_.hold(key, std::move(value), id_);
  co_await travel();
  co_return token;
}

Task<void> StoreClient::keep_session(StoreClient* self, Alive alive) {
  const auto id = self->id_;
  Time heard = self->clock_.now();
  for (;;) {
    co_await self->pause(StoreModel::session_ttl / 3);
    if (!*alive || self->stopped_ || self->id_ != id) co_return;
    if (self->link_.is_cut) {
      if (self->clock_.now() - heard >= StoreModel::session_ttl) self->become(Session::suspect);
      continue;
    }
    if (!self->model_.hear_of(id)) co_return self->become(Session::lost);
    heard = self->clock_.now();
    self->become(Session::alive);
  }
}

Task<error_code> StoreClient::evict(std::string key) {
  co_await travel();
  if (stopped_ || link_.is_cut) co_return make_error_code(storage::Errc::io);
  model_.evict(key);
  co_return error_code();
}

void StoreClient::stop() {
  stopped_ = true;
  waiters_.wake_all();
}

}  // namespace mq::core
