// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_feed.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

#include "core/metadata/etcd_list.h"
#include "storage/error.h"

namespace mq::core {

namespace {

constexpr std::chrono::milliseconds pause_min{20}, pause_max{2000};

}  // namespace

EtcdFeed::EtcdFeed(std::shared_ptr<EtcdClient> client, Seen seen)
    : client_(std::move(client)),
      seen_(std::move(seen)),
      relisting_(client_->clock().alarm(client_->loop())) {}

void EtcdFeed::stop() {
  stopped_ = true;
  relisting_->cancel();
  lane_.close();
  if (pause_) pause_->wake();
  tell();
}

void EtcdFeed::member_failed(std::size_t member) {
  if (lane_.member == member) lane_.close();
}

// ---- what is asked ----

Task<Result<MetadataUpdate>> EtcdFeed::after(Self self, Revision revision) {
  self->begin(self, revision);
  while (!self->stopped_) {
    if (self->listed_ && self->applied_ >= revision) co_return self->whole();
    if (revision < self->floor_) co_return co_await list_entries(self->client_);  // somebody else took it
    MetadataUpdate update = self->since(revision);
    if (!update.entries.empty()) co_return update;
    const auto changed = self->changed_;
    co_await Promise<bool>::get(changed);
  }
  co_return make_error_code(storage::Errc::stopped);
}

// With what came after the list.
MetadataUpdate EtcdFeed::whole() {
  MetadataUpdate update = std::move(*listed_);
  listed_.reset();
  for (auto& [key, change] : recent_) {
    if (change.entry)
      update.entries[key] = std::move(change.entry);
    else
      update.entries.erase(key);
  }
  recent_.clear();
  update.revision = floor_ = applied_;
  return update;
}

// Nobody asks for what was up to `after` any more; if somebody does, he is given a list.
MetadataUpdate EtcdFeed::since(Revision after) {
  MetadataUpdate update{.revision = applied_};
  if (after < floor_ || applied_ <= after) return update;
  std::erase_if(recent_, [&](const auto& change) { return change.second.version <= after; });
  floor_ = std::max(floor_, after);
  for (const auto& [key, change] : recent_) update.entries[key] = change.entry;
  return update;
}

void EtcdFeed::tell() {
  std::exchange(changed_, std::make_shared<Promise<bool>>())->set(true);
}

// ---- what comes ----

void EtcdFeed::begin(const Self& self, Revision after) {
  if (std::exchange(running_, true) || stopped_) return;
  base_ = applied_ = floor_ = after;
  list_anew_in_time(self);
  asio::co_spawn(client_->loop(), run(self), asio::detached);
}

// Without a pause when something came; else the pauses grow, so that an etcd in trouble is not asked all the
// time.
Task<void> EtcdFeed::run(Self self) {
  const Clock& clock = self->client_->clock();
  Time::duration pause{};
  while (!self->stopped_) {
    const Time begun = clock.now();
    bool came = false;
    if (self->relist_)
      came = co_await relist(self);
    else
      came = co_await follow(self);
    if (came || clock.now() - begun >= pause_max) pause = {};
    if (came || self->stopped_) continue;
    pause = std::clamp<Time::duration>(2 * pause, pause_min, pause_max);
    const auto waiter = std::make_shared<Waiter>(self->client_->loop(), clock, clock.now() + pause);
    self->pause_ = waiter;
    co_await Waiter::wait(waiter);
  }
}

Task<bool> EtcdFeed::relist(Self self) {
  auto all = co_await list_entries(self->client_);
  if (!all || self->stopped_) co_return false;
  if (all->revision < self->applied_) {  // of a member that is behind, or of an etcd that was restored
    spdlog::warn("etcd: a list at revision {}, but {} was seen before", all->revision, self->applied_);
    self->client_->members().failed(self->lane_.member);
    co_return false;
  }
  self->relist_ = false;
  self->base_ = self->applied_ = self->floor_ = all->revision;
  self->versions_.clear();
  self->recent_.clear();
  self->seen_(*all);
  self->listed_ = std::move(*all);
  self->list_anew_in_time(self);
  self->tell();
  co_return true;
}

void EtcdFeed::list_anew() {
  if (std::exchange(relist_, true)) return;
  lane_.close();
  if (pause_) pause_->wake();
}

// Not all brokers at once.
void EtcdFeed::list_anew_in_time(const Self& self) {
  const std::chrono::milliseconds every = client_->options().relist_every;
  const auto jitter = static_cast<std::int64_t>(client_->clock().random() % 256) - 128;
  const Time at = client_->clock().now() + every + every * jitter / 1280;
  relisting_->ring_at(at, [feed = std::weak_ptr(self)] {
    if (const auto here = feed.lock()) here->list_anew();
  });
}

// False: nothing came of it.
Task<bool> EtcdFeed::follow(Self self) {
  const Revision began_at = self->applied_;
  EtcdCall call;
  call.path = "/v3/watch";
  call.body = self->client_->requests().watch(self->applied_ + 1);
  call.within = self->client_->options().answer_within;
  call.stream = true;
  const EtcdAnswer begun = co_await EtcdClient::call(self->client_, self->lane_, std::move(call));
  self->heard_ = false;
  if (begun.ok())
    co_await read(self);
  else
    self->why_ended_ = begun.why;
  if (self->stopped_ || self->relist_) co_return true;
  if (!self->heard_) {
    if (self->why_ended_ != self->why_told_)
      spdlog::warn("etcd: nothing can be watched: {}", self->why_ended_);
    self->why_told_ = self->why_ended_;
    self->client_->members().failed(self->lane_.member);
  }
  self->lane_.close();
  co_return self->applied_ > began_at;
}

// A message is a line: JSON has no other line breaks as etcd writes it.
Task<void> EtcdFeed::read(Self self) {
  const auto connection = self->lane_.connection;
  const auto client = self->client_;
  std::string text;
  for (bool ended = false; !ended;) {
    const auto piece = co_await connection->next_piece();
    ended = !piece || piece->empty();
    self->why_ended_ = piece ? "its stream has ended" : piece.error().message();
    const std::size_t scanned = text.size();
    if (piece) text += *piece;
    if (ended && !text.empty()) text += '\n';  // the last one may lack it
    std::size_t from = 0;
    for (std::size_t end = text.find('\n', scanned); end != text.npos; end = text.find('\n', from)) {
      const bool long_one = end - from >= EtcdClient::worth_a_worker;
      auto parse = [client, line = text.substr(from, end - from)] {
        return parse_events(line, client->requests());
      };
      EtcdEvents events = co_await client->work(long_one, std::move(parse));
      from = end + 1;
      if (self->stopped_ || self->relist_) co_return;
      self->heard_ = self->take(std::move(events));
      if (!self->heard_) co_return;
    }
    text.erase(0, from);
    if (text.size() <= message_bytes_max) continue;
    self->why_ended_ = "a message of more than 8 MiB";
    self->heard_ = false;
    co_return;
  }
}

bool EtcdFeed::take(EtcdEvents events) {
  if (!client_->is_of_this_cluster(events.header))
    events = {EtcdEvents::Kind::again, "it belongs to another etcd cluster"};
  why_ended_ = std::move(events.why);
  switch (events.kind) {
    case EtcdEvents::Kind::events:
      why_told_.clear();
      apply(std::move(events.events));
      return true;
    case EtcdEvents::Kind::compacted:
      spdlog::info("etcd: what changed since revision {} was compacted away; all entries are listed",
                   applied_);
      list_anew();
      return true;
    case EtcdEvents::Kind::unallowed:
      client_->forget_token();
      return false;
    case EtcdEvents::Kind::again:
      return false;
  }
  return false;
}

// Some versions of etcd repeat events, or bring old ones.
void EtcdFeed::apply(std::vector<EtcdEvents::Event> events) {
  MetadataUpdate update;
  for (EtcdEvents::Event& event : events) {
    applied_ = std::max(applied_, event.version);
    EntryVersion& version = versions_[event.key];
    if (event.version <= std::max(version, base_)) continue;
    version = event.version;
    update.entries[event.key] = event.entry;
    recent_[std::move(event.key)] = {event.version, std::move(event.entry)};
  }
  if (update.entries.empty()) return;
  update.revision = applied_;
  seen_(update);
  if (recent_.size() > recent_max) {
    recent_.clear();
    listed_.reset();
    floor_ = applied_;
  }
  tell();
}

}  // namespace mq::core
