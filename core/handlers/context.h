// SPDX-License-Identifier: Apache-2.0
// What a handler knows: the request it answers, and the broker it answers for. Lives on the loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/cluster/cluster_member.h"
#include "core/config/broker_config.h"
#include "core/group/coordinator.h"
#include "core/handlers/fetch_sessions.h"
#include "core/handlers/produce_order.h"
#include "core/loop/clock.h"
#include "core/loop/deadline_queue.h"
#include "core/loop/pace.h"
#include "core/metadata/internal_topic.h"
#include "core/metadata/locate.h"
#include "core/metadata/producer_ids.h"
#include "core/metadata/replica_changes.h"
#include "core/metrics/request_metrics.h"
#include "core/transaction/coordinator.h"
#include "net/handler.h"
#include "net/kafka/codec.h"
#include "storage/journal.h"

namespace mq::core {

// Who this broker is; fixed once started.
struct Identity {
  std::string cluster_id;
  BrokerId node_id = 1;
  Uuid directory_id{};
  // Of a member of a cluster: the runs of which the newest may be the one that was registered last. A copy of
  // the directory that was put back has older ones.
  bool is_member = false;
  std::vector<Uuid> incarnations = {};
};

// What all handlers share.
struct Services {
  asio::io_context& loop;
  const Clock& clock;
  const Config& config;
  const Identity& identity;
  storage::Journal& journal;
  asio::any_io_executor disk;     // for what may block
  asio::any_io_executor workers;  // for what takes long: unpacking, huge messages
  const Catalog& catalog;
  const PartitionTable& partitions;
  MetadataLoader& loader;
  Controller& controller;
  ReplicaChanges& replica_changes;
  ProducerIds& producer_ids;
  InternalTopic& offsets_log;
  InternalTopic& transactions_log;
  GroupCoordinator& groups;
  TransactionCoordinator& transactions;
  FetchSessions& sessions;
  DynamicConfigs& dynamic;
  RequestMetrics& requests;
  ReplicaFetches* replica_fetches = nullptr;  // null: this broker is alone
  ProduceOrder produce_order = {};
  DeadlineQueue produce_deadlines{loop, clock};

  Located locate(const TopicPtr& topic, std::int32_t index) const {
    Located located = core::locate(partitions, topic, index);
    const bool is_doubtful = located.leads_here() && catalog.may_be_led_elsewhere(*topic, index);
    return is_doubtful ? Located{Located::Where::elsewhere} : located;
  }
};

// One request. Lives until its answer has been encoded; keeps the frame that decoded views point into.
struct Context {
  Services& broker;
  std::shared_ptr<net::Peer> peer;
  net::Slice frame;
  kafka::Version version = 0;
  std::string client_id;
  bool close =
      false;  // instead of an answer: the connection ends (an error where acks = 0 leaves no other way)
  std::size_t route = 0;    // its place in the table
  Time::duration waited{};  // for records, or for others: not part of what it took to answer
  Pace pace{broker.loop.get_executor(), broker.clock};  // for every loop whose length a peer decides
  std::optional<ProduceOrder::Hold> in_line = {};

  // Before a produce first suspends: those behind it on its connection are not to overtake it.
  Task<void> get_in_line() {
    if (in_line) co_return;
    auto hold = co_await broker.produce_order.wait_in_line(peer->id);
    in_line.emplace(std::move(hold));
  }
  Task<void> give_way_in_line() {
    co_await get_in_line();
    co_await pace.give_way();
  }
};

}  // namespace mq::core
