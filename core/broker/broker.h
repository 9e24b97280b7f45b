// SPDX-License-Identifier: Apache-2.0
// The broker: builds everything in order, stops it in reverse. Lives on the loop.
#pragma once

#include <memory>
#include <vector>

#include "core/config/config.h"
#include "core/handlers/context.h"
#include "net/server.h"
#include "storage/journal.h"

namespace mq::core {

class Broker {
 public:
  // What a start has to tell.
  struct Ready {
    std::vector<asio::ip::tcp::endpoint>
        listeners;  // in the order of config.listeners; ports as the kernel gave them
    Identity identity;
    std::size_t topics = 0, partitions = 0;
    std::uint64_t bytes = 0;  // on disk
    storage::Recovery recovery;
  };

  Broker(asio::io_context& loop, Config config, storage::FileSystem& files = storage::real_files());
  ~Broker();

  // Opens the data directory, recovers, listens. Blocks; requests are served once the loop runs. Throws
  // WrongStart.
  Ready start();
  // Stops accepting, lets what has begun finish, makes everything durable.
  Task<void> stop();

  net::ServerStats network() const;
  storage::JournalStats storage() const;

 private:
  struct Parts;
  void open_journal();
  void load();
  void listen(Ready& ready);

  asio::io_context& loop_;
  Config config_;
  storage::FileSystem& files_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mq::core
