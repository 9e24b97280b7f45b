// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "cli/cluster/cluster.h"
#include "cli/frame/file.h"
#include "cli/frame/plan.h"
#include "core/admin/partition_names.h"

namespace mq::cli {

namespace {

using admin::MovingPartition;
using admin::Reassignment;

const Table moves_table{.columns = {{"topic", "TOPIC"},
                                    {"partition", "PARTITION"},
                                    {"replicas", "REPLICAS"},
                                    {"new_replicas", "NEW"},
                                    {"status", "STATUS"}},
                        .name = "topic"};
const Table cancel_table{.columns = {{"topic", "TOPIC"},
                                     {"partition", "PARTITION"},
                                     {"replicas", "REPLICAS"},
                                     {"adding", "ADDING"},
                                     {"removing", "REMOVING"},
                                     {"status", "STATUS"}},
                         .name = "topic"};

json::array numbers(const std::vector<core::BrokerId>& brokers) {
  return json::array(brokers.begin(), brokers.end());
}

Plan plan_of(const std::vector<json::object>& rows, const Table& table, const std::string& summary) {
  Plan plan{.risk = Risk::guarded, .table = table, .rows = rows, .summary = summary};
  plan.table.columns.pop_back();
  return plan;
}

// Sends them, and says what became of each; `rows`: theirs, in the same order.
std::vector<Outcome> carry_out(client::Cluster& cluster, const std::vector<Reassignment>& wanted,
                               std::vector<json::object> rows, std::string_view status) {
  const auto done = must(cluster.run(admin::reassign, wanted), "partition");
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < wanted.size(); i++) {
    if (done[i].status) {
      rows[i]["status"] = status;
      outcomes.push_back({std::move(rows[i]), std::nullopt});
      continue;
    }
    const auto action = std::string(rows[i].at("action").get_string());
    // To be cancelled, it has arrived meanwhile.
    const bool has_arrived = done[i].status.error().error == kafka::Error::no_reassignment_in_progress;
    if (has_arrived) {
      outcomes.push_back(partition_outcome(wanted[i].partition, action, "does not move"));
      continue;
    }
    outcomes.push_back(
        partition_failed(wanted[i].partition, action, failure_from(done[i].status.error(), "partition")));
  }
  return outcomes;
}

// ---- there ----

std::vector<Reassignment> moves_of(const Context& context, const Arguments& arguments) {
  std::vector<Reassignment> all;
  for (const std::string& word : arguments.positional())
    for (Reassignment& one : admin::parse_reassignment(word)) all.push_back(std::move(one));
  if (const auto file = arguments.maybe("file"))
    for (Reassignment& one : admin::parse_reassignment_file(read_all(*file, context.in)))
      all.push_back(std::move(one));
  if (all.empty())
    throw UsageError("which partitions, and where to?",
                     "mq partition move orders:0=1,2,3, or --file with a reassignment of Kafka's");
  admin::check_each_once(all);
  std::ranges::sort(all, {}, &Reassignment::partition);
  return all;
}

// Where they are now, by partition, and those that are not there.
struct Places {
  std::map<core::TopicPartition, std::vector<core::BrokerId>> replicas;
  std::vector<admin::Missing> missing;
};

Places places_of(client::Cluster& cluster, const std::vector<core::TopicPartition>& partitions) {
  std::vector<admin::Selector> selectors;
  for (const core::TopicPartition& partition : partitions)
    selectors.emplace_back(partition.topic + ":" + std::to_string(partition.partition));
  admin::Selection selection = must(cluster.run(admin::select, std::move(selectors), true));
  Places places;
  for (const admin::TopicState& topic : selection.topics)
    for (const admin::PartitionState& partition : topic.partitions)
      places.replicas[{topic.name, partition.number}] = partition.replicas;
  places.missing = std::move(selection.missing);
  return places;
}

// Waits for those that were accepted; one that is not there in time is a failure of its own.
void wait_for(Context& context, client::Cluster& cluster, const Arguments& arguments,
              const std::vector<Reassignment>& wanted, std::vector<Outcome>& outcomes) {
  std::vector<Reassignment> accepted;
  std::map<core::TopicPartition, Outcome*> by_partition;
  for (Outcome& outcome : outcomes) {
    if (outcome.failure) continue;
    const core::TopicPartition name{std::string(outcome.row.at("topic").get_string()),
                                    outcome.row.at("partition").to_number<std::int32_t>()};
    by_partition[name] = &outcome;
    accepted.push_back(*std::ranges::find(wanted, name, &Reassignment::partition));
  }
  if (accepted.empty()) return;
  context.detail(1, "waiting for " + counted(static_cast<std::int64_t>(accepted.size()), "partition"));
  const auto open =
      must(cluster.run(admin::wait_until_moved(cluster.client(), accepted, wait_deadline(arguments))),
           "partition");
  for (const core::TopicPartition& partition : open) {
    const Failure failure{.exit = Exit::timeout,
                          .message = admin::name_of(partition) + " still moves",
                          .target = admin::name_of(partition),
                          .hint = "how far it is: mq partition list " + as_selectors({partition}),
                          .retriable = true};
    *by_partition.at(partition) = partition_failed(partition, "move", failure);
  }
}

Exit run_moves(Context& context, const Arguments& arguments) {
  std::vector<Reassignment> wanted = moves_of(context, arguments);
  client::Cluster cluster(client_options(context));
  std::vector<core::TopicPartition> partitions;
  for (const Reassignment& one : wanted) partitions.push_back(one.partition);
  const Places places = places_of(cluster, partitions);
  std::vector<Outcome> outcomes = missing_outcomes(places.missing, "move");
  std::erase_if(wanted, [&](const Reassignment& one) { return !places.replicas.contains(one.partition); });
  if (wanted.empty()) return conclude(context, arguments, moves_table, std::move(outcomes));
  std::vector<json::object> rows;
  for (const Reassignment& one : wanted)
    rows.push_back({{"topic", one.partition.topic},
                    {"partition", one.partition.partition},
                    {"action", "move"},
                    {"replicas", numbers(places.replicas.at(one.partition))},
                    {"new_replicas", numbers(one.replicas)}});
  const std::size_t count = wanted.size();
  const std::string summary = counted(static_cast<std::int64_t>(count), "partition") +
                              (count == 1 ? " gets these replicas" : " get these replicas");
  if (const auto end = go_ahead(context, arguments, plan_of(rows, moves_table, summary))) return *end;
  const bool waits = arguments.given("wait");
  for (Outcome& outcome : carry_out(cluster, wanted, std::move(rows), waits ? "ok" : "moving"))
    outcomes.push_back(std::move(outcome));
  if (waits) wait_for(context, cluster, arguments, wanted, outcomes);
  return conclude(context, arguments, moves_table, std::move(outcomes));
}

// ---- and back ----

// Those that are meant, sorted; of a topic without partitions, and without any word, those that move.
std::vector<core::TopicPartition> to_cancel(const Context& context, const std::vector<std::string>& words,
                                            const std::optional<std::string>& file,
                                            const std::vector<MovingPartition>& moving) {
  std::vector<core::TopicPartition> meant;
  for (const admin::Selector& selector : admin::selectors(words)) {
    if (selector.text().find('=') != std::string::npos)
      throw UsageError(in_quotes(selector.text()) + ": what is cancelled takes partitions, and no brokers");
    if (!selector.is_pattern())
      for (const std::int32_t partition : selector.partitions())
        meant.push_back({selector.topic(), partition});
    for (const MovingPartition& one : moving)
      if (selector.matches(one.partition.topic) && selector.has(one.partition.partition))
        meant.push_back(one.partition);
  }
  if (file)
    for (const Reassignment& one : admin::parse_reassignment_file(read_all(*file, context.in)))
      meant.push_back(one.partition);
  if (words.empty() && !file)
    for (const MovingPartition& one : moving) meant.push_back(one.partition);
  std::ranges::sort(meant);
  meant.erase(std::unique(meant.begin(), meant.end()), meant.end());
  return meant;
}

}  // namespace

Exit cancel_moves(Context& context, const Arguments& arguments, const std::vector<std::string>& words,
                  const std::optional<std::string>& file) {
  client::Cluster cluster(client_options(context));
  const auto moving = must(cluster.run(admin::moving_partitions), "partition");
  std::vector<Reassignment> wanted;
  std::vector<json::object> rows;
  std::vector<Outcome> outcomes;
  for (const core::TopicPartition& partition : to_cancel(context, words, file, moving)) {
    const auto moves = std::ranges::find(moving, partition, &MovingPartition::partition);
    if (moves == moving.end()) {
      outcomes.push_back(partition_outcome(partition, "cancel", "does not move"));
      continue;
    }
    wanted.push_back({partition, {}});
    rows.push_back({{"topic", partition.topic},
                    {"partition", partition.partition},
                    {"action", "cancel"},
                    {"replicas", numbers(moves->replicas)},
                    {"adding", numbers(moves->adding)},
                    {"removing", numbers(moves->removing)}});
  }
  if (wanted.empty() && outcomes.empty()) context.notice("nothing moves");
  if (!wanted.empty()) {
    const std::size_t count = wanted.size();
    const std::string summary = counted(static_cast<std::int64_t>(count), "partition") +
                                (count == 1 ? " stays where it was" : " stay where they were");
    if (const auto end = go_ahead(context, arguments, plan_of(rows, cancel_table, summary))) return *end;
    for (Outcome& outcome : carry_out(cluster, wanted, std::move(rows), "ok"))
      outcomes.push_back(std::move(outcome));
  }
  if (outcomes.empty() && is_human(context.output)) return Exit::ok;
  return conclude(context, arguments, cancel_table, std::move(outcomes));
}

namespace {

Exit run_move(Context& context, const Arguments& arguments) {
  if (!arguments.on("cancel")) return run_moves(context, arguments);
  if (arguments.given("wait")) throw UsageError("--wait waits for moves, and --cancel ends them at once");
  return cancel_moves(context, arguments, arguments.positional(), arguments.maybe("file"));
}

}  // namespace

extern const Command partition_move{
    .name = "partition move",
    .summary = "Move partitions to other brokers, or keep them from it.",
    .arguments = {{"TOPIC:PARTS=BROKERS", Kind::reassignment, 0, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq partition move orders:0=1,2,3", "to brokers 1, 2 and 3; 1 is to lead"},
                 {"mq partition move orders:0-5=2,3 -y --wait", "and come back when they are there"},
                 {"mq partition move --file plan.json", "what Kafka's kafka-reassign-partitions takes"},
                 {"mq partition move --cancel orders:0", "back to where it was"}},
    .flags = {{.name = "file",
               .kind = Kind::file,
               .value = "FILE",
               .help = "a reassignment in Kafka's JSON; - is stdin"},
              {.name = "cancel", .help = "the named ones stop moving, or all that move"},
              wait_flag("10m", "come back when they have moved, or after so long")},
    .more =
        "A partition that moves is written and read meanwhile: new replicas are filled first, and old ones "
        "go "
        "when those are\n"
        "in sync. How far it is: mq partition list --unhealthy -o wide.",
    .see = "mq partition list, mq partition elect, man mq-partition",
    .run = run_move};

}  // namespace mq::cli
