// SPDX-License-Identifier: Apache-2.0
// Follows the metadata store: makes the catalog what it tells, and then what is hosted here what the catalog
// says: opens, closes, leads, follows. Lives on the loop.
#pragma once

#include <functional>
#include <memory>

#include "core/loop/async_mutex.h"
#include "core/loop/waiter.h"
#include "core/metadata/catalog.h"
#include "core/metadata/partition_table.h"

namespace mq::core {

class MetadataLoader : public std::enable_shared_from_this<MetadataLoader> {
 public:
  MetadataLoader(asio::io_context& loop, const Clock& clock, MetadataStore& store, Catalog& catalog,
                 PartitionTable& partitions, BrokerId self);

  // With all that the store has and what this directory hosts. `corrupt`: alone, an
  // entry cannot be read; where others can have written it, it is left out. Blocks.
  error_code start(const MetadataUpdate& all);
  // What is hosted of a topic that nobody knows any more is kept so long when there are other brokers: what
  // an image of the store lacks may only be lost there.
  static constexpr std::chrono::hours stray_retention{24};

  // From now on watches the store, and removes what the directory hosts of topics that are gone.
  void run();
  void stop();

  // Until the catalog and what is hosted here are as the store was then. Waits as long as the store fails.
  Task<void> applied(Revision revision);

  Revision revision() const { return revision_; }  // of the store, that was taken in

  Task<void> changed();  // until the next update, for a while at most

  // This run of the broker, as the store numbers it: it leads what names this epoch. -1: none, nothing is led
  // any more. A broker alone has 0.
  Task<void> set_broker_epoch(BrokerEpoch epoch);
  BrokerEpoch broker_epoch() const { return broker_epoch_; }

  // The brokers' own defaults changed: every topic's effective configuration is made anew.
  Task<void> defaults_changed(TopicDefaults defaults);

  // Called for every topic that is new or was configured, and for one that is gone: its partitions are
  // closed. For some of its partitions at a time.
  using Changed = std::function<void(const Topic&, PartitionTable::Partitions)>;
  void on_change(Changed changed) { changed_ = std::move(changed); }

  // Called whenever the state of a partition that is hosted here was looked at, and its role is as it says.
  using RoleSet = std::function<void(const Topic&, std::int32_t index, const std::shared_ptr<Partition>&,
                                     const PartitionState&)>;
  void on_role_set(RoleSet set) { role_set_ = std::move(set); }
  // Called when an update has been taken in, with what it changed.
  using Updated = std::function<void(const Catalog::Applied&)>;
  void on_update(Updated updated) { updated_.push_back(std::move(updated)); }

  // Of one topic: called now for each of its partitions that is hosted here, and whenever it is led here in
  // another epoch; nothing: by somebody else.
  using RoleChanged = std::function<void(std::int32_t index, std::optional<Epoch> leads_in)>;
  void on_role(std::string topic, RoleChanged changed);

 private:
  using Self = std::shared_ptr<MetadataLoader>;

  static Task<void> follow(Self self);
  static Task<void> look_after_strays(Self self);
  Task<void> look_at_strays();
  Task<void> take(const MetadataUpdate& update);
  Task<void> take(const Catalog::TopicChange& change, bool keeps_strays);
  using Indices = PartitionTable::Indices;
  Task<void> take_states(const std::set<Catalog::PartitionId>& changed);
  Task<bool> host(TopicPtr topic, Indices indices);  // those of them that belong here; and sets their roles
  bool belongs_here(const Topic& topic, std::int32_t index) const;
  bool is_no_replica(const Topic& topic, std::int32_t index) const;  // known to be none
  Task<void> drop(TopicPtr topic, Indices indices);
  Indices not_here(const Topic& topic) const;  // that belong here
  Task<void> set_roles(TopicPtr topic, Indices indices);
  void set_role(const Topic& topic, std::int32_t index, const std::shared_ptr<Partition>& partition) const;
  void tell_role(const Topic& topic, std::int32_t index, const Partition& partition) const;
  Task<void> tell_changed(TopicPtr topic) const;

  asio::io_context& loop_;
  const Clock& clock_;
  MetadataStore& store_;
  Catalog& catalog_;
  PartitionTable& partitions_;
  const BrokerId self_;
  BrokerEpoch broker_epoch_ = 0;
  Revision revision_ = 0;
  Waiters waiters_;  // for another one
  Waiters strays_;   // for the next look at them
  AsyncMutex changing_;
  bool stopped_ = false;
  Changed changed_ = [](const Topic&, PartitionTable::Partitions) {};
  RoleSet role_set_ = [](const Topic&, std::int32_t, const auto&, const PartitionState&) {};
  std::vector<Updated> updated_;
  std::map<std::string, RoleChanged, std::less<>> role_changed_;  // by topic
};

}  // namespace mq::core
