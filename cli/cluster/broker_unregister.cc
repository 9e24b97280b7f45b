// SPDX-License-Identifier: Apache-2.0
// A broker that will not come back is forgotten.
#include "cli/cluster/broker_intent.h"

namespace mq::cli {

namespace {

Exit run_unregister(Context& context, const Arguments& arguments) {
  const core::BrokerId broker = parse_broker(arguments.positional().front());
  const std::string id = std::to_string(broker);
  client::Cluster cluster(client_options(context));
  json::object row = intent_row(broker, "unregister");
  Plan plan{.risk = Risk::guarded,
            .table = intent_table,
            .rows = {row},
            .summary = "broker " + id + " is forgotten, and what was set for it"};
  plan.table.columns.pop_back();
  if (const auto end = go_ahead(context, arguments, plan)) return *end;
  must(cluster.run(admin::unregister, broker), "broker");
  row["status"] = "ok";
  return conclude(context, arguments, intent_table, {{std::move(row), std::nullopt}});
}

}  // namespace

extern const Command broker_unregister{
    .name = "broker unregister",
    .summary = "Forget a broker that has been stopped for good.",
    .arguments = {{"BROKER", Kind::broker_id}},
    .uses = connects | rows | changes,
    .examples = {{"mq broker unregister 3", "after mq broker decommission 3, and when it is stopped"}},
    .more =
        "It is refused while the broker runs, or any partition has a replica on it. A broker that starts "
        "later "
        "under the same\n"
        "number is a new one.",
    .see = "mq broker decommission, mq broker list, man mq-broker",
    .run = run_unregister};

}  // namespace mq::cli
