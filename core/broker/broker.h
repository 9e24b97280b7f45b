// SPDX-License-Identifier: Apache-2.0
// The broker: builds everything in order, stops it in reverse. Lives on the loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/cluster/cluster_member.h"
#include "core/config/config.h"
#include "core/handlers/context.h"
#include "net/server.h"
#include "storage/journal.h"

namespace mq::core {

// What a broker is given from outside. The defaults are the machine's; what is given outlives the broker.
struct World {
  const Clock* clock = &real_clock();
  storage::FileSystem* files = &storage::real_files();
  // Where work may block, and where it may take long; the loop's own executor: in its turns. None: threads of
  // the broker's.
  std::optional<asio::any_io_executor> disk = {}, workers = {};
  // Not set: on `files`.
  std::function<Result<std::unique_ptr<storage::Journal>>(storage::JournalOptions)> open_journal = {};
  bool listens = true;  // false: requests come by handler() alone
  // How it is one of several brokers; not set: it is alone, and its metadata lies in its own meta.
  struct Cluster {
    std::function<std::unique_ptr<MetadataStore>(asio::io_context&, const Identity&)> open_store;
    ClusterMember::Connect connect;
    std::vector<Endpoint> endpoints;  // where others reach it when it does not listen
    bool watches = false;             // others' processes (core/cluster/broker_watch.h)
  };
  std::optional<Cluster> cluster = {};  // not set: as the configuration says
};

class Broker {
 public:
  // What a start has to tell.
  struct Ready {
    std::vector<asio::ip::tcp::endpoint>
        listeners;  // in the order of config.listeners; ports as the kernel gave them
    std::optional<asio::ip::tcp::endpoint> http;  // the page's; none: there is none
    Identity identity;
    std::size_t topics = 0, partitions = 0;
    std::uint64_t bytes = 0;  // on disk
    storage::Recovery recovery;
  };

  Broker(asio::io_context& loop, Config config, World world = {});
  ~Broker();

  // Opens the data directory, recovers, binds its addresses; a directory that is new to its cluster is
  // enrolled. Blocks; requests are served once the loop runs. Throws WrongStart. `serves` is called by the
  // loop when clients can connect: they can at once when it is alone, else when it is one of the cluster.
  Ready start(std::function<void(const Ready&)> serves = [](const Ready&) {});
  // Stops accepting, hands over what it leads unless that takes too long, lets what has begun finish, makes
  // everything durable.
  enum class Stop { in_order, at_once };  // at once: nothing is handed over, its session goes on
  Task<void> stop(Stop how = Stop::in_order);

  net::Handler& handler();  // what connections are answered by, once started
  const Catalog& catalog() const;
  const PartitionTable& partitions() const;
  const ClusterMember* cluster() const;  // null: it is alone
  net::ServerStats network() const;
  storage::JournalStats storage() const;

 private:
  struct Parts;
  void open_journal();
  void join_cluster();
  void load();
  void load_metadata();
  void load_alone();
  void open_cluster();
  void config_changed(const std::string& name);
  void note_store_later();
  Task<bool> remember_incarnations(std::vector<Uuid> incarnations);
  std::vector<Endpoint> bind(Ready& ready);
  std::optional<asio::ip::tcp::endpoint> start_web(bool any_port);
  std::string not_ready() const;
  enum class Listened { by_clients, by_brokers };
  void accept(Listened by);
  void run(std::vector<Endpoint> endpoints, std::function<void()> serves);

  asio::io_context& loop_;
  Config config_;
  World world_;
  storage::FileSystem& files_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mq::core
