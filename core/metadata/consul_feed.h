// SPDX-License-Identifier: Apache-2.0
// What changes in Consul, put together for whoever asks now and then. Each area of keys is watched by a query
// that waits for its next change and then brings all that is in it; what is another version than before is
// what changed. So nothing hangs on Consul's index going on, or on being woken: a list is right whenever it
// was asked for.
//
// Revisions are the feed's own numbers: what it finds is numbered in the order in which it finds it. A commit
// is given a number that is further on, and updates reach it when what the commit wrote is found. They begin
// with Consul's index, many to one, so that those of a later run are greater, unless Consul was put back to
// an earlier state. Lives on the loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "core/loop/promise.h"
#include "core/loop/waiter.h"
#include "core/metadata/consul_client.h"

namespace mq::core {

// All that is in an area.
struct ConsulList {
  std::size_t area = 0;
  std::uint64_t turn = 0;  // when it was asked for
  std::int64_t index = 0;  // Consul's: it has all that was changed in the area up to it
  ConsulEntries entries = {};
};

class ConsulFeed {
 public:
  using Self = std::shared_ptr<ConsulFeed>;
  using Seen = std::function<void(const ConsulList&)>;  // each list, as it comes

  static constexpr std::size_t recent_max =
      100'000;  // entries that nobody has asked for; then all are listed

  ConsulFeed(std::shared_ptr<ConsulClient> client, Seen seen);
  void stop();  // whoever waits is told
  void member_failed(std::size_t member);

  // As MetadataStore::load. Of an older revision than before when Consul was put back to an earlier state.
  static Task<Result<MetadataUpdate>> load(Self self);
  // As MetadataStore::watch. The first call begins it.
  static Task<Result<MetadataUpdate>> after(Self self, Revision revision);

  // A commit was done that wrote at these indices, by area, and has erased something in some of them: the
  // revision of the update that will have it.
  Revision written(std::map<std::size_t, std::int64_t> indices, const std::set<std::size_t>& erased);
  void list_anew(std::size_t area);  // something is known to have changed that may not wake it
  std::uint64_t next_turn() { return ++turn_; }

 private:
  struct Area {
    StoreMembers::Lane lane;
    std::int64_t index = 0;   // what the next query waits behind; 0: it does not wait
    std::int64_t listed = 0;  // as of which it is known
    bool anew = false;
    std::map<std::string, EntryVersion> known;
    std::shared_ptr<Waiter> pause;
  };
  struct Change {
    Revision revision = 0;
    std::optional<MetadataEntry> entry;
  };
  // Until each of its areas was listed as of that index, or after that turn.
  struct Commit {
    Revision revision = 0;
    std::uint64_t turn = 0;
    std::map<std::size_t, std::int64_t> areas;  // 0: the turn alone tells
  };

  void begin(const Self& self);
  static Task<void> run(Self self, std::size_t number);
  static Task<bool> list(Self self, std::size_t number);
  static Task<void> rest(Self self, std::size_t number, Time::duration pause);
  void apply(ConsulList list);
  void reached(const ConsulList& list, std::int64_t index);
  void complete();
  static Task<Result<std::int64_t>> newest(Self self);
  static Task<Result<MetadataUpdate>> list_all(Self self);
  Revision next_revision(std::int64_t index) const;
  void know(const MetadataUpdate& all);
  MetadataUpdate since(Revision after);
  void tell();

  const std::shared_ptr<ConsulClient> client_;
  const Seen seen_;
  std::array<Area, ConsulRequests::areas> areas_;

  std::uint64_t turn_ = 0;
  std::int64_t index_seen_ = 0;  // the latest
  Revision revision_ = 0;        // of the last thing found
  Revision numbered_ = 0;        // that was given to a commit
  Revision floor_ = 1;  // what changed since is in recent_, and only that; nobody has loaded anything yet
  std::deque<Commit> commits_;
  std::map<std::string, Change> recent_;

  bool running_ = false, stopped_ = false;
  std::string why_told_;
  std::shared_ptr<Promise<bool>> changed_ = std::make_shared<Promise<bool>>();
};

}  // namespace mq::core
