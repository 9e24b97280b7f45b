// SPDX-License-Identifier: Apache-2.0
// A metadata store that was restored from a backup is made one that brokers can go on from.
#include "cli/cluster/cluster.h"
#include "cli/frame/plan.h"
#include "cli/frame/print.h"
#include "core/broker/cluster_start.h"
#include "core/error.h"

namespace mq::cli {

namespace {

const Table restore_table{.columns = {{"cluster", "CLUSTER"}, {"store", "STORE"}}, .name = "cluster"};

Plan restore_plan(const core::Config& config) {
  Plan plan{.risk = Risk::severe, .table = restore_table};
  plan.rows.push_back({{"cluster", config.cluster_name},
                       {"store", (config.consul.empty() ? config.etcd : config.consul).front()}});
  plan.summary =
      "What was decided after the backup is forgotten: topics that were made are not there, and where only "
      "some "
      "replicas were in sync, what they alone acknowledged may be lost";
  plan.word = config.cluster_name;
  plan.word_is = "the name of the cluster";
  return plan;
}

Exit run_accept_restore(Context& context, const Arguments& arguments) {
  const core::Config config = store_config(arguments);
  if (const auto end = go_ahead(context, arguments, restore_plan(config))) return *end;
  try {
    const auto partitions = static_cast<std::int64_t>(core::accept_restored_store(config));
    context.say(counted(partitions, "partition") + " can be led again; start the brokers\n");
    return Exit::ok;
  } catch (const core::WrongStart& wrong) {
    return report(context, {.exit = static_cast<Exit>(wrong.exit_code), .message = wrong.what()});
  }
}

}  // namespace

extern const Command cluster_accept_restore{
    .name = "cluster accept-restore",
    .summary = "Go on from an etcd or Consul that was restored from a backup.",
    .uses = rows | changes,
    .examples = {{"mq cluster accept-restore --etcd http://10.0.0.5:2379", "while all brokers are stopped"}},
    .flags = store_flags(),
    .more =
        "Brokers do not start on a store that is older than what they have seen: an epoch in which a "
        "partition "
        "was led\n"
        "would come a second time. This makes all epochs and producer ids new ones, and trusts the replicas "
        "that "
        "were in\n"
        "sync when the backup was made. It wants the name of the cluster typed; scripts give it with "
        "--confirm.",
    .see = "man mq-cluster, etcdctl snapshot restore",
    .run = run_accept_restore};

}  // namespace mq::cli
