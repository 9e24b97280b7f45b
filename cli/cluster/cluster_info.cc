// SPDX-License-Identifier: Apache-2.0
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

Exit run_info(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  const kafka::MetadataResponse metadata = must(cluster.metadata());
  Table table{.columns = {{"cluster_id", "CLUSTER"},
                          {"controller", "CONTROLLER"},
                          {"topics", "TOPICS"},
                          {"partitions", "PARTITIONS"}},
              .name = "cluster_id",
              .page = cluster_page};
  return print(context, arguments, table, {admin::row_of(metadata)}, Shape::single);
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
