// SPDX-License-Identifier: Apache-2.0
// A metadata store as brokers see one from afar: late, silent, or with an answer that got lost; with sessions
// that end although their broker is well. One thread, virtual time.
#pragma once

#include <map>
#include <set>

#include "core/loop/waiter.h"
#include "core/metadata/store.h"
#include "tests/support/virtual_clock.h"

namespace mq::core {

// The store itself: what it holds, at once and without faults.
class StoreModel {
 public:
  using SessionId = std::uint64_t;
  static constexpr std::chrono::seconds session_ttl{9};

  explicit StoreModel(const Clock& clock) : clock_(clock) {}

  SessionId begin_session();
  bool hear_of(SessionId session);  // false: it has ended
  void end_session(SessionId session);
  void end_silent_sessions();

  Committed commit(const MetadataChange& change, SessionId session);
  std::optional<EntryVersion> hold(const std::string& key, std::string value, SessionId session);
  void evict(const std::string& key);
  MetadataUpdate load() const;
  MetadataUpdate since(Revision after) const;
  Revision revision() const { return revision_; }
  SessionId holder(const std::string& key) const;  // 0: nobody

  void wait(const std::shared_ptr<Waiter>& waiter) { waiters_.add(waiter); }  // for another revision

 private:
  struct Entry {
    MetadataEntry entry;
    SessionId holder = 0;
  };
  using Delta = std::map<std::string, std::optional<MetadataEntry>>;

  bool holds(const Guard& guard, SessionId session) const;
  std::optional<MetadataEntry> entry(const std::string& key) const;
  void tell(Delta delta);

  const Clock& clock_;
  std::map<std::string, Entry> entries_;
  std::map<SessionId, Time> sessions_;  // and when it was heard of last
  std::map<Revision, Delta> deltas_;
  SessionId sessions_begun_ = 0;
  Revision revision_ = 0;
  Waiters waiters_;
};

// How one broker reaches it. Chances are out of 100.
struct StoreLink {
  bool is_cut = false;
  Time::duration delay_max = std::chrono::milliseconds(5);
  int lost = 0;  // requests that never arrive
  int late = 0;  // that arrive when nobody waits any more
  int mute = 0;  // whose answers never arrive
};

// One run of a broker's view of it.
class StoreClient final : public MetadataStore {
 public:
  static constexpr std::chrono::seconds timeout{2};

  StoreClient(StoreModel& model, asio::io_context& loop, asio::io_context& store_loop, const Clock& clock,
              const StoreLink& link)
      : model_(model), loop_(loop), store_loop_(store_loop), clock_(clock), link_(link) {}
  ~StoreClient() override { *alive_ = false; }

  Task<Result<MetadataUpdate>> load() override;
  Task<Committed> commit(MetadataChange change) override;
  Task<Result<MetadataUpdate>> watch(Revision after) override;
  Session session() const override { return session_; }
  void on_session(SessionChanged changed) override { changed_ = std::move(changed); }
  Task<Result<std::optional<EntryVersion>>> hold(std::string key, std::string value) override;
  Task<error_code> evict(std::string key) override;
  void stop() override;
  StoreModel::SessionId session_id() const { return id_; }

 private:
  using Alive = std::shared_ptr<bool>;

  static Task<void> keep_session(StoreClient* self, Alive alive);
  Task<void> travel() { co_await pause(chance_up_to(link_.delay_max)); }
  Task<void> pause(Time::duration time);
  Time::duration chance_up_to(Time::duration time) const;
  bool chance(int of_100) const { return static_cast<int>(clock_.random() % 100) < of_100; }
  void become(Session session);

  StoreModel& model_;
  asio::io_context& loop_;
  asio::io_context& store_loop_;
  const Clock& clock_;
  const StoreLink& link_;
  Session session_ = Session::lost;
  StoreModel::SessionId id_ = 0;
  SessionChanged changed_ = [](Session) {};
  std::set<std::unique_ptr<Alarm>> late_;
  Waiters waiters_;
  bool stopped_ = false;
  const Alive alive_ = std::make_shared<bool>(true);
};

}  // namespace mq::core
