// SPDX-License-Identifier: Apache-2.0
// The metadata store of a cluster: Consul, by the HTTP API of its agents.
//
// An entry's version is its ModifyIndex, as is a token; what is held is locked by a session whose end deletes
// it. A commit that nobody answered is `unknown`; it is not sent twice. An entry that is put as it was keeps
// its version.
#pragma once

#include "core/metadata/consul_check.h"
#include "core/metadata/consul_feed.h"
#include "core/metadata/consul_session.h"

namespace mq::core {

class ConsulStore final : public MetadataStore {
 public:
  // WrongStart: options that cannot be. Connects to nothing yet.
  ConsulStore(asio::io_context& loop, const Clock& clock, ConsulOptions options);
  ~ConsulStore() override { stop(); }
  void stop() override;

  // At the start, before anything else: whether it is a Consul that can be worked with.
  Task<StoreCheck> check() override { return check_consul(client_); }

  Task<Result<MetadataUpdate>> load() override { return ConsulFeed::load(feed_); }
  Task<Committed> commit(MetadataChange change) override;
  Task<Result<MetadataUpdate>> watch(Revision after) override { return ConsulFeed::after(feed_, after); }
  Session session() const override { return session_->state(); }
  void on_session(SessionChanged changed) override { session_->on_change(std::move(changed)); }
  // When the answer was lost it may be held; asked again, it tells.
  Task<Result<std::optional<EntryVersion>>> hold(std::string key, std::string value) override;
  Task<error_code> evict(std::string key) override;
  Task<error_code> sweep(std::string key) override;

 private:
  static Task<Committed> write(std::shared_ptr<ConsulClient> client, std::shared_ptr<ConsulFeed> feed,
                               MetadataChange change, std::string session, std::set<std::string> held);

  const std::shared_ptr<ConsulClient> client_;
  const std::shared_ptr<ConsulSession> session_;
  const std::shared_ptr<ConsulFeed> feed_;
  AsyncMutex holding_;
};

}  // namespace mq::core
