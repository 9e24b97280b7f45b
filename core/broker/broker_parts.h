// SPDX-License-Identifier: Apache-2.0
// All that a broker is made of. For the files of Broker alone.
#pragma once

#include <algorithm>
#include <boost/asio/thread_pool.hpp>
#include <thread>

#include "core/broker/broker.h"
#include "core/cleaning/sweeper.h"
#include "core/handlers/dispatcher.h"
#include "core/handlers/routes.h"
#include "core/http/web.h"
#include "core/partition/recovery.h"

namespace mq::core {

// Half of the machine at most: the loop and the journal's writer must not wait for what one client wants
// unpacked.
inline std::size_t worker_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 4);
}

// In the order in which they are built; destroyed in reverse.
struct Broker::Parts {
  explicit Parts(const World& world) : clock(*world.clock), sessions(clock.random()) {
    if (!world.disk) own_disk.emplace(1);
    if (!world.workers) own_workers.emplace(worker_threads());
    disk = world.disk ? *world.disk : asio::any_io_executor(own_disk->get_executor());
    workers = world.workers ? *world.workers : asio::any_io_executor(own_workers->get_executor());
  }

  const Clock& clock;
  // One thread for small writes of meta: one at a time is all LevelDB does.
  std::optional<asio::thread_pool> own_disk, own_workers;
  asio::any_io_executor disk, workers;
  PartitionRecovery recovery;  // until topics have taken what it found
  Identity identity;
  DynamicConfigs dynamic;
  FetchSessions sessions;
  RequestMetrics requests{routes().size()};
  std::unique_ptr<storage::Journal> journal;
  std::unique_ptr<MetadataStore> store;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<PartitionTable> partitions;
  std::shared_ptr<MetadataLoader> loader;
  std::unique_ptr<ClusterMember> cluster;
  std::unique_ptr<Alarm> notes_store;
  std::unique_ptr<Controller> controller;
  std::unique_ptr<ReplicaChanges> replica_changes;
  std::unique_ptr<ProducerIds> producer_ids;
  std::unique_ptr<InternalTopic> offsets_log, transactions_log;
  std::shared_ptr<TransactionCoordinator> transactions;
  std::shared_ptr<GroupCoordinator> groups;
  std::shared_ptr<Sweeper> sweeper;
  std::unique_ptr<Services> services;
  std::shared_ptr<Dispatcher> dispatcher;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<http::Web> web;
  std::string not_ready = "the broker is starting";  // empty: clients are served
  std::function<void()> serves;  // what is called when this broker is one of the cluster, once

  using Snapshots = storage::JournalOptions::Snapshots;
  Task<void> snapshots(std::vector<PartitionNumber> numbers, std::function<void(Snapshots)> done) const;
};

}  // namespace mq::core
