// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/topic/topic.h"

namespace mq::cli {

namespace {

std::string cluster_page(const Context&, const json::object& row, bool) {
  std::string text = "cluster " + std::string(row.at("cluster_id").get_string()) + "   ";
  const json::array& brokers = row.at("brokers").get_array();
  text += counted(static_cast<std::int64_t>(brokers.size()), "broker") + ", " +
          counted(row.at("topics").to_number<std::int64_t>(), "topic") + ", " +
          counted(row.at("partitions").to_number<std::int64_t>(), "partition") + "\n";
  std::vector<std::vector<std::string>> lines{{"BROKER", "ADDRESS", "RACK", "LEADS", "REPLICAS", ""}};
  for (const json::value& value : brokers) {
    const json::object& broker = value.get_object();
    const bool controller = broker.at("broker") == row.at("controller");
    lines.push_back({json::serialize(broker.at("broker")), std::string(broker.at("address").get_string()),
                     broker.at("rack").is_null() ? "–" : std::string(broker.at("rack").get_string()),
                     json::serialize(broker.at("leaders")), json::serialize(broker.at("replicas")),
                     controller ? "controller" : ""});
  }
  return text + aligned(lines, {true, false, false, true, true, false});
}

json::object broker_row(const kafka::MetadataResponse::MetadataResponseBroker& broker,
                        const kafka::MetadataResponse& metadata) {
  std::int64_t leaders = 0, replicas = 0;
  for (const auto& topic : metadata.topics)
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

Exit run_info(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  const kafka::MetadataResponse metadata = must(cluster.metadata());
  std::size_t partitions = 0;
  for (const auto& topic : metadata.topics) partitions += topic.partitions.size();
  json::array brokers;
  for (const auto& broker : metadata.brokers) brokers.push_back(broker_row(broker, metadata));
  json::object row{{"cluster_id", metadata.cluster_id.value_or("")}, {"controller", nullptr}};
  if (metadata.controller_id >= 0) row["controller"] = metadata.controller_id;
  row["topics"] = metadata.topics.size();
  row["partitions"] = partitions;
  row["brokers"] = std::move(brokers);
  Table table{.columns = {{"cluster_id", "CLUSTER"},
                          {"controller", "CONTROLLER"},
                          {"topics", "TOPICS"},
                          {"partitions", "PARTITIONS"}},
              .name = "cluster_id",
              .page = cluster_page};
  return print(context, arguments, table, {std::move(row)}, Shape::single);
}

}  // namespace

extern const Command cluster_info{
    .name = "cluster info",
    .summary = "Show the cluster's id, its brokers and what they hold.",
    .uses = connects | rows,
    .examples = {{"mq cluster info", "for people"},
                 {"mq cluster info -o json | jq -r '.brokers[].address'", "addresses, for programs"}},
    .see = "man mq-cluster",
    .run = run_info};

}  // namespace mq::cli
