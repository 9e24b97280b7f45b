// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/cluster/brokers.h"
#include "cli/cluster/moving.h"

namespace mq::cli {

namespace {

admin::BalanceGoals goals_of(const Arguments& arguments) {
  admin::BalanceGoals goals;
  if (arguments.on("leaders-only")) goals.wanted = {admin::BalanceGoal::leaders};
  goals.disk_percent_max = disk_percent_max(arguments);
  if (arguments.given("max-moves")) {
    const std::int64_t most = arguments.number("max-moves");
    if (most < 1) throw UsageError("--max-moves: at least 1");
    goals.partitions_max = static_cast<std::size_t>(most);
  }
  return goals;
}

admin::IsMeant topics_meant(const Arguments& arguments) {
  const auto selectors = admin::selectors(arguments.all("topics"));
  return [selectors](const core::TopicPartition& partition) {
    return selectors.empty() || std::ranges::any_of(selectors, [&](const admin::Selector& selector) {
             return selector.matches(partition.topic) && selector.has(partition.partition);
           });
  };
}

void check_topics(const Arguments& arguments, const admin::ClusterLayout& layout) {
  for (const admin::Selector& selector : admin::selectors(arguments.all("topics")))
    if (std::ranges::none_of(layout.partitions, [&](const auto& one) {
          return selector.matches(one.partition.topic) && selector.has(one.partition.partition);
        }))
      throw FailureError({.exit = Exit::not_found,
                          .message = "there is no partition " + in_quotes(selector.text()),
                          .target = selector.text()});
}

std::set<core::BrokerId> excluded_brokers(const Arguments& arguments, const admin::ClusterLayout& layout) {
  std::set<core::BrokerId> excluded;
  for (const std::string& text : arguments.all("exclude")) {
    const core::BrokerId broker = parse_broker(text);
    check_known(broker, layout);
    excluded.insert(broker);
  }
  return excluded;
}

Exit run_rebalance(Context& context, const Arguments& arguments) {
  const admin::BalanceGoals goals = goals_of(arguments);
  const admin::IsMeant is_meant = topics_meant(arguments);
  auto rate = parse_rate("--bandwidth", arguments.text("bandwidth"));
  client::Cluster cluster(client_options(context));
  const admin::ClusterLayout layout = layout_of(cluster);
  check_topics(arguments, layout);
  // A limit that holds already is somebody's wish.
  if (!arguments.given("bandwidth") && layout.rate) rate = layout.rate;
  const admin::BalancePlan plan =
      admin::balance(brokers_to_balance(layout, excluded_brokers(arguments, layout)),
                     partitions_to_balance(layout, is_meant), goals);
  const auto stays = static_cast<std::int64_t>(plan.stranded.size());
  if (stays > 0)
    context.notice(counted(stays, "replica") + (stays == 1 ? " stays" : " stay") +
                   " on brokers that are to hold none; why: mq broker decommission --status");
  if (plan.in_fewer_racks > 0)
    context.notice(counted(static_cast<std::int64_t>(plan.in_fewer_racks), "partition") +
                   " will be in fewer racks");
  const Plan shown = plan_to_show(context, layout, plan, summary_of(layout, plan, rate));
  if (plan.moves.empty()) {
    context.notice("nothing to do: brokers carry alike");
    if (is_human(context.output)) return Exit::ok;
    return conclude(context, arguments, plan_moves_table, {});
  }
  if (const auto end = go_ahead(context, arguments, shown)) return *end;
  std::vector<Outcome> outcomes = send_moves(cluster, layout, plan, rate);
  const bool waits = arguments.given("wait");
  if (waits) wait_for_moves(context, cluster, arguments, plan, outcomes);
  return conclude_moves(context, arguments, std::move(outcomes), waits);
}

}  // namespace

extern const Command cluster_rebalance{
    .name = "cluster rebalance",
    .summary = "Move replicas and leaderships so that brokers carry alike.",
    .uses = connects | rows | changes,
    .examples = {{"mq cluster rebalance --dry-run", "what would move, and what that costs"},
                 {"mq cluster rebalance -y --bandwidth 100MiB/s --wait=2h", "in scripts"},
                 {"mq cluster rebalance --leaders-only", "copies nothing"},
                 {"mq cluster rebalance --topics 'logs-*' --max-moves 20", "a little at a time"},
                 {"mq cluster rebalance --dry-run -o json", "the plan, partition by partition"}},
    .flags = {{.name = "leaders-only",
               .help = "other replicas are preferred as leaders, and nothing is copied"},
              {.name = "topics",
               .kind = Kind::topic,
               .value = "TOPIC",
               .help = "only of these topics, a pattern or with partitions",
               .repeatable = true},
              {.name = "exclude",
               .kind = Kind::broker_id,
               .value = "N",
               .help = "a broker that is to hold nothing",
               .repeatable = true},
              bandwidth_flag(),
              {.name = "max-moves",
               .kind = Kind::number,
               .value = "N",
               .help = "so many partitions change at most"},
              disk_flag(),
              wait_flag("10m", "come back when all have moved, or after so long")},
    .more =
        "In this order, and none makes an earlier one worse: replicas of a partition are in different racks; "
        "no disk is too full;\n"
        "brokers that are excluded or to be decommissioned hold nothing; bytes are even, to a tenth; so are "
        "numbers of replicas;\n"
        "leaders are even for each topic, and in all. It moves by reassignments: they go on whatever becomes "
        "of this command, and\n"
        "the limit ends with them. How far they are, and how to stop them: mq cluster moves.",
    .see = "mq cluster moves, mq broker decommission, man mq-cluster",
    .run = run_rebalance};

}  // namespace mq::cli
