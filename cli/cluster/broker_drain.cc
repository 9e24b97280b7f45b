// SPDX-License-Identifier: Apache-2.0
// Leaderships taken off a broker, and given back.
#include <algorithm>

#include "cli/cluster/broker_intent.h"
#include "core/admin/replica_changes.h"

namespace mq::cli {

using core::BrokerId;
using core::BrokerIntent;
using core::TopicPartition;

const Table intent_table{.columns = {{"broker", "BROKER"},
                                     {"action", "ACTION"},
                                     {"leaders", "LEADERS"},
                                     {"replicas", "REPLICAS"},
                                     {"status", "STATUS"}},
                         .name = "broker"};

json::object intent_row(BrokerId broker, std::string_view action) {
  return {{"broker", broker}, {"action", action}};
}

std::optional<Exit> set_intent(Context& context, const Arguments& arguments, client::Cluster& cluster,
                               const json::object& row, BrokerId broker, BrokerIntent intent,
                               std::string summary) {
  Plan plan{.risk = Risk::guarded, .table = intent_table, .rows = {row}, .summary = std::move(summary)};
  plan.table.columns.pop_back();
  if (const auto end = go_ahead(context, arguments, plan)) return end;
  set_configs(cluster, admin::to_set_intent(broker, intent));
  return std::nullopt;
}

namespace {

// Of those it leads, by whether somebody else can.
struct Led {
  std::vector<TopicPartition> can_go, cannot;
};

Led led_by(const admin::ClusterLayout& layout, BrokerId broker) {
  Led led;
  for (const auto& partition : layout.partitions) {
    if (partition.leader != broker) continue;
    const bool can_go = std::ranges::any_of(partition.in_sync, [&](BrokerId other) {
      const auto known = layout.brokers.find(other);
      return other != broker && known != layout.brokers.end() && known->second.runs &&
             known->second.intent == BrokerIntent::serve;
    });
    (can_go ? led.can_go : led.cannot).push_back(partition.partition);
  }
  return led;
}

std::int64_t replicas_on(const admin::ClusterLayout& layout, BrokerId broker) {
  return std::ranges::count_if(layout.partitions, [&](const auto& one) { return one.is_on(broker); });
}

core::Task<client::Answer<Led>> wait_until_drained(client::Client& client, BrokerId broker,
                                                   client::Time deadline) {
  for (;;) {
    const auto layout = co_await admin::layout_of(client, std::min(deadline, client.deadline()));
    if (!layout && !layout.error().retriable()) co_return layout.error();
    if (layout && led_by(*layout, broker).can_go.empty()) co_return led_by(*layout, broker);
    const bool waited = co_await admin::look_again(client, deadline);
    if (waited) continue;
    if (!layout) co_return layout.error();
    co_return led_by(*layout, broker);
  }
}

Exit run_drain(Context& context, const Arguments& arguments) {
  const BrokerId broker = parse_broker(arguments.positional().front());
  client::Cluster cluster(client_options(context));
  const admin::ClusterLayout layout = layout_of(cluster);
  check_known(broker, layout);
  const std::string name = "broker " + std::to_string(broker);
  if (layout.intent(broker) == BrokerIntent::decommission)
    return report(context, {.exit = Exit::conflict,
                            .message = name + " is being decommissioned, which drains it, too",
                            .target = std::to_string(broker),
                            .hint = "to keep it: mq broker recommission " + std::to_string(broker)});
  Led led = led_by(layout, broker);
  json::object row = intent_row(broker, "drain");
  row["leaders"] = led.can_go.size() + led.cannot.size();
  row["replicas"] = replicas_on(layout, broker);
  if (!led.cannot.empty()) context.notice("nobody else is in sync, it goes on leading: " + named(led.cannot));
  const auto lacking =
      cluster.run(admin::would_lack_replicas(cluster.client(), layout, broker, cluster.client().deadline()));
  if (!lacking.empty())
    context.notice(
        "when it stops, fewer than min.insync.replicas are left in sync, and acks=all is refused: " +
        named(lacking));
  const std::string summary = name + " gives " +
                              counted(static_cast<std::int64_t>(led.can_go.size()), "leadership") +
                              " to others and gets none until mq broker resume " + std::to_string(broker);
  if (const auto end = set_intent(context, arguments, cluster, row, broker, BrokerIntent::drain, summary))
    return *end;
  row["status"] = "draining";
  if (arguments.given("wait")) {
    led = must(cluster.run(wait_until_drained(cluster.client(), broker, wait_deadline(arguments))), "broker");
    row["leaders"] = led.can_go.size() + led.cannot.size();
    row["status"] = "ok";
    if (!led.can_go.empty())
      return report(context,
                    {.exit = Exit::timeout,
                     .message = name + " still leads " + named(led.can_go),
                     .target = std::to_string(broker),
                     .hint = "others take it over as soon as the controller lets them: mq partition list "
                             "--leader " +
                             std::to_string(broker),
                     .retriable = true});
  }
  return conclude(context, arguments, intent_table, {{std::move(row), std::nullopt}});
}

Exit run_resume(Context& context, const Arguments& arguments) {
  const BrokerId broker = parse_broker(arguments.positional().front());
  client::Cluster cluster(client_options(context));
  const admin::ClusterLayout layout = layout_of(cluster);
  check_known(broker, layout);
  const std::string name = "broker " + std::to_string(broker);
  if (layout.intent(broker) == BrokerIntent::decommission)
    return report(context, {.exit = Exit::conflict,
                            .message = name + " is being decommissioned",
                            .target = std::to_string(broker),
                            .hint = "to keep it: mq broker recommission " + std::to_string(broker)});
  json::object row = intent_row(broker, "resume");
  row["leaders"] = led_by(layout, broker).can_go.size() + led_by(layout, broker).cannot.size();
  row["replicas"] = replicas_on(layout, broker);
  const std::string summary = name + " leads again what it is preferred for, within a minute or so";
  if (const auto end = set_intent(context, arguments, cluster, row, broker, BrokerIntent::serve, summary))
    return *end;
  row["status"] = layout.intent(broker) == BrokerIntent::serve ? "already" : "ok";
  return conclude(context, arguments, intent_table, {{std::move(row), std::nullopt}});
}

}  // namespace

extern const Command broker_drain{
    .name = "broker drain",
    .summary = "Let others lead what a broker leads, and keep it from leading more.",
    .arguments = {{"BROKER", Kind::broker_id}},
    .uses = connects | rows | changes,
    .examples = {{"mq broker drain 2 -y --wait", "before something is done to its machine"},
                 {"mq broker resume 2", "afterwards"}},
    .flags = {wait_flag("10m", "come back when it leads only what nobody else can, or after so long")},
    .more =
        "Its replicas stay where they are, and in sync: no partition has fewer of them. It is elected only "
        "where "
        "nobody else\n"
        "that is in sync runs. This outlives restarts; it is the broker's setting broker.intent.",
    .see = "mq broker resume, mq broker decommission, man mq-broker",
    .run = run_drain};

extern const Command broker_resume{
    .name = "broker resume",
    .summary = "Let a broker that was drained lead again.",
    .arguments = {{"BROKER", Kind::broker_id}},
    .uses = connects | rows | changes,
    .examples = {{"mq broker resume 2 -y", "it leads what it is preferred for within a minute or so"},
                 {"mq partition elect -y", "now"}},
    .see = "mq broker drain, mq partition elect, man mq-broker",
    .run = run_resume};

}  // namespace mq::cli
