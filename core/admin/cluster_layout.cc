// SPDX-License-Identifier: Apache-2.0
#include "core/admin/cluster_layout.h"

#include <algorithm>

#include "core/admin/replica_changes.h"
#include "core/client/cluster.h"
#include "core/client/deadline.h"
#include "core/config/scalars.h"

namespace mq::admin {

using client::Answer;
using client::Client;
using client::Task;
using client::Time;
using core::BrokerId;
using core::BrokerIntent;
using core::TopicPartition;

std::int64_t ClusterLayout::Partition::size() const {
  if (const auto led = bytes.find(leader); led != bytes.end()) return led->second;
  std::int64_t largest = 0;
  for (const auto& [broker, size] : bytes) largest = std::max(largest, size);
  return largest;
}

std::int64_t ClusterLayout::Partition::bytes_on(BrokerId one) const {
  const auto found = bytes.find(one);
  return found == bytes.end() ? 0 : std::min(found->second, size());
}

std::vector<BrokerId> ClusterLayout::Partition::target() const {
  std::vector<BrokerId> all = replicas;
  std::erase_if(all, [&](BrokerId broker) { return std::ranges::count(removing, broker) > 0; });
  return all;
}

bool ClusterLayout::Partition::is_on(BrokerId broker) const {
  return std::ranges::find(replicas, broker) != replicas.end();
}

BrokerIntent ClusterLayout::intent(BrokerId broker) const {
  const auto found = brokers.find(broker);
  return found == brokers.end() ? BrokerIntent::serve : found->second.intent;
}

namespace {

constexpr const char* min_isr_config = "min.insync.replicas";

using LaidOut = std::map<TopicPartition, ClusterLayout::Partition>;

void add_metadata(const kafka::MetadataResponse& metadata, ClusterLayout& layout, LaidOut& partitions) {
  for (const auto& broker : metadata.brokers) {
    layout.brokers[broker.node_id].rack = broker.rack.value_or("");
    layout.brokers[broker.node_id].runs = true;
  }
  for (const auto& topic : metadata.topics)
    for (const auto& one : topic.partitions) {
      const TopicPartition name{topic.name.value_or(""), one.partition_index};
      partitions[name] = {name, one.leader_id, one.replica_nodes, one.isr_nodes, {}, {}, {}};
      for (const BrokerId replica : one.replica_nodes) layout.brokers.try_emplace(replica);
    }
}

void add_moves(const std::vector<MovingPartition>& moving, LaidOut& partitions) {
  for (const MovingPartition& one : moving) {
    const auto found = partitions.find(one.partition);
    if (found == partitions.end()) continue;
    found->second.replicas = one.replicas;
    found->second.adding = one.adding;
    found->second.removing = one.removing;
  }
}

void add_sizes_of(const client::LogDirs& dirs, ClusterLayout& layout, LaidOut& partitions) {
  if (!dirs.answer) return;
  ClusterLayout::Broker& broker = layout.brokers[dirs.broker.id];
  for (const auto& directory : dirs.answer->results) {
    if (directory.total_bytes > 0) {
      broker.disk_bytes = broker.disk_bytes.value_or(0) + directory.total_bytes;
      broker.used_bytes = broker.used_bytes.value_or(0) + directory.total_bytes - directory.usable_bytes;
    }
    for (const auto& topic : directory.topics)
      for (const auto& one : topic.partitions)
        if (const auto found = partitions.find({topic.name, one.partition_index});
            found != partitions.end() && !one.is_future_key)
          found->second.bytes[dirs.broker.id] = one.partition_size;
  }
}

// What a broker says that knows nothing of it counts as nothing.
void add_configs(const kafka::DescribeConfigsResponse& answer, ClusterLayout& layout) {
  for (const auto& result : answer.results)
    for (const auto& config : result.configs) {
      const std::string value = config.value.value_or("");
      if (result.resource_name.empty()) {
        if (const auto rate = core::parse_integer(value, 0);
            config.name == core::replication_rate_config && rate)
          layout.rate = *rate;
        continue;
      }
      if (config.name != core::intent_config) continue;
      const auto broker = core::parse_integer(result.resource_name, 0, INT32_MAX);
      if (broker)
        layout.brokers[static_cast<BrokerId>(*broker)].intent = core::intent_of({{config.name, value}});
    }
}

Task<void> ask_configs(Client& client, ClusterLayout& layout, Time deadline) {
  kafka::DescribeConfigsRequest request;
  const auto ask_for = [&](std::string name, std::string_view key) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kafka::broker_resource;
    resource.resource_name = std::move(name);
    resource.configuration_keys.emplace();
    resource.configuration_keys->push_back(std::string(key));
  };
  ask_for("", core::replication_rate_config);  // the first: whoever is asked can tell it
  for (const auto& [broker, known] : layout.brokers) ask_for(std::to_string(broker), core::intent_config);
  const auto answer = co_await client::describe_configs(client, std::move(request), deadline);
  if (answer) add_configs(*answer, layout);
}

}  // namespace

Task<Answer<ClusterLayout>> layout_of(Client& client, Time deadline) {
  const auto metadata = co_await client::metadata(client, std::nullopt, deadline);
  if (!metadata) co_return metadata.error();
  const auto moving = co_await moving_partitions(client, deadline);
  if (!moving) co_return moving.error();
  const auto dirs = co_await client::describe_log_dirs(client, std::nullopt, deadline);
  if (!dirs) co_return dirs.error();
  ClusterLayout layout;
  LaidOut partitions;
  add_metadata(*metadata, layout, partitions);
  add_moves(*moving, partitions);
  for (const client::LogDirs& one : *dirs) add_sizes_of(one, layout, partitions);
  co_await ask_configs(client, layout, deadline);
  for (auto& [name, partition] : partitions) layout.partitions.push_back(std::move(partition));
  co_return layout;
}

Task<std::set<BrokerId>> drained_brokers(Client& client, const kafka::MetadataResponse& metadata,
                                         Time deadline) {
  ClusterLayout layout;
  LaidOut partitions;
  add_metadata(metadata, layout, partitions);
  co_await ask_configs(client, layout, deadline);
  std::set<BrokerId> drained;
  for (const auto& [id, broker] : layout.brokers)
    if (broker.intent != BrokerIntent::serve) drained.insert(id);
  co_return drained;
}

Task<std::vector<TopicPartition>> would_lack_replicas(Client& client, const ClusterLayout& layout,
                                                      BrokerId broker, Time deadline) {
  const auto is_concerned = [&](const ClusterLayout::Partition& partition) {
    return partition.in_sync.size() > 1 && std::ranges::count(partition.in_sync, broker) > 0;
  };
  std::set<std::string> topics;
  for (const auto& partition : layout.partitions)
    if (is_concerned(partition)) topics.insert(partition.partition.topic);
  kafka::DescribeConfigsRequest request;
  for (const std::string& topic : topics)
    request.resources.push_back({kafka::topic_resource, topic, {{min_isr_config}}});
  const auto answer = co_await client::describe_configs(client, std::move(request), deadline);
  std::map<std::string, std::size_t> needed;
  if (answer)
    for (const auto& result : answer->results)
      for (const auto& config : result.configs)
        if (const auto value = core::parse_integer(config.value.value_or(""), 1))
          needed[result.resource_name] = static_cast<std::size_t>(*value);
  std::vector<TopicPartition> lacking;
  for (const auto& partition : layout.partitions) {
    const std::size_t most = partition.target().size();  // more than there are is never asked for
    if (is_concerned(partition) &&
        partition.in_sync.size() - 1 < std::min(needed[partition.partition.topic], most))
      lacking.push_back(partition.partition);
  }
  co_return lacking;
}

std::vector<BalanceBroker> brokers_to_balance(const ClusterLayout& layout,
                                              const std::set<BrokerId>& excluded) {
  std::vector<BalanceBroker> brokers;
  for (const auto& [id, broker] : layout.brokers) {
    BalanceBroker& one = brokers.emplace_back();
    one.broker = id;
    one.rack = broker.rack;
    one.runs = broker.runs;
    one.excluded = excluded.contains(id) || broker.intent == BrokerIntent::decommission;
    one.leads = broker.intent == BrokerIntent::serve;
    one.disk_bytes = broker.disk_bytes.value_or(0);
    one.used_bytes = broker.used_bytes.value_or(0);
  }
  // What is still being copied there takes its room.
  for (const ClusterLayout::Partition& partition : layout.partitions)
    for (const BrokerId adding : partition.adding)
      std::ranges::find(brokers, adding, &BalanceBroker::broker)->used_bytes +=
          partition.size() - partition.bytes_on(adding);
  return brokers;
}

std::vector<BalancePartition> partitions_to_balance(const ClusterLayout& layout, const IsMeant& is_meant) {
  std::vector<BalancePartition> partitions;
  for (const ClusterLayout::Partition& partition : layout.partitions) {
    if (partition.replicas.empty()) continue;  // it is only being made
    const bool stays = partition.moves() || !is_meant(partition.partition);
    partitions.push_back({partition.partition, partition.target(), partition.size(), stays});
  }
  return partitions;
}

std::int64_t seconds_to_copy(const ClusterLayout& layout, const BalancePlan& plan, std::int64_t rate) {
  std::map<BrokerId, std::int64_t> sent;
  for (const BalanceMove& move : plan.moves) {
    const auto found =
        std::ranges::lower_bound(layout.partitions, move.partition, {}, &ClusterLayout::Partition::partition);
    if (found != layout.partitions.end())
      sent[found->leader] += move.bytes * static_cast<std::int64_t>(move.added());
  }
  std::int64_t most = 0;
  for (const auto& [leader, bytes] : sent) most = std::max(most, bytes);
  return rate <= 0 ? 0 : (most + rate - 1) / rate;
}

namespace {

kafka::IncrementalAlterConfigsRequest to_set(std::string broker, std::string_view key,
                                             std::optional<std::string> value) {
  kafka::IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kafka::broker_resource;
  resource.resource_name = std::move(broker);
  auto& config = resource.configs.emplace_back();
  config.name = key;
  config.config_operation = value ? kafka::op_set : kafka::op_delete;
  config.value = std::move(value);
  return request;
}

}  // namespace

kafka::IncrementalAlterConfigsRequest to_set_intent(BrokerId broker, BrokerIntent intent) {
  std::optional<std::string> value;
  if (intent == BrokerIntent::drain) value = "drain";
  if (intent == BrokerIntent::decommission) value = "decommission";
  return to_set(std::to_string(broker), core::intent_config, std::move(value));
}

kafka::IncrementalAlterConfigsRequest to_set_rate(std::optional<std::int64_t> bytes_per_second) {
  std::optional<std::string> value;
  if (bytes_per_second) value = std::to_string(*bytes_per_second);
  return to_set("", core::replication_rate_config, std::move(value));
}

}  // namespace mq::admin
