// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "cli/cluster/cluster.h"
#include "cli/frame/plan.h"
#include "core/admin/partition_names.h"
#include "core/admin/recovery.h"

namespace mq::cli {

namespace {

using admin::Recovery;

const Table recoveries_table{.columns = {{"topic", "TOPIC"},
                                         {"partition", "PARTITION"},
                                         {"complete", "COMPLETE ON"},
                                         {"new_leader", "NEW LEADER"},
                                         {"bytes", "IT HAS", Unit::bytes},
                                         {"status", "STATUS"}},
                             .name = "topic"};

constexpr std::string_view recover_action = "recover";

std::string brokers_in_words(const std::vector<core::BrokerId>& brokers) {
  std::string text = brokers.size() == 1 ? "broker " : "brokers ";
  for (std::size_t i = 0; i < brokers.size(); i++) text += (i > 0 ? ", " : "") + std::to_string(brokers[i]);
  return text;
}

// Nobody who runs has anything of it.
Outcome hopeless(const Recovery& one) {
  return partition_failed(
      one.partition, recover_action,
      {.exit = Exit::failed,
       .message = admin::name_of(one.partition) + ": none of its replicas runs",
       .kafka = "ELIGIBLE_LEADERS_NOT_AVAILABLE",
       .target = admin::name_of(one.partition),
       .hint = "start " + brokers_in_words(one.complete.empty() ? one.replicas : one.complete)});
}

std::vector<core::BrokerId> complete_of(const std::vector<Recovery>& recoveries) {
  std::vector<core::BrokerId> brokers;
  for (const Recovery& one : recoveries)
    brokers.insert(brokers.end(), one.complete.begin(), one.complete.end());
  std::ranges::sort(brokers);
  brokers.erase(std::unique(brokers.begin(), brokers.end()), brokers.end());
  return brokers;
}

std::string what_is_lost(const std::vector<Recovery>& recoveries) {
  const bool one = recoveries.size() == 1;
  const auto complete = complete_of(recoveries);
  std::string text = counted(std::ssize(recoveries), "partition") + (one ? " has" : " have") +
                     " no leader. Another replica becomes it, and what that one lacks is lost for ever, "
                     "acknowledged or not,\n"
                     "also on replicas that have it and come back: they take over what the new leader has.\n";
  if (complete.empty()) return text + "Who had everything is not known.";
  return text + "Everything is on " + brokers_in_words(complete) +
         (complete.size() == 1 ? ", which is" : ", which are") + " away. If " +
         (complete.size() == 1 ? "it" : "one of them") + " can be started nothing is lost: do that instead.";
}

Plan plan_of_recovery(const std::vector<Recovery>& recoveries) {
  Plan plan{.risk = Risk::severe, .table = recoveries_table};
  plan.table.columns.pop_back();
  std::vector<core::TopicPartition> partitions;
  for (const Recovery& one : recoveries) {
    json::object row = admin::row_of(one);
    row["action"] = recover_action;
    plan.rows.push_back(std::move(row));
    partitions.push_back(one.partition);
  }
  const bool one = recoveries.size() == 1;
  plan.summary = what_is_lost(recoveries);
  plan.word = one ? as_selectors(partitions) : std::to_string(partitions.size());
  plan.word_is = one ? "the name of the partition" : "the number of partitions";
  return plan;
}

Exit run_recover(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  const admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), true));
  std::vector<Outcome> outcomes = missing_outcomes(selection.missing, recover_action);
  std::vector<core::TopicPartition> offline;
  for (const admin::TopicState& topic : selection.topics)
    for (const admin::PartitionState& partition : topic.partitions) {
      const core::TopicPartition name{topic.name, partition.number};
      if (partition.leader < 0) offline.push_back(name);
      // Of a pattern only those that need it are of interest.
      if (partition.leader >= 0 && !selection.by_pattern)
        outcomes.push_back(partition_outcome(name, recover_action, "has a leader"));
    }
  std::vector<Recovery> recoveries;
  if (!offline.empty()) recoveries = must(cluster.run(admin::recoveries, offline), "partition");
  for (const Recovery& one : recoveries)
    if (one.next_leader < 0) outcomes.push_back(hopeless(one));
  std::erase_if(recoveries, [](const Recovery& one) { return one.next_leader < 0; });
  if (!recoveries.empty()) {
    const Plan plan = plan_of_recovery(recoveries);
    if (const auto end = go_ahead(context, arguments, plan)) return *end;
    std::vector<core::TopicPartition> partitions;
    for (const Recovery& one : recoveries) partitions.push_back(one.partition);
    const auto done = must(cluster.run(admin::elect_leaders, partitions, true), "partition");
    for (std::size_t i = 0; i < done.size(); i++) {
      const bool already =
          !done[i].status && done[i].status.error().error == kafka::Error::election_not_needed;
      if (!done[i].status && !already) {
        outcomes.push_back(partition_failed(done[i].partition, recover_action,
                                            failure_from(done[i].status.error(), "partition")));
        continue;
      }
      json::object row = plan.rows[i];
      row["status"] = already ? "has a leader" : "ok";
      outcomes.push_back({std::move(row), std::nullopt});
    }
  }
  if (outcomes.empty() && is_human(context.output)) {
    context.notice("every partition has a leader");
    return Exit::ok;
  }
  return conclude(context, arguments, recoveries_table, std::move(outcomes));
}

}  // namespace

extern const Command partition_recover{
    .name = "partition recover",
    .summary = "Give partitions without leader one that may lack records: the last resort.",
    .arguments = {{"TOPIC[:PARTS]", Kind::topic, 1, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq partition recover logs:3 --dry-run", "what would be lost, and who has it"},
                 {"mq partition recover logs:3,9", "when those that have everything are lost"},
                 {"mq partition recover logs:3 --confirm logs:3", "in scripts"}},
    .more =
        "Of a partition without leader all replicas that have everything are away. COMPLETE ON says which "
        "those "
        "are: starting one\n"
        "of them loses nothing. NEW LEADER is the first replica that runs. This wants the name of the "
        "partition "
        "or the number of\n"
        "partitions typed; scripts give it with --confirm.",
    .see = "mq cluster health, mq partition list, man mq-partition, man mq-design",
    .run = run_recover};

}  // namespace mq::cli
