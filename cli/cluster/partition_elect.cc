// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "cli/cluster/cluster.h"
#include "cli/frame/plan.h"

namespace mq::cli {

namespace {

const Table elections_table{.columns = {{"topic", "TOPIC"},
                                        {"partition", "PARTITION"},
                                        {"leader", "LEADER"},
                                        {"preferred", "PREFERRED"},
                                        {"status", "STATUS"}},
                            .name = "topic"};
const Table unclean_table{.columns = {{"topic", "TOPIC"},
                                      {"partition", "PARTITION"},
                                      {"replicas", "REPLICAS"},
                                      {"status", "STATUS"}},
                          .name = "topic"};

// One partition and what is to become of it.
struct Candidate {
  core::TopicPartition partition;
  json::object row;
  bool needed = false;
};

std::vector<Candidate> candidates_of(const admin::Selection& selection, bool unclean) {
  std::vector<Candidate> candidates;
  for (const admin::TopicState& topic : selection.topics)
    for (const admin::PartitionState& partition : topic.partitions) {
      Candidate& one = candidates.emplace_back();
      one.partition = {topic.name, partition.number};
      one.row = {{"topic", topic.name},
                 {"partition", partition.number},
                 {"action", unclean ? "elect_unclean" : "elect"},
                 {"leader", nullptr}};
      if (partition.leader >= 0) one.row["leader"] = partition.leader;
      one.row["replicas"] = json::array(partition.replicas.begin(), partition.replicas.end());
      const std::int32_t preferred = partition.replicas.empty() ? -1 : partition.replicas.front();
      one.row["preferred"] = preferred;
      one.needed = unclean ? partition.leader < 0 : partition.leader != preferred;
    }
  return candidates;
}

Plan plan_for(const std::vector<Candidate>& needed, bool unclean) {
  Plan plan{.risk = unclean ? Risk::severe : Risk::guarded,
            .table = unclean ? unclean_table : elections_table};
  plan.table.columns.pop_back();
  for (const Candidate& one : needed) plan.rows.push_back(one.row);
  const std::size_t count = needed.size();
  const std::string partitions = counted(static_cast<std::int64_t>(count), "partition");
  plan.summary = unclean ? partitions + " without leader; records that their next leaders lack are lost"
                         : partitions + (count == 1 ? " gets another leader" : " get other leaders");
  plan.word = count == 1 ? as_selectors({needed.front().partition}) : std::to_string(count);
  plan.word_is = count == 1 ? "the name of the partition" : "the number of partitions";
  return plan;
}

Outcome outcome_of(Candidate one, const client::Answer<client::Nothing>& status, bool unclean) {
  const bool already = !status && status.error().error == kafka::Error::election_not_needed;
  if (status && !unclean) one.row["leader"] = one.row["preferred"];
  one.row["status"] = already ? "already" : "ok";
  if (status || already) return {std::move(one.row), std::nullopt};
  Outcome outcome = partition_failed(one.partition, unclean ? "elect_unclean" : "elect",
                                     failure_from(status.error(), "partition"));
  if (status.error().error == kafka::Error::preferred_leader_not_available)
    outcome.failure->hint = "which replicas are in sync: mq partition list " + as_selectors({one.partition});
  return outcome;
}

Exit run_elect(Context& context, const Arguments& arguments) {
  const bool unclean = arguments.on("unclean"), all = arguments.positional().empty();
  client::Cluster cluster(client_options(context));
  const admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), all));
  std::vector<Outcome> outcomes = missing_outcomes(selection.missing, unclean ? "elect_unclean" : "elect");
  std::vector<Candidate> needed;
  std::vector<core::TopicPartition> partitions;
  for (Candidate& one : candidates_of(selection, unclean)) {
    if (one.needed) {
      partitions.push_back(one.partition);
      needed.push_back(std::move(one));
    } else if (!all) {
      one.row["status"] = "already";
      outcomes.push_back({std::move(one.row), std::nullopt});
    }
  }
  if (needed.empty() && all)
    context.notice(unclean ? "every partition has a leader"
                           : "every partition is led by its preferred replica");
  if (!needed.empty()) {
    if (const auto end = go_ahead(context, arguments, plan_for(needed, unclean))) return *end;
    const auto done = must(cluster.run(admin::elect_leaders, partitions, unclean), "partition");
    for (std::size_t i = 0; i < needed.size(); i++)
      outcomes.push_back(outcome_of(std::move(needed[i]), done[i].status, unclean));
  }
  if (outcomes.empty() && is_human(context.output)) return Exit::ok;
  return conclude(context, arguments, unclean ? unclean_table : elections_table, std::move(outcomes));
}

}  // namespace

extern const Command partition_elect{
    .name = "partition elect",
    .summary = "Make the preferred replicas leaders, or any replica of a partition that has none.",
    .arguments = {{"TOPIC[:PARTS]", Kind::topic, 0, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq partition elect", "all partitions that another replica leads"},
                 {"mq partition elect orders:0,2 -y", "two of them, without a question"},
                 {"mq partition elect --unclean logs:3",
                  "the last resort, when broker and records are lost"}},
    .flags = {{.name = "unclean",
               .help = "any replica that runs, for partitions without leader: records may be lost (severe)"}},
    .more =
        "The preferred replica is the first one of a partition. It must be in sync to be elected; what has "
        "the right leader\n"
        "is left as it is. --unclean wants the name of the partition or the number of partitions typed; "
        "scripts "
        "give it\n"
        "with --confirm.",
    .see = "mq partition list, man mq-partition",
    .run = run_elect};

}  // namespace mq::cli
