// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/cluster/cluster.h"

namespace mq::cli {

namespace {

const Table partitions_table{.columns = {{"topic", "TOPIC"},
                                         {"partition", "PARTITION"},
                                         {"leader", "LEADER"},
                                         {"replicas", "REPLICAS"},
                                         {"in_sync", "ISR"},
                                         {"adding", "ADDING", Unit::plain, true},
                                         {"removing", "REMOVING", Unit::plain, true},
                                         {"state", "STATUS"}},
                             .name = "topic"};

bool is_shown(const json::object& row, const admin::PartitionState& partition, const Arguments& arguments) {
  if (arguments.on("unhealthy") && row.at("state") == "ok") return false;
  if (arguments.given("leader") && partition.leader != arguments.number("leader")) return false;
  return !arguments.given("broker") ||
         std::ranges::find(partition.replicas, arguments.number("broker")) != partition.replicas.end();
}

Exit run_partition_list(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  const bool internal = arguments.on("internal") || arguments.on("unhealthy");
  const admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), internal));
  // Not every broker knows, and a controller that does not answer should not hold up the rest.
  const client::Time patience =
      std::min(cluster.client().deadline(), std::chrono::steady_clock::now() + std::chrono::seconds(2));
  const auto moving = cluster.run(admin::moving_partitions(cluster.client(), patience));
  std::vector<json::object> rows;
  for (const admin::TopicState& topic : selection.topics)
    for (const admin::PartitionState& partition : topic.partitions) {
      const core::TopicPartition name{topic.name, partition.number};
      const admin::MovingPartition* moves = nullptr;
      if (moving)
        if (const auto found = std::ranges::find(*moving, name, &admin::MovingPartition::partition);
            found != moving->end())
          moves = &*found;
      json::object row = admin::partition_row(topic.name, partition, moves);
      if (is_shown(row, partition, arguments)) rows.push_back(std::move(row));
    }
  if (selection.missing.empty() || !rows.empty())
    print(context, arguments, partitions_table, std::move(rows));
  return report_missing(context, selection.missing, !selection.topics.empty());
}

}  // namespace

extern const Command partition_list{
    .name = "partition list",
    .summary = "List partitions with their leader and replicas.",
    .arguments = {{"TOPIC[:PARTS]", Kind::topic, 0, any}},
    .uses = connects | rows,
    .examples = {{"mq partition list orders", "where its partitions are"},
                 {"mq partition list --unhealthy",
                  "without leader, under-replicated, moving, or not led by "
                  "the preferred replica"},
                 {"mq partition list --leader 2", "what broker 2 leads"}},
    .flags = {{.name = "unhealthy", .help = "only those whose status is not ok, of internal topics, too"},
              {.name = "broker",
               .kind = Kind::broker_id,
               .value = "N",
               .help = "only those with a replica on this broker"},
              {.name = "leader", .kind = Kind::broker_id, .value = "N", .help = "only those that it leads"},
              {.name = "internal", .help = "of topics that begin with __, too"}},
    .more =
        "The first of the replicas is the preferred one: it leads where all are well. ISR are those in sync.",
    .see = "mq cluster health, man mq-partition",
    .run = run_partition_list};

}  // namespace mq::cli
