// SPDX-License-Identifier: Apache-2.0
// A session of Consul's, kept alive, and what lives with it. Nothing that must be right hangs on it: it may
// be lost at any moment, and be heard of late. Lives on the loop.
#pragma once

#include <memory>
#include <set>

#include "core/loop/waiter.h"
#include "core/metadata/consul_feed.h"

namespace mq::core {

class ConsulSession {
 public:
  using Self = std::shared_ptr<ConsulSession>;
  using State = MetadataStore::Session;

  // What is held: since when, as Consul and as this process count.
  struct Held {
    EntryVersion token = 0;
    std::uint64_t turn = 0;  // of the feed: a list that was asked for later has it
  };

  explicit ConsulSession(std::shared_ptr<ConsulClient> client);
  void stop();  // it is not kept alive any more; nobody is told

  State state() const;  // alive, too, before the first one: nothing has been lost
  void on_change(MetadataStore::SessionChanged changed) { changed_ = std::move(changed); }

  // Creates one when there is none. ok: id() is it.
  static Task<ConsulAnswer> begin(Self self);
  const std::string& id() const { return id_; }  // empty: none, or it is lost
  void end(const std::string& id);               // somebody knows that it is gone

  const std::map<std::string, Held>& held() const { return held_; }
  std::set<std::string> held_keys() const;
  void hold(std::string key, Held held) { held_[std::move(key)] = held; }
  std::optional<Held> let_go(const std::string& key);  // it may be erased now
  // What Consul holds now. A held key that is gone is the end of the session.
  static void look(const Self& self, const ConsulList& list);

 private:
  static Task<void> keep(Self self, std::string id);
  static Task<void> destroy(Self self, std::string id);
  bool lives(const std::string& id) const { return id_ == id && !client_->stopped(); }
  Time::duration since_renewed() const { return client_->clock().since_boot() - renewed_; }
  Time::duration ttl() const { return client_->options().session_ttl; }
  void renewed(Time::duration sent);  // since boot
  void suspect_in_time();
  void become(State state);

  const std::shared_ptr<ConsulClient> client_;
  StoreMembers::Lane lane_;
  AsyncMutex beginning_;
  std::string id_;
  Time::duration renewed_{};  // when the last renewal that succeeded was sent, since boot
  State told_ = State::alive;
  std::map<std::string, Held> held_;
  MetadataStore::SessionChanged changed_;
  std::unique_ptr<Alarm> suspicion_;
  std::shared_ptr<Waiter> pause_;  // before the next renewal
};

}  // namespace mq::core
