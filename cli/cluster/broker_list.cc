// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/brokers.h"

namespace mq::cli {

namespace {

const Table brokers_table{.columns = {{"broker", "BROKER"},
                                      {"address", "ADDRESS"},
                                      {"rack", "RACK"},
                                      {"state", "STATE"},
                                      {"controller", "CONTROLLER", Unit::plain, true},
                                      {"leaders", "LEADS"},
                                      {"replicas", "REPLICAS"},
                                      {"used_bytes", "USED", Unit::bytes},
                                      {"free_bytes", "FREE", Unit::bytes},
                                      {"total_bytes", "DISK", Unit::bytes, true}},
                          .name = "broker"};

Exit run_broker_list(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  std::vector<admin::BrokerState> brokers = brokers_named(cluster, {});
  cluster.run(admin::add_log_dirs(cluster.client(), brokers));
  std::vector<json::object> rows;
  for (const admin::BrokerState& broker : brokers) rows.push_back(admin::row_of(broker));
  return print(context, arguments, brokers_table, std::move(rows));
}

}  // namespace

extern const Command broker_list{
    .name = "broker list",
    .summary = "List the brokers of the cluster, those that are down, too.",
    .uses = connects | rows,
    .examples = {{"mq broker list", "where they are, what they lead, how full their disks are"},
                 {"mq broker list -o json | jq -r '.[] | select(.state == \"down\") | .broker'",
                  "who is missing"}},
    .more =
        "USED is what partitions take, FREE what their disk has left, whoever fills it. A broker is down "
        "when it is registered, or\n"
        "has replicas, and does not run.",
    .see = "mq broker describe, mq cluster health, man mq-broker",
    .run = run_broker_list};

}  // namespace mq::cli
