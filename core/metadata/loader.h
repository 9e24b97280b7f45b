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

  // With all that the store has and what this directory hosts. `corrupt`: an entry cannot be read. Blocks.
  error_code start(const MetadataUpdate& all);
  // From now on watches the store, and removes what the directory hosts of topics that are gone.
  void run();
  void stop();

  // Until the catalog and what is hosted here are as the store was then. Waits as long as the store fails.
  Task<void> applied(Revision revision);

  // The brokers' own defaults changed: every topic's effective configuration is made anew.
  Task<void> defaults_changed(TopicDefaults defaults);

  // Called for every topic that is new or was configured, and for one that is gone: its partitions are
  // closed. For some of its partitions at a time.
  using Changed = std::function<void(const Topic&, PartitionTable::Partitions)>;
  void on_change(Changed changed) { changed_ = std::move(changed); }

  // Of one topic: called now for each of its partitions that is hosted here, and whenever it is led here in
  // another epoch; nothing: by somebody else.
  using RoleChanged = std::function<void(std::int32_t index, std::optional<Epoch> leads_in)>;
  void on_role(std::string topic, RoleChanged changed);

 private:
  using Self = std::shared_ptr<MetadataLoader>;

  static Task<void> follow(Self self);
  static Task<void> remove_strays(Self self);
  Task<void> take(const MetadataUpdate& update);
  Task<void> take(const Catalog::TopicChange& change);
  Task<void> set_roles(TopicPtr topic, std::size_t from);  // of its partitions from that index on
  void set_role(const Topic& topic, std::size_t index, Partition& partition) const;
  void tell_role(const Topic& topic, std::size_t index, const Partition& partition) const;
  Task<void> tell_changed(TopicPtr topic) const;

  asio::io_context& loop_;
  const Clock& clock_;
  MetadataStore& store_;
  Catalog& catalog_;
  PartitionTable& partitions_;
  const BrokerId self_;
  Revision revision_ = 0;
  Waiters waiters_;  // for another one
  AsyncMutex changing_;
  bool stopped_ = false;
  Changed changed_ = [](const Topic&, PartitionTable::Partitions) {};
  std::map<std::string, RoleChanged, std::less<>> role_changed_;  // by topic
};

}  // namespace mq::core
