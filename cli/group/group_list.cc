// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/group/group.h"

namespace mq::cli {

namespace {

Table table_of(bool trend) {
  Table table{.columns = {{"group", "GROUP"},
                          {"state", "STATE"},
                          {"members", "MEMBERS"},
                          {"topics", "TOPICS"},
                          {"lag", "LAG", Unit::count},
                          {"time_lag_ms", "TIME LAG"}},
              .name = "group"};
  if (trend) table.columns.push_back({"lag_per_s", "TREND"});
  table.columns.push_back({"coordinator", "COORDINATOR"});
  table.columns.push_back({"assignor", "ASSIGNOR", Unit::plain, true});
  table.columns.push_back({"type", "TYPE", Unit::plain, true});
  return table;
}

json::object row_of(const admin::GroupProgress& group, const client::ListedGroup& listed, bool human) {
  json::object row = admin::row_of(group, listed);
  if (human && row.contains("time_lag_ms")) row["time_lag_ms"] = human_ms(*group.behind_ms());
  if (human && group.lag_per_s) row["lag_per_s"] = human_trend(*group.lag_per_s);
  return row;
}

bool wanted(const admin::GroupProgress& group, const Arguments& arguments) {
  if (arguments.on("empty") && !group.group.members.empty()) return false;
  if (arguments.on("lagging") && group.lag().value_or(0) == 0 && !group.is_beyond()) return false;
  const auto& topics = arguments.all("topic");
  if (topics.empty()) return true;
  return std::ranges::any_of(group.partitions, [&](const admin::Progress& progress) {
    return std::ranges::any_of(admin::selectors(topics), [&](const admin::Selector& selector) {
      return selector.matches(progress.partition.topic) && selector.has(progress.partition.partition);
    });
  });
}

Exit run_group_list(Context& context, const Arguments& arguments) {
  const std::vector<std::string> states = arguments.chosen("state");
  client::Cluster cluster(client_options(context));
  admin::GroupSelection selection =
      must(cluster.run(admin::select_groups,
                       admin::group_selectors(arguments.positional(), arguments.on("literal"))),
           "group");
  if (!states.empty())
    std::erase_if(selection.groups, [&](const client::ListedGroup& group) {
      return std::ranges::find(states, group.state) == states.end();
    });
  const bool names_only = context.output == "name" && !arguments.given("sort") && !arguments.on("empty") &&
                          !arguments.on("lagging") && !arguments.given("topic");
  std::vector<admin::GroupProgress> groups;
  if (names_only) {
    for (const client::ListedGroup& listed : selection.groups) groups.emplace_back().group.name = listed.name;
  } else {
    groups = must(cluster.run(admin::progress_of, selection.names()), "group");
    add_what_is_asked(cluster, groups, arguments);
    say_what_is_beyond(context, groups);
  }
  std::vector<json::object> rows;
  for (std::size_t i = 0; i < groups.size(); i++) {
    if (!wanted(groups[i], arguments)) continue;
    const bool sorted_by_time = arguments.text("sort").ends_with("time_lag_ms");
    rows.push_back(row_of(groups[i], selection.groups[i], context.output == "table" && !sorted_by_time));
  }
  const bool any_row = !rows.empty();
  if (selection.missing.empty() || any_row)
    print(context, arguments, table_of(arguments.given("trend")), std::move(rows));
  return report_missing(context, selection.missing, !selection.groups.empty());
}

}  // namespace

extern const Command group_list{
    .name = "group list",
    .summary = "List consumer groups and how far behind they are.",
    .arguments = {{"PATTERN", Kind::group, 0, any}},
    .uses = connects | rows,
    .examples = {{"mq group list", "all of them"},
                 {"mq group list --lagging --sort -lag", "those behind, the worst first"},
                 {"mq group list 'etl-*' --state Empty -o name", "names of stopped ones, for xargs"},
                 {"mq group list -t orders --trend=5s", "who reads this topic, and are they catching up?"}},
    .flags = {{.name = "state",
               .kind = Kind::text,
               .value = "S,…",
               .help = "only groups in one of these states",
               .choices = "Stable|Empty|PreparingRebalance|CompletingRebalance|Assigning|Reconciling|Dead",
               .repeatable = true},
              {.name = "topic",
               .letter = 't',
               .kind = Kind::topic,
               .value = "TOPIC",
               .help = "only groups that read this topic",
               .repeatable = true},
              {.name = "lagging", .help = "only groups with something left to read"},
              {.name = "empty", .help = "only groups without members"},
              {.name = "literal", .help = "names are names, whatever characters they hold"},
              trend_flag()},
    .more =
        "LAG counts offsets from the next record to the end of the log, 0 when no record is left; partitions "
        "without a commit\ncount from the start. TIME LAG is the age of the oldest record that is left. A "
        "commit beyond the end is said.",
    .see = "mq group describe, man mq-group",
    .run = run_group_list};

}  // namespace mq::cli
