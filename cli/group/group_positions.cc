// SPDX-License-Identifier: Apache-2.0
// Where a group is, as a file: written by export, read by import and by seek --positions.
#include <algorithm>

#include "cli/frame/file.h"
#include "cli/group/group_seek.h"

namespace mq::cli {

namespace {

Exit run_export(Context& context, const Arguments& arguments) {
  const std::string& name = arguments.positional()[0];
  client::Cluster cluster(client_options(context));
  const auto offsets = must(cluster.run(client::fetch_offsets, name, std::nullopt, false), "group");
  json::array list;
  std::string csv = "topic,partition,offset\n";
  for (const client::Committed& one : offsets) {
    if (one.offset < 0) continue;
    json::object row{
        {"topic", one.partition.topic}, {"partition", one.partition.partition}, {"offset", one.offset}};
    if (!one.metadata.empty()) row["metadata"] = one.metadata;
    list.push_back(std::move(row));
    csv += csv_cell(one.partition.topic) + "," + std::to_string(one.partition.partition) + "," +
           std::to_string(one.offset) + "\n";
  }
  if (list.empty()) {
    const auto all = must(cluster.run(client::list_groups), "group");
    const auto same = [&](const client::ListedGroup& group) { return group.name == name; };
    if (std::ranges::none_of(all, same))
      return report(context, failure_from(admin::missing_group(name, all)));
  }
  if (arguments.text("output") == "csv") return context.answer(csv);
  const json::object document{{"group", name}, {"offsets", std::move(list)}};
  return context.answer(to_json(document, true) + "\n");
}

Exit run_import(Context& context, const Arguments& arguments) {
  const auto& words = arguments.positional();
  MoveOptions options{words.size() > 1 ? words[0] : "", "import", true, arguments.on("evict")};
  std::string named;
  const Positions target = admin::parse_positions(read_all(words.back(), context.in), named);
  if (options.group.empty()) options.group = named;
  if (options.group.empty())
    throw UsageError("into which group?  The file does not say", "mq group import GROUP FILE");
  client::Cluster cluster(client_options(context));
  return carry_out(context, arguments, cluster, options, within_logs(context, cluster, target));
}

}  // namespace

extern const Command group_export{
    .name = "group export",
    .summary = "Print where a group is, as a file that import and seek understand.",
    .arguments = {{"GROUP", Kind::group}},
    .uses = connects,
    .examples = {{"mq group export billing > billing.json", "a copy, before something is tried"},
                 {"mq group export billing | mq group import billing-2 -",
                  "another group at the same place"}},
    .flags = {{.name = "output",
               .letter = 'o',
               .kind = Kind::choice,
               .value = "FMT",
               .initial = "json",
               .help = "json, or csv as Kafka's own tool takes it",
               .choices = "json|csv"}},
    .see = "mq group import, man mq-group",
    .run = run_export};

extern const Command group_import{
    .name = "group import",
    .summary = "Move a group to where a file says.",
    .arguments = {{"GROUP|FILE", Kind::file, 1, 1}, {"FILE", Kind::file, 0, 1}},
    .uses = connects | rows | changes,
    .examples = {{"mq group import billing.json", "the group that the file names"},
                 {"mq group import billing-2 billing.json", "another one; it is made if need be"},
                 {"mq group import billing offsets.csv --dry-run", "what Kafka's own tool has exported"}},
    .flags = {{.name = "evict", .help = "members are disconnected first"}},
    .more =
        "Every topic and partition must exist. An offset out of its log is brought to the start or the end, "
        "and "
        "that is said.",
    .see = "mq group export, man mq-group",
    .run = run_import};

}  // namespace mq::cli
