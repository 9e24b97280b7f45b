// SPDX-License-Identifier: Apache-2.0
#include "core/admin/health.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/admin/cluster_layout.h"
#include "core/admin/replica_changes.h"
#include "core/client/cluster.h"

namespace mq::admin {

using core::BrokerId;
using core::TopicPartition;

bool Problem::critical() const {
  return what == What::no_controller || what == What::no_leader;
}

std::string_view Problem::name() const {
  switch (what) {
    case What::no_controller:
      return "no_controller";
    case What::no_leader:
      return "no_leader";
    case What::under_replicated:
      return "under_replicated";
    case What::leader_not_preferred:
      return "leader_not_preferred";
  }
  return "";
}

std::size_t Health::critical() const {
  return static_cast<std::size_t>(std::ranges::count_if(problems, &Problem::critical));
}

std::size_t Health::warnings() const {
  return problems.size() - critical();
}

bool Health::good() const {
  return std::ranges::all_of(problems,
                             [](const Problem& p) { return p.what == Problem::What::leader_not_preferred; });
}

namespace {

using What = Problem::What;
using MetadataPartition = kafka::MetadataResponse::MetadataResponsePartition;

bool has(const std::vector<BrokerId>& brokers, BrokerId broker) {
  return std::ranges::find(brokers, broker) != brokers.end();
}

struct Finding {
  What what;
  std::vector<BrokerId> brokers;
  auto operator<=>(const Finding&) const = default;
};

std::optional<Finding> finding_of(const MetadataPartition& partition, const std::set<BrokerId>& running,
                                  const std::set<BrokerId>& drained) {
  const std::vector<BrokerId>& replicas = partition.replica_nodes;
  const auto those = [&](auto meant) {
    std::vector<BrokerId> found;
    std::ranges::copy_if(replicas, std::back_inserter(found), meant);
    std::ranges::sort(found);
    return found;
  };
  if (!running.contains(partition.leader_id))
    return Finding{What::no_leader, those([&](BrokerId b) { return !running.contains(b); })};
  if (partition.isr_nodes.size() < replicas.size())
    return Finding{What::under_replicated, those([&](BrokerId b) { return !has(partition.isr_nodes, b); })};
  const auto can_lead = [&](BrokerId broker) {
    return running.contains(broker) && !drained.contains(broker);
  };
  if (!replicas.empty() && partition.leader_id != replicas.front() && can_lead(replicas.front()))
    return Finding{What::leader_not_preferred, {}};
  return std::nullopt;
}

}  // namespace

Health health_of(const kafka::MetadataResponse& metadata, const std::set<BrokerId>& drained) {
  Health health{.brokers = metadata.brokers.size(), .topics = metadata.topics.size(), .problems = {}};
  std::set<BrokerId> running;
  for (const auto& broker : metadata.brokers) running.insert(broker.node_id);
  std::map<Finding, std::vector<TopicPartition>> findings;
  for (const auto& topic : metadata.topics)
    for (const auto& partition : topic.partitions) {
      health.partitions++;
      if (auto finding = finding_of(partition, running, drained))
        findings[std::move(*finding)].push_back({topic.name.value_or(""), partition.partition_index});
    }
  if (!running.contains(metadata.controller_id)) health.problems.push_back({.what = What::no_controller});
  for (auto& [finding, partitions] : findings) {
    Problem& problem = health.problems.emplace_back();
    problem.what = finding.what;
    problem.partitions = std::move(partitions);
    std::ranges::sort(problem.partitions);
    problem.brokers = finding.brokers;
    std::ranges::copy_if(problem.brokers, std::back_inserter(problem.down),
                         [&](BrokerId broker) { return !running.contains(broker); });
  }
  return health;
}

client::Task<client::Answer<Health>> health_of(client::Client& client, client::Time deadline) {
  const auto metadata = co_await client::metadata(client, std::nullopt, deadline);
  if (!metadata) co_return metadata.error();
  Health health = health_of(*metadata);
  const auto depends = [](const Problem& problem) { return problem.what == What::leader_not_preferred; };
  if (std::ranges::any_of(health.problems, depends)) {
    const std::set<BrokerId> drained = co_await drained_brokers(client, *metadata, deadline);
    if (!drained.empty()) health = health_of(*metadata, drained);
  }
  co_return health;
}

client::Task<client::Answer<Health>> wait_until_healthy(client::Client& client, client::Time deadline) {
  for (;;) {
    const auto health = co_await health_of(client, std::min(deadline, client.deadline()));
    if (!health && !health.error().retriable()) co_return health.error();
    if (health && health->problems.empty()) co_return *health;
    if (!co_await look_again(client, deadline)) co_return health;
  }
}

}  // namespace mq::admin
