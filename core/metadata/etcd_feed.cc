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
    if (!self->listed_ && revision < self->floor_) self->list_anew();
    MetadataUpdate update = self->since(revision);
    if (!self->relist_ && !update.entries.empty()) co_return update;
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

Task<void> EtcdFeed::run(Self self) {
  const Clock& clock = self->client_->clock();
  Time::duration pause{};
  while (!self->stopped_) {
    End end = End::again;
    if (self->relist_) {
      if (!co_await relist(self)) end = End::failed;
    } else {
      end = co_await follow(self);
    }
    if (self->stopped_ || (end == End::again && self->relist_)) continue;
    pause = end == End::again ? Time::duration::zero()
                              : std::clamp<Time::duration>(2 * pause, pause_min, pause_max);
    if (end == End::again) continue;
    self->pause_ = std::make_shared<Waiter>(self->client_->loop(), clock, clock.now() + pause);
    const auto waiter = self->pause_;
    co_await Waiter::wait(waiter);
  }
}

Task<bool> EtcdFeed::relist(Self self) {
  auto all = co_await list_entries(self->client_);
  if (!all || self->stopped_) co_return false;
  if (all->revision < self->applied_) {  // of a member that is behind, or of an etcd that was restored
    spdlog::warn("etcd: a list at revision {}, but {} was seen before", all->revision, self->applied_);
    self->client_->failed(self->lane_.member);
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

Task<EtcdFeed::End> EtcdFeed::follow(Self self) {
  self->heard_ = false;
  EtcdCall call;
  call.path = "/v3/watch";
  call.body = self->client_->requests().watch(self->applied_ + 1);
  call.within = self->client_->options().answer_within;
  call.stream = true;
  const EtcdAnswer begun = co_await EtcdClient::call(self->client_, self->lane_, std::move(call));
  End end = End::failed;
  if (begun.ok())
    end = co_await read(self);
  else
    self->last_why_ = begun.why;
  if (self->stopped_ || self->relist_) co_return End::again;
  if (end == End::failed) {
    spdlog::warn("etcd: the watch has ended: {}", self->last_why_);
    self->client_->failed(self->lane_.member);
  }
  self->lane_.close();
  co_return end;
}

// A message is a line: JSON has no other line breaks as etcd writes it.
Task<EtcdFeed::End> EtcdFeed::read(Self self) {
  const auto connection = self->lane_.connection;
  const auto client = self->client_;
  const Revision began_at = self->applied_;
  std::string text;
  for (bool ended = false; !ended;) {
    const auto piece = co_await connection->next_piece();
    ended = !piece || piece->empty();
    self->last_why_ = piece ? "its stream has ended" : piece.error().message();
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
      if (self->stopped_ || self->relist_) co_return End::again;
      if (!self->take(std::move(events))) co_return End::failed;
    }
    text.erase(0, from);
    if (text.size() > message_bytes_max) {
      self->last_why_ = "a message of more than 8 MiB";
      co_return End::failed;
    }
  }
  if (self->applied_ > began_at) co_return End::again;
  co_return self->heard_ ? End::nothing_came : End::failed;
}

bool EtcdFeed::take(EtcdEvents events) {
  last_why_ = std::move(events.why);
  switch (events.kind) {
    case EtcdEvents::Kind::created:
      heard_ = client_->is_of_this_cluster(events.header);
      if (!heard_) last_why_ = "it belongs to another etcd cluster";
      if (!heard_) return false;
      break;
    case EtcdEvents::Kind::events:
      break;
    case EtcdEvents::Kind::unallowed:
      client_->forget_token();
      return false;
    case EtcdEvents::Kind::compacted:
      spdlog::info("etcd: what changed since revision {} was compacted away; all entries are listed",
                   applied_);
      list_anew();
      return true;
    case EtcdEvents::Kind::again:
      return false;
  }
  apply(std::move(events.events));
  return true;
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
