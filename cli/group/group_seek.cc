// SPDX-License-Identifier: Apache-2.0
#include "cli/group/group_seek.h"

#include <algorithm>

#include "cli/frame/file.h"
#include "core/admin/partition_names.h"
#include "core/admin/read_plan.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

const Table moves_table{.columns = {{"topic", "TOPIC"},
                                    {"partition", "PART"},
                                    {"current_offset", "CURRENT"},
                                    {"new_offset", "NEW"},
                                    {"change", "CHANGE"}},
                        .name = "topic"};

json::object row_of(const MoveOptions& options, const Move& move) {
  json::object row{{"group", options.group}, {"action", options.action}};
  for (const auto& [field, value] : admin::row_of(move)) row[field] = value;
  return row;
}

std::string summary_of(const std::vector<Move>& all) {
  std::int64_t back = 0, forward = 0;
  for (const Move& move : all) {
    const std::int64_t change = move.target - move.current.value_or(move.target);
    (change < 0 ? back : forward) += std::abs(change);
  }
  std::string text = counted(static_cast<std::int64_t>(all.size()), "partition");
  if (back > 0) text += ", back by " + counted(back, "offset");
  if (forward > 0) text += ", forward by " + counted(forward, "offset");
  return text;
}

Plan plan_of(const MoveOptions& options, const client::DescribedGroup& group, const std::vector<Move>& all) {
  Plan plan{.risk = admin::risk_of_moves(all, options.evict), .table = moves_table};
  for (const Move& move : all) plan.rows.push_back(row_of(options, move));
  plan.summary = "group " + options.group + " (" + group.state + "): " + summary_of(all);
  return plan;
}

std::vector<Outcome> commit(client::Cluster& cluster, const MoveOptions& options,
                            const std::vector<Move>& all) {
  const auto done = must(cluster.run(admin::carry_out, options.group, all), "group");
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < done.size() && i < all.size(); i++) {
    Outcome outcome{row_of(options, all[i]), std::nullopt};
    outcome.row["status"] = done[i].status ? "ok" : "error";
    if (!done[i].status) outcome.failure = failure_from(done[i].status.error(), "group");
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

// ---- where to ----

// The partitions that are meant: of -t, or all that the group has an offset for.
std::vector<core::TopicPartition> meant(client::Cluster& cluster, const Arguments& arguments,
                                        const Positions& current) {
  std::vector<core::TopicPartition> partitions;
  if (arguments.on("all-topics")) {
    for (const auto& [partition, offset] : current) partitions.push_back(partition);
    return partitions;
  }
  admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.all("topic")), false));
  if (!selection.missing.empty()) throw FailureError(failure_from(selection.missing.front()));
  for (const admin::TopicState& topic : selection.topics)
    for (const admin::PartitionState& partition : topic.partitions)
      partitions.push_back({topic.name, partition.number});
  return partitions;
}

Positions to_position(client::Cluster& cluster, const Arguments& arguments, const Positions& current,
                      const Context& context) {
  const auto position = admin::parse_position(arguments.text("to"), admin::Now::here(context.utc));
  if (!position) throw UsageError("--to: " + position.error().why, "mq help positions");
  if (position->kind == admin::Position::Kind::stored)
    throw UsageError("--to: that is where the group is", "mq help positions");
  admin::ReadRange range;
  range.from = *position;
  const auto seen =
      must(cluster.run(admin::plan, meant(cluster, arguments, current), range, admin::Stored{}, false));
  Positions target;
  for (const auto& assignment : seen.assignments) target[assignment.partition] = assignment.from;
  return target;
}

// Only what -t names, if it names something.
Positions filtered(Positions positions, const Arguments& arguments) {
  if (!arguments.given("topic")) return positions;
  const auto wanted = admin::selectors(arguments.all("topic"));
  std::erase_if(positions, [&](const auto& one) {
    return std::ranges::none_of(wanted, [&](const admin::Selector& selector) {
      return selector.matches(one.first.topic) && selector.has(one.first.partition);
    });
  });
  return positions;
}

void check_flags(const Arguments& arguments) {
  int ways = 0;
  for (const char* flag : {"to", "by", "to-group", "positions"}) ways += arguments.given(flag);
  if (ways != 1)
    throw UsageError("where to?  One of --to, --by, --to-group and --positions is needed",
                     "mq help positions");
  const bool listed = arguments.given("to-group") || arguments.given("positions");
  if (arguments.given("topic") && arguments.on("all-topics"))
    throw UsageError("--topic and --all-topics do not go together");
  if (!listed && !arguments.given("topic") && !arguments.on("all-topics"))
    throw UsageError("of which topics?  -t TOPIC[:PARTITIONS], or --all-topics");
}

Exit run_seek(Context& context, const Arguments& arguments) {
  check_flags(arguments);
  const MoveOptions options{arguments.positional()[0], "seek", arguments.on("create"), arguments.on("evict")};
  std::string ignored;
  Positions target;
  if (const auto file = arguments.maybe("positions"))
    target = admin::parse_positions(read_all(*file, context.in), ignored);
  client::Cluster cluster(client_options(context));
  const Positions current = must(cluster.run(admin::committed_of, options.group), "group");
  if (const auto other = arguments.maybe("to-group"))
    target = must(cluster.run(admin::committed_of, *other), "group");
  target = within_logs(context, cluster, filtered(std::move(target), arguments));
  if (arguments.given("to")) target = to_position(cluster, arguments, current, context);
  if (arguments.given("by"))
    target = must(
        cluster.run(admin::by_distance, meant(cluster, arguments, current), current, arguments.number("by")));
  return carry_out(context, arguments, cluster, options, target);
}

}  // namespace

Positions within_logs(const Context& context, client::Cluster& cluster, Positions target) {
  const admin::Reachable reachable = must(cluster.run(admin::within_logs, std::move(target)));
  if (!reachable.missing.empty()) throw FailureError(failure_from(reachable.missing.front()));
  for (const auto& [partition, wanted, taken] : reachable.bound)
    context.notice(admin::name_of(partition) + ": offset " + std::to_string(wanted) + " is " +
                   (wanted < taken ? "before the start" : "after the end") + " of the log; " +
                   std::to_string(taken) + " is taken");
  return reachable.positions;
}

Exit carry_out(Context& context, const Arguments& arguments, client::Cluster& cluster,
               const MoveOptions& options, const Positions& target) {
  const client::DescribedGroup group = must(cluster.run(admin::describe_group, options.group), "group");
  const Positions current = must(cluster.run(admin::committed_of, options.group), "group");
  const bool exists = group.state != "Dead" || !current.empty();
  if (!exists && !options.create) {
    const auto all = must(cluster.run(client::list_groups), "group");
    Failure failure = failure_from(admin::missing_group(options.group, all));
    failure.hint += ", make it with --create";
    return report(context, failure);
  }
  if (!group.members.empty() && !options.evict) {
    Failure failure = has_members(group, "changing");
    failure.hint = "stop them first, or use --evict to disconnect them for the " + options.action;
    return report(context, failure);
  }
  const std::vector<Move> all = admin::moves(current, target);
  if (all.empty()) {
    context.notice("group " + options.group + " is there already");
    return conclude(context, arguments, moves_table, {});
  }
  if (const auto end = go_ahead(context, arguments, plan_of(options, group, all))) return *end;
  if (!group.members.empty())
    must(cluster.run(client::remove_members, options.group, group.members), "group");
  return conclude(context, arguments, moves_table, commit(cluster, options, all));
}

extern const Command group_seek{
    .name = "group seek",
    .summary = "Move a group to other offsets.",
    .arguments = {{"GROUP", Kind::group}},
    .uses = connects | rows | changes,
    .examples = {{"mq group seek billing --to @-1h -t orders --dry-run", "what an hour back would mean"},
                 {"mq group seek billing --to start -t orders:0,2", "two partitions from the start"},
                 {"mq group seek billing --by -100 --all-topics -y", "the last 100 of each once more"},
                 {"mq group seek new --to-group old --create", "begin where another group is"}},
    .flags =
        {{.name = "to", .kind = Kind::position, .value = "POS", .help = "start, end, N, +N, -N, @TIME"},
         {.name = "by", .kind = Kind::number, .value = "N", .help = "so many offsets back (-N) or forward"},
         {.name = "to-group", .kind = Kind::group, .value = "GROUP", .help = "where that group is"},
         {.name = "positions",
          .kind = Kind::file,
          .value = "FILE",
          .help = "what mq group export has printed (- is stdin)"},
         {.name = "topic",
          .letter = 't',
          .kind = Kind::topic,
          .value = "TOPIC[:PARTS]",
          .help = "in this topic, or these partitions",
          .repeatable = true},
         {.name = "all-topics", .help = "in every partition the group has an offset for"},
         {.name = "create", .help = "a group that does not exist yet is made"},
         {.name = "evict", .help = "members are disconnected first"}},
    .more =
        "A group with members cannot be moved: they would go on where they are. Moving more than one topic "
        "is asked about.",
    .see = "mq help positions, man mq-group",
    .run = run_seek};

}  // namespace mq::cli
