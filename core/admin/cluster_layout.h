// SPDX-License-Identifier: Apache-2.0
// Which brokers there are, what lies on each, what is wanted of them, and what moves: what a plan of moves is
// made from. Tasks live on the client's loop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/admin/balance.h"
#include "core/client/client.h"
#include "core/config/broker_config.h"
#include "net/kafka/messages/incremental_alter_configs.h"

namespace mq::admin {

struct ClusterLayout {
  struct Broker {
    std::string rack = {};
    bool runs = false;
    core::BrokerIntent intent = core::BrokerIntent::serve;
    std::optional<std::int64_t> disk_bytes = {}, used_bytes = {};  // nothing: not known
  };
  struct Partition {
    core::TopicPartition partition;
    core::BrokerId leader = -1;
    std::vector<core::BrokerId> replicas, in_sync, adding, removing;  // the first two are among the replicas
    std::map<core::BrokerId, std::int64_t> bytes;                     // of the replicas that could be asked

    bool moves() const { return !adding.empty() || !removing.empty(); }
    std::int64_t size() const;                        // the leader's, or the largest there is
    std::int64_t bytes_on(core::BrokerId one) const;  // no more than that
    std::vector<core::BrokerId> target() const;       // when it has moved
    bool is_on(core::BrokerId broker) const;          // one of its replicas
  };
  std::map<core::BrokerId, Broker> brokers;  // that run, or are replicas
  std::vector<Partition> partitions;         // sorted; of internal topics, too
  std::optional<std::int64_t> rate;          // leader.replication.throttled.rate of all brokers

  core::BrokerIntent intent(core::BrokerId broker) const;
};

client::Task<client::Answer<ClusterLayout>> layout_of(client::Client& client, client::Time deadline);
// Those that are drained or to be decommissioned, of the brokers that it names.
client::Task<std::set<core::BrokerId>> drained_brokers(client::Client& client,
                                                       const kafka::MetadataResponse& metadata,
                                                       client::Time deadline);

// Which partitions have fewer in sync than their min.insync.replicas as soon as this broker stops, though
// others are left: records with acks=all are refused there then. Of topics whose setting is not told, none.
client::Task<std::vector<core::TopicPartition>> would_lack_replicas(client::Client& client,
                                                                    const ClusterLayout& layout,
                                                                    core::BrokerId broker,
                                                                    client::Time deadline);

// Its brokers, without those that are excluded or to be decommissioned; and its partitions, of which those
// that move, or are not `meant`, stay. Pure.
std::vector<BalanceBroker> brokers_to_balance(const ClusterLayout& layout,
                                              const std::set<core::BrokerId>& excluded);
using IsMeant = std::function<bool(const core::TopicPartition&)>;
std::vector<BalancePartition> partitions_to_balance(const ClusterLayout& layout, const IsMeant& is_meant);

// How long it takes to copy what is to be added, when every leader sends so many bytes a second.
std::int64_t seconds_to_copy(const ClusterLayout& layout, const BalancePlan& plan, std::int64_t rate);

// The requests that set what is wanted of a broker, and the limit of all; nothing: there is none.
kafka::IncrementalAlterConfigsRequest to_set_intent(core::BrokerId broker, core::BrokerIntent intent);
kafka::IncrementalAlterConfigsRequest to_set_rate(std::optional<std::int64_t> bytes_per_second);

}  // namespace mq::admin
