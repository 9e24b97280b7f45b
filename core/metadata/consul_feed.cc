// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/consul_feed.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

#include "storage/error.h"

namespace mq::core {

namespace {

constexpr std::chrono::milliseconds rest_min{20}, rest_max{2000};
constexpr int jitter_of_wait = 16;  // Consul waits longer by up to this part
constexpr Revision revisions_per_index = 1 << 24;
constexpr Revision room_for_findings = 1 << 20;  // before the number of a commit
constexpr std::size_t entries_per_ms = 20;       // that are listed again and again, at most

struct Found {
  std::int64_t index = 0;
  std::string key;
  std::optional<MetadataEntry> entry;
};

}  // namespace

ConsulFeed::ConsulFeed(std::shared_ptr<ConsulClient> client, Seen seen)
    : client_(std::move(client)), seen_(std::move(seen)) {}

void ConsulFeed::stop() {
  stopped_ = true;
  for (Area& area : areas_) {
    area.lane.close();
    if (area.pause) area.pause->wake();
  }
  tell();
}

void ConsulFeed::member_failed(std::size_t member) {
  for (Area& area : areas_)
    if (area.lane.member == member) area.lane.leave();
}

// ---- what is asked ----

// Before anything is watched, changes are told from the last load: what was before it nobody knows any more.
Task<Result<MetadataUpdate>> ConsulFeed::load(Self self) {
  const auto newest = co_await ConsulFeed::newest(self);
  if (!newest) co_return newest.error();
  const Revision as_told = *newest * revisions_per_index;
  if (!self->running_) self->revision_ = std::max({self->revision_ + 1, self->numbered_ + 1, as_told});
  const bool is_older = *newest < self->index_seen_;
  auto all = co_await list_all(self);
  if (all && is_older) all->revision = std::min(all->revision, as_told);
  co_return all;
}

Task<Result<MetadataUpdate>> ConsulFeed::list_all(Self self) {
  const auto client = self->client_;
  MetadataUpdate all{.revision = self->revision_, .whole = true};
  ConsulCall call = client->get(client->requests().list_all());
  ConsulAnswer answer = co_await ConsulClient::read(client, std::move(call));
  if (answer.filtered) answer = {ConsulVerdict::refused, "this token may not read all of it"};
  const bool nothing = answer.verdict == ConsulVerdict::nothing && answer.index > 0;
  if (!answer.ok() && !nothing) {
    spdlog::warn("Consul: the entries cannot be listed: {}", answer.why);
    co_return error_of(answer.verdict == ConsulVerdict::nothing ? ConsulVerdict::unknown : answer.verdict);
  }
  auto parse = [client, body = std::move(answer.body)] { return entries_of(body, client->requests()); };
  ConsulEntries entries;
  if (!nothing) entries = co_await client->work(true, std::move(parse));
  for (auto& [key, found] : entries) all.entries[key] = std::move(found.entry);
  if (!self->running_ && all.revision >= self->revision_) self->know(all);
  co_return all;
}

// Of all that Consul has: the index of a key that is not there. That of a list falls back.
Task<Result<std::int64_t>> ConsulFeed::newest(Self self) {
  const auto client = self->client_;
  ConsulCall call = client->get(client->requests().nothing());
  const ConsulAnswer answer = co_await ConsulClient::read(client, std::move(call));
  const std::int64_t index = answer.index;
  if (answer.verdict == ConsulVerdict::nothing && index > 0) co_return index;
  spdlog::warn("Consul: its index is not told: {}", answer.why);
  co_return error_of(answer.verdict == ConsulVerdict::refused ? answer.verdict : ConsulVerdict::unknown);
}

// Of what is found; before that of a commit whose changes are not all found.
Revision ConsulFeed::next_revision(std::int64_t index) const {
  const Revision wanted = std::max(revision_ + 1, index * revisions_per_index);
  return commits_.empty() || wanted < commits_.front().revision ? wanted : revision_ + 1;
}

void ConsulFeed::know(const MetadataUpdate& all) {
  for (Area& area : areas_) area.known.clear();
  for (const auto& [key, entry] : all.entries)
    areas_[ConsulRequests::area_of(key)].known[key] = entry->version;
  std::erase_if(commits_, [&](const Commit& commit) { return commit.revision <= all.revision; });
  floor_ = all.revision;
}

Task<Result<MetadataUpdate>> ConsulFeed::after(Self self, Revision revision) {
  while (!self->stopped_) {
    if (revision < self->floor_ && !self->running_) {
      auto all = co_await load(self);
      if (self->stopped_) break;
      self->begin(self);
      co_return all;
    }
    self->begin(self);
    if (revision < self->floor_) co_return co_await list_all(self);  // somebody else took it
    if (self->revision_ > revision) co_return self->since(revision);
    const auto changed = self->changed_;
    co_await Promise<bool>::get(changed);
  }
  co_return make_error_code(storage::Errc::stopped);
}

// Nobody asks for what was up to `after` any more; if somebody does, he is given a list.
MetadataUpdate ConsulFeed::since(Revision after) {
  MetadataUpdate update{.revision = revision_};
  std::erase_if(recent_, [&](const auto& change) { return change.second.revision <= after; });
  floor_ = std::max(floor_, after);
  for (const auto& [key, change] : recent_) update.entries[key] = change.entry;
  return update;
}

void ConsulFeed::tell() {
  std::exchange(changed_, std::make_shared<Promise<bool>>())->set(true);
}

Revision ConsulFeed::written(std::map<std::size_t, std::int64_t> indices,
                             const std::set<std::size_t>& erased) {
  std::int64_t index = 0;
  for (const auto& [area, written] : indices) index = std::max(index, written);
  index_seen_ = std::max(index_seen_, index);
  for (const std::size_t area : erased) indices[area] = 0;
  numbered_ = std::max(std::max(numbered_, revision_) + room_for_findings, index * revisions_per_index);
  std::erase_if(indices,
                [&](const auto& one) { return one.second > 0 && one.second <= areas_[one.first].listed; });
  commits_.push_back({numbered_, ++turn_, std::move(indices)});
  for (const std::size_t area : erased) list_anew(area);
  complete();
  return numbered_;
}

void ConsulFeed::list_anew(std::size_t number) {
  Area& area = areas_[number];
  if (!running_ || std::exchange(area.anew, true)) return;
  area.lane.leave();
  if (area.pause) area.pause->wake();
}

// ---- what comes ----

void ConsulFeed::begin(const Self& self) {
  if (std::exchange(running_, true) || stopped_) return;
  for (std::size_t number = 0; number < areas_.size(); number++)
    asio::co_spawn(client_->loop(), run(self, number), asio::detached);
}

// Without a pause when something came, but for what a long list takes; else the pauses grow, so that a Consul
// in trouble is not asked all the time.
Task<void> ConsulFeed::run(Self self, std::size_t number) {
  Area& area = self->areas_[number];
  Time::duration pause{};
  while (!self->stopped_) {
    const bool came = co_await list(self, number);
    if (self->stopped_) co_return;
    if (std::exchange(area.anew, false)) {
      area.index = 0;
      pause = {};
      continue;
    }
    pause = came ? Time::duration{} : std::clamp<Time::duration>(2 * pause, rest_min, rest_max);
    const auto took = std::chrono::milliseconds(area.known.size() / entries_per_ms);
    const Time::duration length = came ? took : pause;
    if (length > Time::duration::zero()) co_await rest(self, number, length);
  }
}

Task<void> ConsulFeed::rest(Self self, std::size_t number, Time::duration pause) {
  const Clock& clock = self->client_->clock();
  const auto waiter = std::make_shared<Waiter>(self->client_->loop(), clock, clock.now() + pause);
  self->areas_[number].pause = waiter;
  co_await Waiter::wait(waiter);
}

// False: nothing came of it.
Task<bool> ConsulFeed::list(Self self, std::size_t number) {
  Area& area = self->areas_[number];
  const auto client = self->client_;
  const ConsulOptions& options = client->options();
  const auto wait = number == ConsulRequests::cluster_area ? options.wait_for_sessions : options.wait;
  ConsulList list{.area = number, .turn = self->next_turn()};
  ConsulCall call = client->get(client->requests().list(number, area.index, wait));
  if (area.index > 0) call.within += wait + wait / jitter_of_wait;
  ConsulAnswer answer = co_await ConsulClient::call(client, area.lane, std::move(call));
  if (self->stopped_ || area.anew) co_return false;
  const bool nothing = answer.verdict == ConsulVerdict::nothing;
  if (!(answer.ok() || nothing) || answer.index <= 0 || answer.filtered) {
    const std::string why = answer.filtered ? "this token may not read all of it" : answer.why;
    if (why != self->why_told_) spdlog::warn("Consul: nothing can be watched: {}", why);
    self->why_told_ = why;
    co_return false;
  }
  self->why_told_.clear();
  list.index = answer.index;
  area.index = answer.index < area.index ? 0 : answer.index;  // it may fall back: begin again
  if (!nothing) {
    auto parse = [client, body = std::move(answer.body)] { return entries_of(body, client->requests()); };
    list.entries = co_await client->work(true, std::move(parse));
    if (self->stopped_) co_return false;
  }
  self->apply(std::move(list));
  co_return true;
}

// In the order in which they were made, as far as Consul tells; what was erased comes last.
void ConsulFeed::apply(ConsulList list) {
  Area& area = areas_[list.area];
  std::vector<Found> all;
  std::map<std::string, EntryVersion> known;
  for (const auto& [key, found] : list.entries) {
    const auto before = area.known.extract(key);
    known[key] = found.entry.version;
    if (!before || before.mapped() != found.entry.version)
      all.push_back({found.entry.version, key, found.entry});
  }
  for (const auto& [key, version] : area.known) all.push_back({list.index, key, std::nullopt});
  area.known = std::move(known);
  std::stable_sort(all.begin(), all.end(), [](const Found& a, const Found& b) { return a.index < b.index; });

  area.listed = list.index;
  index_seen_ = std::max(index_seen_, list.index);
  for (Found& found : all) {
    reached(list, found.index - 1);
    revision_ = next_revision(found.index);
    recent_[std::move(found.key)] = {revision_, std::move(found.entry)};
  }
  reached(list, std::numeric_limits<std::int64_t>::max());
  seen_(list);
  if (recent_.size() > recent_max) {
    recent_.clear();
    floor_ = revision_;
  }
  if (!all.empty()) tell();
}

// What the list has up to that index is found.
void ConsulFeed::reached(const ConsulList& list, std::int64_t index) {
  const bool all = index >= list.index;
  for (Commit& commit : commits_) {
    const auto waited = commit.areas.find(list.area);
    if (waited == commit.areas.end()) continue;
    const bool by_index = waited->second > 0 && waited->second <= std::min(index, list.index);
    if (by_index || (all && list.turn > commit.turn)) commit.areas.erase(waited);
  }
  complete();
}

void ConsulFeed::complete() {
  while (!commits_.empty() && commits_.front().areas.empty()) {
    revision_ = std::max(revision_, commits_.front().revision);
    commits_.pop_front();
    tell();
  }
}

}  // namespace mq::core
