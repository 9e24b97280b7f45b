// SPDX-License-Identifier: Apache-2.0
// The metadata store of a cluster: etcd, by the JSON gateway of its members.
//
// An entry's version is its mod_revision, a token the create_revision of what is held, a session a lease. A
// commit that nobody answered is `unknown`; it is not sent twice.
#pragma once

#include "core/metadata/etcd_check.h"
#include "core/metadata/etcd_feed.h"
#include "core/metadata/etcd_session.h"

namespace mq::core {

class EtcdStore final : public MetadataStore {
 public:
  // WrongStart: options that cannot be. Connects to nothing yet.
  EtcdStore(asio::io_context& loop, const Clock& clock, EtcdOptions options);
  ~EtcdStore() override { stop(); }
  void stop() override;

  // At the start, before anything else: whether it is an etcd that can be worked with.
  Task<StoreCheck> check() override { return check_etcd(client_); }
  // Of the etcd cluster, as its members tell it; empty: nobody has answered yet. Answers of another one are
  // none.
  const std::string& cluster_id() const { return client_->cluster_id(); }

  Task<Result<MetadataUpdate>> load() override;
  Task<Committed> commit(MetadataChange change) override;
  Task<Result<MetadataUpdate>> watch(Revision after) override;
  Session session() const override { return session_->state(); }
  void on_session(SessionChanged changed) override { session_->on_change(std::move(changed)); }
  // When the answer was lost it may be held; asked again, it tells.
  Task<Result<std::optional<EntryVersion>>> hold(std::string key, std::string value) override;
  Task<error_code> evict(std::string key) override;
  Task<error_code> sweep(std::string key) override;

 private:
  void tell(const Committed& committed);

  const std::shared_ptr<EtcdClient> client_;
  const std::shared_ptr<EtcdSession> session_;
  const std::shared_ptr<EtcdFeed> feed_;
  AsyncMutex holding_;
  std::string refusal_;  // told last
};

}  // namespace mq::core
