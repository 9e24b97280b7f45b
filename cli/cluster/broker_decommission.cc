// SPDX-License-Identifier: Apache-2.0
// A broker that is to go: its replicas get places elsewhere, or it stays and hears why.
#include <algorithm>

#include "cli/cluster/broker_intent.h"
#include "core/admin/partition_names.h"

namespace mq::cli {

namespace {

using core::BrokerId;
using core::BrokerIntent;

const Table left_table{.columns = {{"topic", "TOPIC"},
                                   {"partition", "PARTITION"},
                                   {"replicas", "REPLICAS"},
                                   {"size_bytes", "SIZE", Unit::bytes},
                                   {"percent", "%"},
                                   {"reason", "WHY IT IS STILL THERE"}},
                       .name = "topic"};

std::string why_stranded(admin::Stranded::Why why, int percent_max) {
  switch (why) {
    case admin::Stranded::Why::stays:
      return "it moves, and not off this broker";
    case admin::Stranded::Why::brokers:
      return "every other broker has a replica, is down, or is to go, too";
    case admin::Stranded::Why::racks:
      return "its replicas would be in fewer racks than there are";
    case admin::Stranded::Why::disks:
      return "where it could go disks would be more than " + std::to_string(percent_max) + " % full";
  }
  return "";
}

admin::BalancePlan plan_without(const admin::ClusterLayout& layout, BrokerId broker, int percent_max) {
  return admin::balance(brokers_to_balance(layout, {broker}),
                        partitions_to_balance(layout, [](const auto&) { return true; }),
                        {.wanted = {admin::BalanceGoal::exclusion}, .disk_percent_max = percent_max});
}

json::object left_row(const admin::ClusterLayout::Partition& partition, std::string reason) {
  json::object row{{"topic", partition.partition.topic},
                   {"partition", partition.partition.partition},
                   {"replicas", json::array(partition.replicas.begin(), partition.replicas.end())},
                   {"size_bytes", partition.size()},
                   {"percent", nullptr},
                   {"reason", std::move(reason)}};
  const MoveProgress progress = progress_of(partition);
  if (partition.moves()) row["percent"] = progress.total > 0 ? progress.done * 100 / progress.total : 100;
  return row;
}

// One row for each replica that is still there, and why.
std::vector<json::object> what_is_left(const admin::ClusterLayout& layout, BrokerId broker,
                                       const admin::BalancePlan& plan, int percent_max) {
  std::vector<json::object> rows;
  for (const auto& partition : layout.partitions) {
    if (!partition.is_on(broker)) continue;
    if (std::ranges::count(partition.removing, broker) > 0) {
      rows.push_back(left_row(partition, move_state(layout, partition)));
      continue;
    }
    const auto stranded = std::ranges::find_if(plan.stranded, [&](const admin::Stranded& one) {
      return one.broker == broker && one.partition == partition.partition;
    });
    rows.push_back(left_row(
        partition,
        stranded == plan.stranded.end()
            ? "it has a place, and does not move yet: mq broker decommission " + std::to_string(broker)
            : why_stranded(stranded->why, percent_max)));
  }
  return rows;
}

std::string how_to_end(BrokerId broker) {
  const std::string id = std::to_string(broker);
  return "broker " + id + " holds nothing any more: stop it, then mq broker unregister " + id;
}

Exit show_status(Context& context, const Arguments& arguments, client::Cluster& cluster, BrokerId broker,
                 int percent_max) {
  const admin::ClusterLayout layout = layout_of(cluster);
  check_known(broker, layout);
  std::vector<json::object> rows =
      what_is_left(layout, broker, plan_without(layout, broker, percent_max), percent_max);
  if (layout.intent(broker) != BrokerIntent::decommission)
    context.notice("broker " + std::to_string(broker) + " is not being decommissioned");
  else if (rows.empty())
    context.notice(how_to_end(broker));
  if (rows.empty() && is_human(context.output)) return Exit::ok;
  const Exit exit = rows.empty() ? Exit::ok : Exit::condition;
  return print(context, arguments, left_table, std::move(rows), Shape::list, exit);
}

// Names what would have no place; nothing: all have one.
std::optional<Exit> refuse_stranded(Context& context, const Arguments& arguments,
                                    const admin::ClusterLayout& layout, BrokerId broker,
                                    const admin::BalancePlan& plan, int percent_max) {
  std::vector<json::object> rows;
  std::vector<core::TopicPartition> partitions;
  for (const admin::Stranded& one : plan.stranded) {
    if (one.broker != broker) continue;
    const auto partition = std::ranges::lower_bound(layout.partitions, one.partition, {},
                                                    &admin::ClusterLayout::Partition::partition);
    rows.push_back(left_row(*partition, why_stranded(one.why, percent_max)));
    partitions.push_back(one.partition);
  }
  if (rows.empty()) return std::nullopt;
  Table table = left_table;
  table.columns.back().title = "WHY IT HAS NO PLACE";
  print(context, arguments, table, std::move(rows));
  const auto count = static_cast<std::int64_t>(partitions.size());
  return report(context,
                {.exit = Exit::conflict,
                 .message = counted(count, "replica") + " of broker " + std::to_string(broker) +
                            (count == 1 ? " has" : " have") + " no place elsewhere: " + named(partitions),
                 .target = std::to_string(broker),
                 .hint = "add a broker, or let topics have fewer replicas: mq partition move"});
}

Plan confirmation(const Context& context, const admin::ClusterLayout& layout, BrokerId broker,
                  const admin::BalancePlan& plan, std::optional<std::int64_t> rate) {
  std::string summary = summary_of(layout, plan, rate);
  summary = "broker " + std::to_string(broker) + " is to go" +
            (summary.empty() ? "; it holds nothing" : ": " + summary);
  Plan shown = plan_to_show(context, layout, plan, std::move(summary));
  shown.risk = Risk::severe;
  shown.word = std::to_string(broker);
  shown.word_is = "the number of the broker";
  return shown;
}

Exit run_decommission(Context& context, const Arguments& arguments) {
  const BrokerId broker = parse_broker(arguments.positional().front());
  const int percent_max = disk_percent_max(arguments);
  auto rate = parse_rate("--bandwidth", arguments.text("bandwidth"));
  client::Cluster cluster(client_options(context));
  if (arguments.on("status")) return show_status(context, arguments, cluster, broker, percent_max);
  const admin::ClusterLayout layout = layout_of(cluster);
  check_known(broker, layout);
  if (!arguments.given("bandwidth") && layout.rate) rate = layout.rate;
  const auto others = std::ranges::count_if(layout.brokers, [&](const auto& one) {
    return one.first != broker && one.second.runs && one.second.intent != BrokerIntent::decommission;
  });
  if (others == 0)
    return report(context, {.exit = Exit::conflict,
                            .message = "there is no other broker that runs and is to stay",
                            .target = std::to_string(broker)});
  const admin::BalancePlan plan = plan_without(layout, broker, percent_max);
  if (const auto end = refuse_stranded(context, arguments, layout, broker, plan, percent_max)) return *end;
  if (plan.in_fewer_racks > 0)
    context.notice(counted(static_cast<std::int64_t>(plan.in_fewer_racks), "partition") +
                   " will be in fewer racks: this broker is the last one of its rack");
  if (const auto end = go_ahead(context, arguments, confirmation(context, layout, broker, plan, rate)))
    return *end;
  set_configs(cluster, admin::to_set_intent(broker, BrokerIntent::decommission));
  std::vector<Outcome> outcomes = send_moves(cluster, layout, plan, rate);
  const bool waits = arguments.given("wait");
  if (waits) wait_for_moves(context, cluster, arguments, plan, outcomes);
  const bool is_empty = std::ranges::none_of(layout_of(cluster).partitions,
                                             [&](const auto& partition) { return partition.is_on(broker); });
  if (is_empty)
    context.notice(how_to_end(broker));
  else
    context.notice("what is still there, and why: mq broker decommission " + std::to_string(broker) +
                   " --status");
  return conclude_moves(context, arguments, std::move(outcomes), waits || is_empty);
}

Exit run_recommission(Context& context, const Arguments& arguments) {
  const BrokerId broker = parse_broker(arguments.positional().front());
  client::Cluster cluster(client_options(context));
  const admin::ClusterLayout layout = layout_of(cluster);
  check_known(broker, layout);
  std::vector<std::string> leaving;
  for (const auto& partition : layout.partitions)
    if (std::ranges::count(partition.removing, broker) > 0)
      leaving.push_back(as_selectors({partition.partition}));
  json::object row = intent_row(broker, "recommission");
  row["replicas"] =
      std::ranges::count_if(layout.partitions, [&](const auto& one) { return one.is_on(broker); });
  row["leaders"] =
      std::ranges::count_if(layout.partitions, [&](const auto& one) { return one.leader == broker; });
  const std::string summary = "broker " + std::to_string(broker) + " stays; " +
                              counted(static_cast<std::int64_t>(leaving.size()), "move") + " off it " +
                              (leaving.size() == 1 ? "is" : "are") + " cancelled";
  if (const auto end = set_intent(context, arguments, cluster, row, broker, BrokerIntent::serve, summary))
    return *end;
  row["status"] = layout.intent(broker) == BrokerIntent::serve ? "already" : "ok";
  std::vector<admin::Reassignment> back;
  for (const auto& partition : layout.partitions)
    if (std::ranges::count(partition.removing, broker) > 0) back.push_back({partition.partition, {}});
  std::vector<Outcome> outcomes{{std::move(row), std::nullopt}};
  for (const admin::ReplicaChange& change : must(cluster.run(admin::reassign, back), "partition"))
    if (!change.status && change.status.error().error != kafka::Error::no_reassignment_in_progress)
      outcomes.push_back(
          partition_failed(change.partition, "cancel", failure_from(change.status.error(), "partition")));
  return conclude(context, arguments, intent_table, std::move(outcomes));
}

}  // namespace

extern const Command broker_decommission{
    .name = "broker decommission",
    .summary = "Move all that a broker holds to others, so that it can go.",
    .arguments = {{"BROKER", Kind::broker_id}},
    .uses = connects | rows | changes,
    .examples = {{"mq broker decommission 3 --dry-run",
                  "what would move, and whether everything has a place"},
                 {"mq broker decommission 3 --confirm 3 --wait=6h", "in scripts"},
                 {"mq broker decommission 3 --status", "what is still there, and why"},
                 {"mq broker recommission 3", "it stays after all"}},
    .flags = {{.name = "status",
               .help = "only show what is still there, and why; exit status 9 when anything is"},
              bandwidth_flag(),
              disk_flag(),
              wait_flag("10m", "come back when all has moved, or after so long")},
    .more =
        "It is refused when a replica would have no place: each is named, with the reason. It gets no new "
        "replicas "
        "from then on,\n"
        "and leads only what nobody else can. A broker that is down can be decommissioned, too: its "
        "partitions are "
        "copied from\n"
        "their other replicas. It wants the number of the broker typed; scripts give it with --confirm.",
    .see = "mq broker recommission, mq cluster moves, man mq-broker",
    .run = run_decommission};

extern const Command broker_recommission{
    .name = "broker recommission",
    .summary = "Keep a broker that was to go: moves off it that have not ended are cancelled.",
    .arguments = {{"BROKER", Kind::broker_id}},
    .uses = connects | rows | changes,
    .examples = {{"mq broker recommission 3 -y", "what has moved already stays where it is now"},
                 {"mq cluster rebalance", "and gets it its share again"}},
    .see = "mq broker decommission, mq cluster rebalance, man mq-broker",
    .run = run_recommission};

}  // namespace mq::cli
