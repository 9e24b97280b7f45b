// SPDX-License-Identifier: Apache-2.0
// What a broker has alone becomes a cluster's.
#include "cli/cluster/cluster.h"
#include "cli/frame/print.h"
#include "core/broker/cluster_start.h"
#include "core/error.h"

namespace mq::cli {

namespace {

Exit run_adopt(Context& context, const Arguments& arguments) {
  const core::Config config = store_config(arguments, arguments.maybe("data"));
  try {
    const core::Identity identity = core::adopt_directory(config);
    context.say("broker " + std::to_string(identity.node_id) + " is the only one of cluster " +
                identity.cluster_id + " now; start it, and others, with " +
                (config.consul.empty() ? "--etcd" : "--consul") + "\n");
    return Exit::ok;
  } catch (const core::WrongStart& wrong) {
    return report(context, {.exit = static_cast<Exit>(wrong.exit_code), .message = wrong.what()});
  }
}

// Whose directory, beside which store.
std::vector<Flag> adopt_flags() {
  std::vector<Flag> flags = store_flags();
  flags.insert(
      flags.begin(),
      {.name = "data", .kind = Kind::directory, .value = "DIR", .help = "where its records lie (MQ_DATA)"});
  return flags;
}

}  // namespace

extern const Command cluster_adopt{.name = "cluster adopt",
                                   .summary = "Make a cluster of what a broker has alone.",
                                   .examples = {{"mq cluster adopt --data ./data --etcd http://10.0.0.5:2379",
                                                 "while the broker is stopped"}},
                                   .flags = adopt_flags(),
                                   .more =
                                       "Topics, settings and producer ids go into etcd or Consul; records "
                                       "stay where they are. There must be no "
                                       "cluster of "
                                       "that name yet.\nMore replicas come with mq partition move.",
                                   .see = "man mq-cluster, man mq-serve",
                                   .run = run_adopt};

}  // namespace mq::cli
