// SPDX-License-Identifier: Apache-2.0
#include "cli/group/group_seek.h"

#include <algorithm>
#include <set>

#include "cli/records/read_range.h"
#include "core/admin/partition_names.h"
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
  json::object row{{"group", options.group},        {"action", options.action},
                   {"topic", move.partition.topic}, {"partition", move.partition.partition},
                   {"current_offset", nullptr},     {"new_offset", move.target}};
  if (!move.current) return row;
  row["current_offset"] = *move.current;
  row["change"] = move.target - *move.current;
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
  std::set<std::string_view> topics;
  for (const Move& move : all) topics.insert(move.partition.topic);
  Plan plan{.risk = topics.size() > 1 || options.evict ? Risk::guarded : Risk::plain, .table = moves_table};
  for (const Move& move : all) plan.rows.push_back(row_of(options, move));
  plan.summary = "group " + options.group + " (" + group.state + "): " + summary_of(all);
  return plan;
}

std::vector<Outcome> commit(client::Cluster& cluster, const MoveOptions& options,
                            const std::vector<Move>& all) {
  std::vector<client::Committed> offsets;
  for (const Move& move : all) {
    client::Committed& one = offsets.emplace_back();
    one.partition = move.partition;
    one.offset = move.target;
  }
  const auto done = must(
      cluster.run(client::commit_offsets, options.group, client::Committer{}, std::move(offsets)), "group");
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

Positions committed_of(client::Cluster& cluster, const std::string& group) {
  Positions found;
  for (const auto& one : must(cluster.run(client::fetch_offsets, group, std::nullopt, false), "group"))
    if (one.offset >= 0) found[one.partition] = one.offset;
  return found;
}

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

ReadPlan read_from(client::Cluster& cluster, const std::vector<core::TopicPartition>& partitions,
                   const std::optional<admin::Position>& position) {
  ReadRange range;
  range.from = position;
  return must(cluster.run(plan(cluster.client(), partitions, range, {}, false)));
}

Positions to_position(client::Cluster& cluster, const Arguments& arguments, const Positions& current,
                      const Context& context) {
  const auto position = admin::parse_position(arguments.text("to"), admin::Now::here(context.utc));
  if (!position) throw UsageError("--to: " + position.error().why, "mq help positions");
  if (position->kind == admin::Position::Kind::stored)
    throw UsageError("--to: that is where the group is", "mq help positions");
  Positions target;
  for (const auto& assignment : read_from(cluster, meant(cluster, arguments, current), *position).assignments)
    target[assignment.partition] = assignment.from;
  return target;
}

// Never out of the log: so far and no further.
Positions by_distance(client::Cluster& cluster, const Arguments& arguments, const Positions& current) {
  const std::int64_t distance = arguments.number("by");
  const ReadPlan seen = read_from(cluster, meant(cluster, arguments, current), std::nullopt);
  Positions target;
  for (std::size_t i = 0; i < seen.assignments.size(); i++) {
    const auto& partition = seen.assignments[i].partition;
    const auto from = current.find(partition);
    const std::int64_t base = from == current.end() ? seen.ends[i].start : from->second;
    target[partition] = std::clamp(base + distance, seen.ends[i].start, seen.ends[i].end);
  }
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
    target = parse_positions(read_all(*file, context.in), ignored);
  client::Cluster cluster(client_options(context));
  const Positions current = committed_of(cluster, options.group);
  if (const auto other = arguments.maybe("to-group")) target = committed_of(cluster, *other);
  target = within_logs(context, cluster, filtered(std::move(target), arguments));
  if (arguments.given("to")) target = to_position(cluster, arguments, current, context);
  if (arguments.given("by")) target = by_distance(cluster, arguments, current);
  return carry_out(context, arguments, cluster, options, target);
}

std::vector<admin::TopicState> topics_of(client::Cluster& cluster, const Positions& positions) {
  std::set<std::string> names;
  for (const auto& [partition, offset] : positions) names.insert(partition.topic);
  if (names.empty()) return {};
  admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors({names.begin(), names.end()}), true));
  if (!selection.missing.empty()) throw FailureError(failure_from(selection.missing.front()));
  return std::move(selection.topics);
}

}  // namespace

Positions within_logs(const Context& context, client::Cluster& cluster, Positions target) {
  const std::vector<admin::TopicState> topics = topics_of(cluster, target);
  std::vector<core::TopicPartition> partitions;
  for (const auto& [partition, offset] : target) {
    const auto topic = std::ranges::find(topics, partition.topic, &admin::TopicState::name);
    if (topic == topics.end() || partition.partition >= topic->partition_count)
      throw FailureError(failure_from(admin::missing_partition(partition.topic, partition.partition)));
    partitions.push_back(partition);
  }
  const ReadPlan seen = read_from(cluster, partitions, std::nullopt);
  for (std::size_t i = 0; i < partitions.size(); i++) {
    client::Offset& offset = target[partitions[i]];
    const auto& [start, end] = seen.ends[i];
    const client::Offset there = std::clamp(offset, start, end);
    if (there != offset)
      context.notice(admin::name_of(partitions[i]) + ": offset " + std::to_string(offset) + " is " +
                     (offset < start ? "before the start" : "after the end") + " of the log; " +
                     std::to_string(there) + " is taken");
    offset = there;
  }
  return target;
}

std::vector<Move> moves(const Positions& current, const Positions& target) {
  std::vector<Move> all;
  for (const auto& [partition, offset] : target) {
    const auto before = current.find(partition);
    if (before != current.end() && before->second == offset) continue;
    Move& move = all.emplace_back();
    move.partition = partition;
    move.target = offset;
    if (before != current.end()) move.current = before->second;
  }
  return all;
}

Exit carry_out(Context& context, const Arguments& arguments, client::Cluster& cluster,
               const MoveOptions& options, const Positions& target) {
  const client::DescribedGroup group = must(cluster.run(admin::describe_group, options.group), "group");
  const Positions current = committed_of(cluster, options.group);
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
  const std::vector<Move> all = moves(current, target);
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
