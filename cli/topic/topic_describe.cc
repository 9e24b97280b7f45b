// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/topic/topic.h"

namespace mq::cli {

namespace {

constexpr std::size_t partitions_shown = 32;  // more only when asked for

// ---- the page for people ----

std::string list_of(const json::object& row, std::string_view field) {
  std::string text;
  for (const json::value& number : row.at(field).get_array())
    text += (text.empty() ? "" : ",") + json::serialize(number);
  return text.empty() ? "–" : text;
}

std::string first_line(const json::object& row, bool exact) {
  const std::int64_t partitions = row.at("partitions").to_number<std::int64_t>();
  std::string text = text_of(row, "topic") + "   " + counted(partitions, "partition");
  text += ", RF " + text_of(row, "replication_factor");
  if (row.contains("offsets"))
    text += ", " + counted(row.at("offsets").to_number<std::int64_t>(), "offset", exact);
  if (row.contains("size_bytes"))
    text += ", " + human_bytes(row.at("size_bytes").to_number<std::int64_t>(), exact);
  if (row.contains("cleanup_policy")) text += ", cleanup.policy=" + text_of(row, "cleanup_policy");
  if (row.contains("retention_ms"))
    text += ", retention " + human_setting("retention.ms", text_of(row, "retention_ms"));
  if (row.at("state") != "ok") text += ", " + text_of(row, "state");
  return text + "\n";
}

std::string config_lines(const json::array& config) {
  if (config.empty()) return {};
  std::vector<std::vector<std::string>> lines{{"SETTING", "VALUE", "DEFAULT", ""}};
  for (const json::value& value : config) {
    const json::object& setting = value.get_object();
    const std::string key = text_of(setting, "key");
    lines.push_back({key, human_setting(key, text_of(setting, "value")),
                     human_setting(key, text_of(setting, "default")),
                     admin::has_effect(key) ? "" : "← no effect in mq"});
  }
  return aligned(lines, {});
}

std::string partition_lines(const json::array& partitions, bool exact) {
  std::vector<std::vector<std::string>> lines{
      {"PART", "LEADER", "REPLICAS", "ISR", "START", "STABLE", "END", "OFFSETS", "SIZE", ""}};
  for (const json::value& value : partitions) {
    const json::object& p = value.get_object();
    std::string remark;
    if (p.at("leader").is_null())
      remark = "← no leader";
    else if (p.at("in_sync").get_array().size() < p.at("replicas").get_array().size())
      remark = "← replicas out of sync";
    lines.push_back(
        {text_of(p, "partition"), text_of(p, "leader"), list_of(p, "replicas"), list_of(p, "in_sync"),
         text_of(p, "start_offset"), text_of(p, "stable_offset"), text_of(p, "end_offset"),
         text_of(p, "offsets"),
         p.contains("size_bytes") ? human_bytes(p.at("size_bytes").to_number<std::int64_t>(), exact) : "–",
         remark});
  }
  return aligned(lines, {true, true, false, false, true, true, true, true, true, false});
}

struct Parts {
  bool config = true, partitions = true;
};

std::string page(const json::object& row, bool exact, Parts parts) {
  const json::array& partitions = row.at("partition_details").get_array();
  std::string text = first_line(row, exact);
  if (parts.config) text += config_lines(row.at("config").get_array());
  if (parts.partitions) text += partition_lines(partitions, exact);
  return text;
}

Exit run_topic_describe(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), false));
  cluster.run(admin::add_offsets, selection.topics);
  cluster.run(admin::add_sizes, selection.topics);
  std::vector<std::string> names;
  for (const admin::TopicState& topic : selection.topics) names.push_back(topic.name);
  const auto settings = must(cluster.run(admin::settings_of, names));
  const bool every_setting = arguments.on("config") || arguments.on("all");
  std::vector<json::object> found;
  for (const admin::TopicState& topic : selection.topics) {
    const auto own = settings.find(topic.name);
    found.push_back(admin::details_of(
        topic, own == settings.end() ? std::vector<admin::Setting>{} : own->second, every_setting));
  }
  const bool asked = arguments.on("config") || arguments.on("partitions");
  Table table{.columns = {{"topic", "TOPIC"},
                          {"partitions", "PARTS"},
                          {"replication_factor", "RF"},
                          {"offsets", "OFFSETS", Unit::count},
                          {"size_bytes", "SIZE", Unit::bytes},
                          {"state", "STATE"}},
              .name = "topic",
              .apart = true};
  table.page = [&](const Context&, const json::object& row, bool exact) {
    const bool few = row.at("partition_details").get_array().size() <= partitions_shown;
    Parts parts{!asked || arguments.on("config"), asked ? arguments.on("partitions") : few};
    if (arguments.on("all")) parts = {true, true};
    return page(row, exact, parts);
  };
  if (!found.empty() || selection.missing.empty())
    print(context, arguments, table, std::move(found), Shape::single);
  return report_missing(context, selection.missing, !selection.topics.empty());
}

}  // namespace

extern const Command topic_describe{
    .name = "topic describe",
    .summary = "Show a topic's partitions, offsets and the settings it has of its own.",
    .arguments = {{"TOPIC", Kind::topic, 1, any}},
    .uses = connects | rows,
    .examples = {{"mq topic describe orders", "summary, own settings, partitions"},
                 {"mq topic describe orders --config", "every setting and its default"},
                 {"mq topic describe orders -o json | jq .partition_details", "for programs"}},
    .flags = {{.name = "config", .help = "all settings, not only the topic's own"},
              {.name = "partitions", .help = "the partitions, however many there are"},
              {.name = "all", .help = "everything"}},
    .more =
        "Without flags partitions are shown when there are 32 or fewer. A single topic is one JSON object, "
        "several are an array.",
    .see = "mq help selectors, man mq-topic",
    .run = run_topic_describe};

}  // namespace mq::cli
