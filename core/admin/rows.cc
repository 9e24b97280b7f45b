// SPDX-License-Identifier: Apache-2.0
#include "core/admin/rows.h"

#include <algorithm>
#include <map>

#include "core/admin/partition_names.h"
#include "core/admin/position.h"

namespace mq::admin {
namespace {

template <class T>
void add_known(json::object& row, std::string_view field, const std::optional<T>& value) {
  if (value) row[field] = *value;
}

json::array numbers(const std::vector<std::int32_t>& list) {
  return json::array(list.begin(), list.end());
}

json::object summary_of(const TopicState& topic) {
  json::object row{{"topic", topic.name},
                   {"internal", topic.internal},
                   {"partitions", topic.partitions.size()},
                   {"replication_factor", topic.replication()}};
  add_count(row, topic.offsets());
  add_known(row, "size_bytes", topic.bytes());
  return row;
}

void add_ends(json::object& row, const PartitionState& partition) {
  add_known(row, "start_offset", partition.start);
  add_known(row, "stable_offset", partition.stable);
  add_known(row, "end_offset", partition.end);
  add_count(row, partition.offsets());
}

void add_lag(json::object& row, const GroupProgress& group) {
  add_known(row, "lag", group.lag());
  add_known(row, "time_lag_ms", group.behind_ms());
  add_known(row, "lag_per_s", group.lag_per_s);
}

// Each topic's partitions together.
json::array topic_rows(const std::vector<Progress>& partitions) {
  std::map<std::string, GroupProgress> topics;
  for (const Progress& progress : partitions) topics[progress.partition.topic].partitions.push_back(progress);
  json::array rows;
  for (const auto& [name, topic] : topics) {
    json::object row{{"topic", name}, {"partitions", topic.partitions.size()}};
    add_lag(row, topic);
    rows.push_back(std::move(row));
  }
  return rows;
}

json::object broker_row(const kafka::MetadataResponse::MetadataResponseBroker& broker,
                        const kafka::MetadataResponse& cluster) {
  std::int64_t leaders = 0, replicas = 0;
  for (const auto& topic : cluster.topics)
    for (const auto& partition : topic.partitions) {
      leaders += partition.leader_id == broker.node_id;
      replicas += std::count(partition.replica_nodes.begin(), partition.replica_nodes.end(), broker.node_id);
    }
  client::Broker at{broker.node_id, broker.host, static_cast<std::uint16_t>(broker.port),
                    broker.rack.value_or("")};
  json::object row{{"broker", broker.node_id},
                   {"address", at.address()},
                   {"rack", nullptr},
                   {"leaders", leaders},
                   {"replicas", replicas}};
  if (broker.rack && !broker.rack->empty()) row["rack"] = *broker.rack;
  return row;
}

}  // namespace

// ---- topics ----

void add_count(json::object& row, std::optional<std::int64_t> offsets) {
  add_known(row, "offsets", offsets);
  add_known(row, "records", offsets);
}

json::object row_of(const TopicState& topic) {
  json::object row = summary_of(topic);
  if (topic.last_write_ms) row["last_write"] = format_time(*topic.last_write_ms);
  row["under_replicated"] = topic.under_replicated();
  row["offline"] = topic.without_leader();
  row["state"] = topic.state();
  return row;
}

json::object details_of(const TopicState& topic, const std::vector<Setting>& settings, bool every_setting) {
  json::object row = summary_of(topic);
  row["state"] = topic.state();
  json::array config, partitions;
  for (const Setting& setting : settings) {
    if (setting.overridden || every_setting) config.push_back(row_of(setting));
    if (setting.key == "cleanup.policy") row["cleanup_policy"] = setting.value;
    if (setting.key == "retention.ms") row["retention_ms"] = std::atoll(setting.value.c_str());
  }
  for (const PartitionState& partition : topic.partitions) partitions.push_back(row_of(partition));
  row["config"] = std::move(config);
  row["partition_details"] = std::move(partitions);
  return row;
}

json::object row_of(const PartitionState& partition) {
  json::object row{{"partition", partition.number},
                   {"leader", nullptr},
                   {"replicas", numbers(partition.replicas)},
                   {"in_sync", numbers(partition.in_sync)}};
  if (partition.leader >= 0) row["leader"] = partition.leader;
  if (!partition.offline.empty()) row["offline"] = numbers(partition.offline);
  add_ends(row, partition);
  add_known(row, "size_bytes", partition.bytes);
  return row;
}

json::object partition_row(std::string_view topic, const PartitionState& partition,
                           const MovingPartition* moving) {
  json::object row{{"topic", topic}};
  for (const auto& [field, value] : row_of(partition)) row[field] = value;
  if (moving) {
    row["adding"] = numbers(moving->adding);
    row["removing"] = numbers(moving->removing);
  }
  row["state"] = partition.leader < 0 ? "offline" : moving ? "moving" : partition.state();
  return row;
}

json::object row_of(const Setting& setting) {
  json::object row{{"key", setting.key},
                   {"value", nullptr},
                   {"default", setting.fallback},
                   {"override", setting.overridden}};
  if (!setting.sensitive) row["value"] = setting.value;
  if (!has_effect(setting.key)) row["effective"] = false;
  return row;
}

json::object offsets_row(std::string_view topic, const PartitionState& partition) {
  json::object row{{"topic", topic}, {"partition", partition.number}};
  add_ends(row, partition);
  return row;
}

// ---- groups ----

json::object row_of(const GroupProgress& group, const client::ListedGroup& listed) {
  json::object row{{"group", group.group.name},
                   {"state", group.group.state},
                   {"type", listed.type},
                   {"protocol_type", group.group.protocol_type},
                   {"assignor", group.group.assignor},
                   {"members", group.group.members.size()},
                   {"topics", group.topics()}};
  add_lag(row, group);
  row["coordinator"] = group.group.coordinator;
  return row;
}

json::object row_of(const GroupProgress& group) {
  json::object row{{"group", group.group.name},
                   {"state", group.group.state},
                   {"protocol_type", group.group.protocol_type},
                   {"assignor", group.group.assignor},
                   {"coordinator", group.group.coordinator},
                   {"members", group.group.members.size()}};
  add_lag(row, group);
  return row;
}

void add_details(json::object& row, const GroupProgress& group, const std::vector<Progress>& shown) {
  json::array members, partitions;
  for (const client::GroupMember& member : group.group.members) members.push_back(row_of(member));
  for (const Progress& progress : shown) partitions.push_back(row_of(progress));
  row["topics"] = topic_rows(shown);
  row["member_details"] = std::move(members);
  row["partition_details"] = std::move(partitions);
}

json::object row_of(const Progress& progress) {
  json::object row{{"topic", progress.partition.topic},
                   {"partition", progress.partition.partition},
                   {"committed_offset", nullptr}};
  add_known(row, "committed_offset", progress.committed);
  add_known(row, "start_offset", progress.start);
  add_known(row, "stable_offset", progress.stable);
  add_known(row, "end_offset", progress.end);
  add_known(row, "lag", progress.lag());
  add_known(row, "time_lag_ms", progress.behind_ms);
  if (!progress.member.empty()) row["member"] = progress.member;
  return row;
}

json::object row_of(const client::GroupMember& member) {
  json::object row{{"member", member.id}, {"client_id", member.client_id}, {"host", member.host}};
  add_known(row, "static_id", member.instance);
  row["partitions"] = member.assigned.size();
  row["assigned"] = spans(member.assigned);
  return row;
}

json::object lag_of(const GroupProgress& group) {
  json::object row{{"group", group.group.name}};
  add_lag(row, group);
  return row;
}

json::object lag_of(const std::vector<GroupProgress>& groups) {
  std::int64_t lag = 0, behind_ms = 0;
  std::optional<double> lag_per_s;
  for (const GroupProgress& group : groups) {
    lag += group.lag().value_or(0);
    behind_ms = std::max(behind_ms, group.behind_ms().value_or(0));
    if (group.lag_per_s) lag_per_s = lag_per_s.value_or(0) + *group.lag_per_s;
  }
  json::object row{{"group", "all"}, {"lag", lag}, {"time_lag_ms", behind_ms}};
  add_known(row, "lag_per_s", lag_per_s);
  return row;
}

json::object row_of(const Move& move) {
  json::object row{{"topic", move.partition.topic},
                   {"partition", move.partition.partition},
                   {"current_offset", nullptr},
                   {"new_offset", move.target}};
  if (!move.current) return row;
  row["current_offset"] = *move.current;
  row["change"] = move.target - *move.current;
  return row;
}

// ---- the cluster ----

json::object row_of(const kafka::MetadataResponse& cluster) {
  std::size_t partitions = 0;
  for (const auto& topic : cluster.topics) partitions += topic.partitions.size();
  json::array brokers;
  for (const auto& broker : cluster.brokers) brokers.push_back(broker_row(broker, cluster));
  json::object row{{"cluster_id", cluster.cluster_id.value_or("")}, {"controller", nullptr}};
  if (cluster.controller_id >= 0) row["controller"] = cluster.controller_id;
  row["topics"] = cluster.topics.size();
  row["partitions"] = partitions;
  row["brokers"] = std::move(brokers);
  return row;
}

json::object row_of(const Health& health) {
  json::array problems;
  for (const Problem& problem : health.problems) {
    json::array partitions;
    for (const core::TopicPartition& partition : problem.partitions)
      partitions.push_back(json::object{{"topic", partition.topic}, {"partition", partition.partition}});
    problems.push_back(json::object{{"severity", problem.critical() ? "critical" : "warning"},
                                    {"problem", problem.name()},
                                    {"partitions", std::move(partitions)},
                                    {"brokers", numbers(problem.brokers)},
                                    {"down", numbers(problem.down)}});
  }
  return {{"state", health.good() ? "healthy" : "unhealthy"},
          {"critical", health.critical()},
          {"warnings", health.warnings()},
          {"brokers", health.brokers},
          {"topics", health.topics},
          {"partitions", health.partitions},
          {"problems", std::move(problems)}};
}

}  // namespace mq::admin
