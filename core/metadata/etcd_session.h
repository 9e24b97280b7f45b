// SPDX-License-Identifier: Apache-2.0
// A lease of etcd's, kept alive, and what lives with it. Nothing that must be right hangs on it: it may be
// lost at any moment, and be heard of late. Lives on the loop.
#pragma once

#include <memory>

#include "core/loop/waiter.h"
#include "core/metadata/etcd_client.h"

namespace mq::core {

class EtcdSession {
 public:
  using Self = std::shared_ptr<EtcdSession>;
  using State = MetadataStore::Session;

  explicit EtcdSession(std::shared_ptr<EtcdClient> client);
  void stop();  // it is not kept alive any more; nobody is told

  State state() const;  // alive, too, before the first lease: nothing has been lost
  void on_change(MetadataStore::SessionChanged changed) { changed_ = std::move(changed); }

  // Grants a lease when there is none. ok: lease() is one.
  static Task<EtcdAnswer> begin(Self self);
  LeaseId lease() const { return lease_; }  // 0: none, or it is lost
  void end(LeaseId lease);                  // somebody knows that it is gone

  const std::map<std::string, EntryVersion>& held() const { return held_; }  // with their tokens
  void hold(std::string key, EntryVersion token) { held_[std::move(key)] = token; }
  std::optional<EntryVersion> let_go(const std::string& key);  // its token; it may be erased now
  // What the store holds now. A held key that is gone is the end of the session: some versions of etcd renew
  // a lease that was revoked.
  static void look(const Self& self, const MetadataUpdate& update);

 private:
  static Task<void> keep(Self self, LeaseId lease);
  static Task<void> revoke(Self self, LeaseId lease);
  bool lives(LeaseId lease) const { return lease_ == lease && !client_->stopped(); }
  Time::duration since_renewed() const { return client_->clock().since_boot() - renewed_; }
  void renewed(Time::duration sent);  // since boot
  void suspect_in_time();
  void become(State state);

  const std::shared_ptr<EtcdClient> client_;
  StoreMembers::Lane lane_;
  AsyncMutex beginning_;
  LeaseId lease_ = 0;
  Time::duration ttl_{};
  Time::duration renewed_{};  // when the last renewal that succeeded was sent, since boot
  State told_ = State::alive;
  std::map<std::string, EntryVersion> held_;
  MetadataStore::SessionChanged changed_;
  std::unique_ptr<Alarm> suspicion_;
  std::shared_ptr<Waiter> pause_;  // before the next renewal
};

}  // namespace mq::core
