// SPDX-License-Identifier: Apache-2.0
// What a broker alone knows of topics and hosts of them, without a broker around it.
#pragma once

#include <gtest/gtest.h>

#include "core/metadata/controller.h"
#include "core/metadata/embedded_store.h"

namespace mq::core {

struct HostedTopics {
  HostedTopics(asio::io_context& loop, const Clock& clock, storage::Journal& journal,
               const asio::any_io_executor& disk, PartitionRecovery::Recovered recovered = {})
      : store(journal.meta(), disk), partitions(journal, clock, disk) {
    loader = std::make_shared<MetadataLoader>(loop, clock, store, catalog, partitions, self);
    controller.emplace(clock, store, catalog, partitions, *loader);
    EXPECT_FALSE(partitions.load(std::move(recovered)));
    const auto all = store.read();
    EXPECT_TRUE(all);
    EXPECT_FALSE(loader->start(*all));
    loader->run();
  }
  void stop() {
    loader->stop();
    store.stop();
  }

  static constexpr BrokerId self = 1;
  EmbeddedStore store;
  Catalog catalog{self};
  PartitionTable partitions;
  std::shared_ptr<MetadataLoader> loader;
  std::optional<Controller> controller;
};

}  // namespace mq::core
