// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "cli/topic/topic.h"
#include "core/admin/position.h"

namespace mq::cli {

namespace {

const Table list_table{.columns = {{"topic", "TOPIC"},
                                   {"partitions", "PARTS"},
                                   {"replication_factor", "RF"},
                                   {"offsets", "OFFSETS", Unit::count},
                                   {"size_bytes", "SIZE", Unit::bytes},
                                   {"last_write", "LAST WRITE"},
                                   {"under_replicated", "UNDER-REPLICATED", Unit::plain, true},
                                   {"offline", "OFFLINE", Unit::plain, true},
                                   {"state", "STATE"}},
                       .name = "topic"};

// Which topics stay, for the flags that ask about their state.
bool wanted(const admin::TopicState& topic, const Arguments& arguments) {
  const bool healthy = topic.under_replicated() == 0 && topic.without_leader() == 0;
  if (arguments.on("unhealthy") && healthy) return false;
  if (arguments.on("under-replicated") && topic.under_replicated() == 0) return false;
  if (arguments.on("offline") && topic.without_leader() == 0) return false;
  if (arguments.on("empty") && topic.offsets().value_or(0) > 0) return false;
  if (arguments.given("larger") && topic.bytes().value_or(0) <= arguments.size("larger")) return false;
  if (arguments.given("idle")) {
    const std::int64_t idle_ms = arguments.duration("idle").count();
    if (topic.last_write_ms && admin::now_ms() - *topic.last_write_ms < idle_ms) return false;
  }
  return true;
}

void keep_overridden(client::Cluster& cluster, std::vector<admin::TopicState>& topics) {
  std::vector<std::string> names;
  for (const admin::TopicState& topic : topics) names.push_back(topic.name);
  const auto settings = must(cluster.run(admin::settings_of, names));
  std::erase_if(topics, [&](const admin::TopicState& topic) {
    const auto found = settings.find(topic.name);
    return found == settings.end() || std::none_of(found->second.begin(), found->second.end(),
                                                   [](const admin::Setting& s) { return s.overridden; });
  });
}

// "now", "5m ago" within a day, else the date.
std::string age(std::int64_t then_ms, bool utc) {
  const std::int64_t seconds = (admin::now_ms() - then_ms) / 1000;
  if (seconds < -10 || seconds >= 86'400)
    return admin::format_time(then_ms, utc ? "%Y-%m-%d %H:%MZ" : "%Y-%m-%d %H:%M", utc);
  if (seconds < 10) return "now";
  if (seconds < 60) return std::to_string(seconds) + "s ago";
  return seconds < 3600 ? std::to_string(seconds / 60) + "m ago" : std::to_string(seconds / 3600) + "h ago";
}

Exit run_topic_list(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), arguments.on("internal")));
  if (context.output != "name" || arguments.given("sort") || arguments.on("empty") ||
      arguments.given("idle") || arguments.given("larger")) {
    cluster.run(admin::add_offsets, selection.topics);
    cluster.run(admin::add_sizes, selection.topics);
    cluster.run(admin::add_last_writes, selection.topics);
  }
  std::erase_if(selection.topics, [&](const admin::TopicState& topic) { return !wanted(topic, arguments); });
  if (arguments.on("overrides")) keep_overridden(cluster, selection.topics);
  std::vector<json::object> rows;
  const bool ages = context.output == "table" && !arguments.text("sort").ends_with("last_write");
  for (const admin::TopicState& topic : selection.topics) {
    json::object& row = rows.emplace_back(admin::row_of(topic));
    if (ages && topic.last_write_ms) row["last_write"] = age(*topic.last_write_ms, context.utc);
  }
  if (selection.missing.empty() || !rows.empty()) print(context, arguments, list_table, std::move(rows));
  return report_missing(context, selection.missing, !selection.topics.empty());
}

}  // namespace

extern const Command topic_list{
    .name = "topic list",
    .summary = "List topics with their size, offsets and state.",
    .arguments = {{"PATTERN", Kind::topic, 0, any}},
    .uses = connects | rows,
    .examples = {{"mq topic list", "all of them"},
                 {"mq topic list 'logs-*' --sort -size_bytes", "the largest first"},
                 {"mq topic list -o name --empty", "names of empty topics, for xargs"},
                 {"mq topic list -o json | jq '.[].offsets'", "exact numbers for programs"}},
    .flags = {{.name = "internal", .help = "topics that begin with __, too"},
              {.name = "unhealthy", .help = "only topics that are not ok"},
              {.name = "under-replicated", .help = "only topics with replicas out of sync"},
              {.name = "offline", .help = "only topics with partitions that have no leader"},
              {.name = "empty", .help = "only topics without records"},
              {.name = "idle",
               .kind = Kind::duration,
               .value = "DUR",
               .help = "only topics not written to for that long"},
              {.name = "larger", .kind = Kind::size, .value = "SIZE", .help = "only topics above that size"},
              {.name = "overrides", .help = "only topics with settings of their own"}},
    .more =
        "OFFSETS counts those between both ends; after compaction, or with transactions, there are fewer "
        "records.\n"
        "SIZE is that of the leaders' replicas, as they lie on the disk.",
    .see = "mq help selectors, man mq-topic",
    .run = run_topic_list};

}  // namespace mq::cli
