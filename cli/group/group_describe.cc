// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/group/group.h"

namespace mq::cli {

namespace {

bool shown(const admin::Progress& progress, const Arguments& arguments) {
  if (arguments.on("lagging") && progress.lag() == 0) return false;
  if (!arguments.given("topic")) return true;
  return std::ranges::any_of(admin::selectors(arguments.all("topic")), [&](const admin::Selector& selector) {
    return selector.matches(progress.partition.topic) && selector.has(progress.partition.partition);
  });
}

json::object row_of(const admin::GroupProgress& group, const Arguments& arguments) {
  json::object row = admin::row_of(group);
  if (const std::string drains = drains_in(group); !drains.empty()) row["drains"] = drains;
  std::vector<admin::Progress> partitions;
  for (const admin::Progress& progress : group.partitions)
    if (shown(progress, arguments)) partitions.push_back(progress);
  admin::add_details(row, group, partitions);
  return row;
}

// ---- the page for people ----

std::string time_of(const json::object& row, std::string_view field) {
  const json::value* value = row.if_contains(field);
  return value ? human_ms(value->to_number<std::int64_t>()) : "–";
}

std::string first_line(const json::object& row, bool exact) {
  std::string text = text_of(row, "group") + "   " + text_of(row, "state") + ", " +
                     counted(row.at("members").to_number<std::int64_t>(), "member");
  if (row.at("assignor").get_string().size() > 0) text += ", " + text_of(row, "assignor");
  text += ", coordinator " + text_of(row, "coordinator");
  if (row.contains("lag")) text += ", lag " + human_count(row.at("lag").to_number<std::int64_t>(), exact);
  if (row.contains("time_lag_ms")) text += ", " + time_of(row, "time_lag_ms");
  if (row.contains("lag_per_s")) text += ", " + human_trend(row.at("lag_per_s").to_number<double>());
  if (row.contains("drains")) text += ", " + text_of(row, "drains");
  return printable(text) + "\n";
}

std::string topic_lines(const json::array& topics, bool exact) {
  std::vector<std::vector<std::string>> lines{{"TOPIC", "PARTS", "LAG", "TIME LAG"}};
  for (const json::value& value : topics) {
    const json::object& topic = value.get_object();
    const bool known = topic.contains("lag");
    lines.push_back({text_of(topic, "topic"), text_of(topic, "partitions"),
                     known ? human_count(topic.at("lag").to_number<std::int64_t>(), exact) : "–",
                     time_of(topic, "time_lag_ms")});
  }
  return aligned(lines, {false, true, true, true});
}

std::string partition_lines(const json::array& partitions) {
  std::vector<std::vector<std::string>> lines{
      {"TOPIC", "PART", "COMMITTED", "STABLE", "END", "LAG", "TIME LAG", "MEMBER"}};
  for (const json::value& value : partitions) {
    const json::object& p = value.get_object();
    lines.push_back({text_of(p, "topic"), text_of(p, "partition"), text_of(p, "committed_offset"),
                     text_of(p, "stable_offset"), text_of(p, "end_offset"), text_of(p, "lag"),
                     time_of(p, "time_lag_ms"), printable(text_of(p, "member"))});
  }
  return aligned(lines, {false, true, true, true, true, true, true, false});
}

std::string member_lines(const json::array& members) {
  std::vector<std::vector<std::string>> lines{{"MEMBER", "HOST", "CLIENT", "PARTS", "PARTITIONS"}};
  for (const json::value& value : members) {
    const json::object& m = value.get_object();
    const std::string assigned = text_of(m, "assigned");
    lines.push_back({printable(text_of(m, m.contains("static_id") ? "static_id" : "member")),
                     text_of(m, "host"), printable(text_of(m, "client_id")), text_of(m, "partitions"),
                     assigned.empty() ? "–" : assigned});
  }
  return aligned(lines, {false, false, false, true, false});
}

std::string page(const json::object& row, bool exact, const Arguments& arguments) {
  std::string text = first_line(row, exact);
  const json::array& partitions = row.at("partition_details").get_array();
  const json::array& members = row.at("member_details").get_array();
  if (arguments.on("topics")) text += topic_lines(row.at("topics").get_array(), exact);
  if (!arguments.on("topics") && !partitions.empty()) text += partition_lines(partitions);
  if (arguments.on("members") && !members.empty()) text += member_lines(members);
  return text;
}

Exit run_group_describe(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  const admin::GroupSelection selection =
      must(cluster.run(admin::select_groups,
                       admin::group_selectors(arguments.positional(), arguments.on("literal"))),
           "group");
  std::vector<admin::GroupProgress> groups =
      must(cluster.run(admin::progress_of, selection.names()), "group");
  add_what_is_asked(cluster, groups, arguments);
  say_what_is_beyond(context, groups);
  std::vector<json::object> rows;
  for (const admin::GroupProgress& group : groups) rows.push_back(row_of(group, arguments));
  Table table{.columns = {{"group", "GROUP"},
                          {"state", "STATE"},
                          {"members", "MEMBERS"},
                          {"lag", "LAG", Unit::count},
                          {"time_lag_ms", "TIME LAG", Unit::milliseconds}},
              .name = "group",
              .apart = true};
  table.page = [&](const Context&, const json::object& row, bool exact) {
    return page(row, exact, arguments);
  };
  if (!rows.empty() || selection.missing.empty())
    print(context, arguments, table, std::move(rows), Shape::single);
  return report_missing(context, selection.missing, !groups.empty());
}

}  // namespace

extern const Command group_describe{
    .name = "group describe",
    .summary = "Show where a group is in each partition, and who reads it.",
    .arguments = {{"GROUP", Kind::group, 1, any}},
    .uses = connects | rows,
    .examples = {{"mq group describe billing", "partitions, commits, lag"},
                 {"mq group describe billing --members", "and who is in it"},
                 {"mq group describe billing --trend=5s", "and when it will have caught up"},
                 {"mq group describe billing -o json | jq .partition_details", "for programs"}},
    .flags = {{.name = "topic",
               .letter = 't',
               .kind = Kind::topic,
               .value = "TOPIC",
               .help = "only this topic",
               .repeatable = true},
              {.name = "lagging", .help = "only partitions with something left to read"},
              {.name = "members", .help = "the members, too"},
              {.name = "topics", .help = "one line for each topic instead of each partition"},
              {.name = "literal", .help = "names are names, whatever characters they hold"},
              trend_flag()},
    .more =
        "A partition that is read but has no commit yet shows –, and counts from the start of the log. LAG "
        "counts offsets\nfrom the next record to the end; below nothing, what is committed lies beyond the "
        "end. STABLE is where the first open\ntransaction begins: readers of committed records come no "
        "further. A single group is one JSON object, several are an\narray.",
    .see = "mq group lag, man mq-group",
    .run = run_group_describe};

}  // namespace mq::cli
