// SPDX-License-Identifier: Apache-2.0
// Where topics begin and end, and letting their beginning go.
#include <algorithm>

#include "cli/frame/plan.h"
#include "cli/topic/topic.h"
#include "core/admin/position.h"

namespace mq::cli {

namespace {

// ---- offsets ----

const Table offsets_table{.columns = {{"topic", "TOPIC"},
                                      {"partition", "PART"},
                                      {"start_offset", "START"},
                                      {"stable_offset", "STABLE"},
                                      {"end_offset", "END"},
                                      {"offsets", "OFFSETS", Unit::count},
                                      {"at_offset", "AT TIME"}},
                          .name = "topic"};

core::Parsed<std::int64_t> time_of(const std::string& text, const Context& context) {
  const auto at = admin::parse_time(text, admin::Now::here(context.utc));
  if (!at) return at;
  return admin::since_1970(*at);
}

Exit run_offsets(Context& context, const Arguments& arguments) {
  std::optional<std::int64_t> at_ms;
  if (arguments.given("at")) {
    const auto time = time_of(arguments.text("at"), context);
    if (!time) throw UsageError("--at: " + time.error().why);
    at_ms = *time;
  }
  client::Cluster cluster(client_options(context));
  admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), false));
  cluster.run(admin::add_offsets, selection.topics);
  admin::OffsetsAt at;
  if (at_ms) at = must(cluster.run(admin::offsets_at, selection.topics, *at_ms));
  std::vector<json::object> rows;
  for (const admin::TopicState& topic : selection.topics)
    for (const admin::PartitionState& partition : topic.partitions) {
      json::object row = admin::offsets_row(topic.name, partition);
      if (at_ms && at[rows.size()]) row["at_offset"] = *at[rows.size()];
      rows.push_back(std::move(row));
    }
  Table table = offsets_table;
  if (!at_ms) table.columns.pop_back();
  if (!rows.empty() || selection.missing.empty()) print(context, arguments, table, std::move(rows));
  return report_missing(context, selection.missing, !selection.topics.empty());
}

// ---- trim and purge ----

const Table trim_table{.columns = {{"topic", "TOPIC"},
                                   {"partition", "PART"},
                                   {"start_offset", "START"},
                                   {"new_start_offset", "NEW START"},
                                   {"offsets", "OFFSETS", Unit::count}},
                       .name = "topic"};

std::int64_t new_start(const admin::PartitionState& partition, const admin::Position& position,
                       std::optional<std::int64_t> at_time) {
  const std::int64_t start = partition.start.value_or(0), end = partition.end.value_or(0);
  switch (position.kind) {
    case admin::Position::Kind::end:
      return end;
    case admin::Position::Kind::offset:
      return std::clamp(position.n, start, end);
    case admin::Position::Kind::after_start:
      return std::clamp(start + position.n, start, end);
    case admin::Position::Kind::before_end:
      return std::clamp(end - position.n, start, end);
    case admin::Position::Kind::time:
      return std::clamp(at_time.value_or(start), start, end);
    default:
      return start;
  }
}

struct TrimTarget {
  client::Trim trim;
  json::object row;
};

std::vector<TrimTarget> targets_of(client::Cluster& cluster, const std::vector<admin::TopicState>& topics,
                                   const admin::Position& position, std::string_view action) {
  admin::OffsetsAt at;
  if (position.kind == admin::Position::Kind::time)
    at = must(cluster.run(admin::offsets_at, topics, position.n));
  std::vector<TrimTarget> targets;
  std::size_t i = 0;
  for (const admin::TopicState& topic : topics)
    for (const admin::PartitionState& partition : topic.partitions) {
      const std::optional<std::int64_t> at_time = at.empty() ? std::nullopt : at[i];
      i++;
      if (!partition.start || !partition.end)
        throw FailureError({.message = "the offsets of " + topic.name + ":" +
                                       std::to_string(partition.number) + " are not known",
                            .target = topic.name,
                            .hint = "has it a leader?  mq topic describe " + topic.name});
      const std::int64_t before = new_start(partition, position, at_time);
      if (before == *partition.start) continue;
      targets.push_back({{{topic.name, partition.number}, before},
                         {{"topic", topic.name},
                          {"action", action},
                          {"partition", partition.number},
                          {"start_offset", *partition.start},
                          {"new_start_offset", before}}});
      admin::add_count(targets.back().row, before - *partition.start);
    }
  return targets;
}

Plan plan_for(const std::vector<TrimTarget>& targets, const admin::Selection& selection) {
  Plan plan{.risk = selection.by_pattern ? Risk::severe : Risk::guarded, .table = trim_table};
  std::int64_t offsets = 0;
  for (const TrimTarget& target : targets) {
    plan.rows.push_back(target.row);
    offsets += target.row.at("offsets").to_number<std::int64_t>();
  }
  const std::size_t count = selection.topics.size();
  plan.summary = counted(offsets, "offset", false) + " of " +
                 counted(static_cast<std::int64_t>(targets.size()), "partition") +
                 (offsets == 1 ? " goes" : " go") + "; this cannot be undone";
  plan.word = count == 1 ? selection.topics.front().name : std::to_string(count);
  plan.word_is = count == 1 ? "the name of the topic" : "the number of topics";
  return plan;
}

Failure trim_failure(const std::string& topic, const client::Failure& failure) {
  Failure told = failure_from(failure);
  if (failure.error != kafka::Error::policy_violation) return told;
  told.message =
      "topic " + in_quotes(topic) + " is compacted: its records go by their keys, not from its start";
  told.hint = "records can be trimmed with cleanup.policy=compact,delete";
  return told;
}

// Answers come in the order of the targets.
void trim(client::Cluster& cluster, std::vector<TrimTarget> targets, std::string_view action,
          std::vector<Outcome>& outcomes) {
  std::vector<client::Trim> trims;
  for (const TrimTarget& target : targets) trims.push_back(target.trim);
  const auto done = must(cluster.delete_records(std::move(trims)));
  for (std::size_t i = 0; i < done.size() && i < targets.size(); i++) {
    if (!done[i].status) {
      outcomes.push_back(failed(done[i].partition.topic, action,
                                trim_failure(done[i].partition.topic, done[i].status.error())));
      continue;
    }
    targets[i].row["new_start_offset"] = done[i].low_watermark;
    targets[i].row["status"] = "ok";
    outcomes.push_back({std::move(targets[i].row), std::nullopt});
  }
}

Exit trim_to(Context& context, const Arguments& arguments, const admin::Position& position,
             std::string_view action) {
  client::Cluster cluster(client_options(context));
  admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), false));
  cluster.run(admin::add_offsets, selection.topics);
  std::vector<TrimTarget> targets = targets_of(cluster, selection.topics, position, action);
  std::vector<Outcome> outcomes;
  for (const admin::Missing& missing : selection.missing)
    outcomes.push_back(failed(missing.name, action, failure_from(missing)));
  if (targets.empty()) {
    if (outcomes.empty()) context.notice("nothing lies before that");
    return conclude(context, arguments, trim_table, std::move(outcomes));
  }
  if (const auto end = go_ahead(context, arguments, plan_for(targets, selection))) return *end;
  trim(cluster, std::move(targets), action, outcomes);
  return conclude(context, arguments, trim_table, std::move(outcomes));
}

Exit run_trim(Context& context, const Arguments& arguments) {
  if (!arguments.given("before"))
    throw UsageError("--before is missing", "for example --before @-7d, or --before -1000");
  const auto position = admin::parse_position(arguments.text("before"), admin::Now::here(context.utc));
  if (!position) throw UsageError("--before: " + position.error().why, "mq help positions");
  if (position->kind == admin::Position::Kind::stored)
    throw UsageError("--before: a topic has no stored position", "mq help positions");
  return trim_to(context, arguments, *position, "trim");
}

Exit run_purge(Context& context, const Arguments& arguments) {
  return trim_to(context, arguments, {admin::Position::Kind::end, 0}, "purge");
}

}  // namespace

extern const Command topic_offsets{
    .name = "topic offsets",
    .summary = "Show where each partition begins and ends.",
    .arguments = {{"TOPIC", Kind::topic, 1, any}},
    .uses = connects | rows,
    .examples = {{"mq topic offsets orders", "start, end and their distance"},
                 {"mq topic offsets orders --at -1h", "and the first record of the last hour"},
                 {"mq topic offsets orders:0,2 -o csv", "two partitions, for a spreadsheet"}},
    .flags = {{.name = "at",
               .kind = Kind::time,
               .value = "TIME",
               .help = "also the first offset at or after this time"}},
    .see = "mq help selectors, mq help positions, man mq-topic",
    .run = run_offsets};

extern const Command topic_trim{
    .name = "topic trim",
    .summary = "Remove the records before a position.",
    .arguments = {{"TOPIC[:PARTS]", Kind::topic, 1, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq topic trim orders --before @-7d", "what is older than a week"},
                 {"mq topic trim orders --before -1000", "all but the newest 1000 of each partition"},
                 {"mq topic trim orders:0 --before 200 --dry-run", "what would go"}},
    .flags = {{.name = "before",
               .kind = Kind::position,
               .value = "POS",
               .help = "the new start: end, +N, -N, @TIME or an offset (required)"}},
    .more = "The new start counts at once; the disk space comes back when the broker cleans up.",
    .see = "mq help positions, man mq-topic",
    .run = run_trim};

extern const Command topic_purge{
    .name = "topic purge",
    .summary = "Remove all records of a topic; the topic stays.",
    .arguments = {{"TOPIC[:PARTS]", Kind::topic, 1, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq topic purge orders", "asks first"}, {"mq topic purge orders -y", "in scripts"}},
    .more = "The same as mq topic trim --before end. Offsets go on where they were.",
    .see = "mq topic trim, man mq-topic",
    .run = run_purge};

}  // namespace mq::cli
