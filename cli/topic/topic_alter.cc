// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/frame/plan.h"
#include "cli/topic/topic.h"
#include "core/config/topic_config.h"

namespace mq::cli {

namespace {

struct Change {
  std::string key;
  kafka::AlterConfigOp operation;
  std::string value;  // wire
};

const Table changes_table{
    .columns = {{"topic", "TOPIC"}, {"key", "KEY"}, {"before", "BEFORE"}, {"after", "AFTER"}},
    .name = "topic"};

std::vector<Change> changes_of(const Arguments& arguments) {
  std::vector<Change> changes;
  for (const std::string& given : arguments.all("set")) {
    const auto [key, value] = parse_setting(given);
    changes.push_back({key, kafka::op_set, value});
  }
  for (const std::string& key : arguments.all("unset")) {
    check_setting_key(key);
    changes.push_back({key, kafka::op_delete, ""});
  }
  const auto list_change = [&](const std::string& given, kafka::AlterConfigOp operation) {
    const auto [key, value] = parse_setting(given);
    if (core::find_topic_config(key)->type != core::ConfigType::list)
      throw UsageError("--" + std::string(operation == kafka::op_append ? "append" : "remove") + ": " + key +
                           " is not a list",
                       "replace its value with -c " + key + "=…");
    changes.push_back({key, operation, value});
  };
  for (const std::string& given : arguments.all("append")) list_change(given, kafka::op_append);
  for (const std::string& given : arguments.all("remove")) list_change(given, kafka::op_subtract);
  return changes;
}

std::string after(const Change& change, const admin::Setting& now) {
  switch (change.operation) {
    case kafka::op_set:
      return change.value;
    case kafka::op_delete:
      return now.fallback;
    case kafka::op_append:
      return core::list_append(now.value, change.value);
    case kafka::op_subtract:
      return core::list_subtract(now.value, change.value);
  }
  return {};
}

json::object row_of(const std::string& topic, const std::string& key, const std::string& before,
                    const std::string& then) {
  return {{"topic", topic},   {"action", "alter"}, {"key", key},
          {"before", before}, {"after", then},     {"status", "ok"}};
}

// What would be different afterwards, one row for each setting.
std::vector<json::object> rows_of(const admin::TopicState& topic, const std::vector<Change>& changes,
                                  const std::vector<admin::Setting>& settings, std::int64_t partitions) {
  std::vector<json::object> rows;
  for (const Change& change : changes) {
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const admin::Setting& s) { return s.key == change.key; });
    const admin::Setting setting =
        found == settings.end() ? admin::Setting{change.key, "", "", false, false} : *found;
    rows.push_back(row_of(topic.name, change.key, human_setting(change.key, setting.value),
                          human_setting(change.key, after(change, setting))));
  }
  if (partitions > 0)
    rows.push_back(row_of(topic.name, "partitions", std::to_string(topic.partitions.size()),
                          std::to_string(partitions)));
  return rows;
}

std::optional<Failure> alter_settings(client::Cluster& cluster, const std::string& topic,
                                      const std::vector<Change>& changes, bool dry_run) {
  if (changes.empty()) return std::nullopt;
  kafka::IncrementalAlterConfigsRequest request;
  request.validate_only = dry_run;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kafka::topic_resource;
  resource.resource_name = topic;
  for (const Change& change : changes) {
    auto& config = resource.configs.emplace_back();
    config.name = change.key;
    config.config_operation = change.operation;
    if (change.operation != kafka::op_delete) config.value = change.value;
  }
  const auto answer = cluster.alter_configs(std::move(request));
  if (!answer) return failure_from(answer.error());
  for (const auto& result : answer->responses)
    if (result.error_code != 0)
      return failure_from(client::refused(result.error_code, {}, topic, result.error_message.value_or("")));
  return std::nullopt;
}

std::optional<Failure> add_partitions(client::Cluster& cluster, const admin::TopicState& topic,
                                      std::int64_t count, bool dry_run, std::chrono::milliseconds timeout) {
  if (count <= 0 || static_cast<std::size_t>(count) == topic.partitions.size()) return std::nullopt;
  kafka::CreatePartitionsRequest request;
  request.validate_only = dry_run;
  request.timeout_ms = static_cast<std::int32_t>(std::clamp<std::int64_t>(timeout.count(), 1, 600'000));
  auto& wanted = request.topics.emplace_back();
  wanted.name = topic.name;
  wanted.count = static_cast<std::int32_t>(count);
  const auto answer = cluster.create_partitions(std::move(request));
  if (!answer) return failure_from(answer.error());
  for (const auto& result : answer->results)
    if (result.error_code != 0)
      return failure_from(
          client::refused(result.error_code, {}, topic.name, result.error_message.value_or("")));
  return std::nullopt;
}

// What is asked for: settings, and a number of partitions (0: as many as there are).
struct WantedChange {
  std::vector<Change> changes;
  std::int64_t partitions = 0;
};

WantedChange wish_of(const Arguments& arguments) {
  WantedChange wish{changes_of(arguments),
                    arguments.given("partitions") ? arguments.number("partitions") : 0};
  if (arguments.given("partitions") && (wish.partitions < 1 || wish.partitions > 100'000))
    throw UsageError("--partitions: it is between 1 and 100000");
  if (wish.changes.empty() && wish.partitions == 0)
    throw UsageError("nothing to alter",
                     "settings with -c KEY=VALUE or --unset KEY, the number of partitions with -p N");
  return wish;
}

using Rows = std::vector<std::vector<json::object>>;  // for each topic

Rows rows_of(client::Cluster& cluster, const std::vector<admin::TopicState>& topics,
             const WantedChange& wish) {
  std::vector<std::string> names;
  for (const admin::TopicState& topic : topics) names.push_back(topic.name);
  admin::Settings settings;
  if (!wish.changes.empty()) settings = must(cluster.run(admin::settings_of, names));
  Rows rows;
  for (const admin::TopicState& topic : topics)
    rows.push_back(rows_of(topic, wish.changes, settings[topic.name], wish.partitions));
  return rows;
}

Plan plan_for(const Rows& rows, const WantedChange& wish) {
  Plan plan{.risk = wish.partitions > 0 ? Risk::guarded : Risk::plain, .table = changes_table};
  for (const auto& of_topic : rows) plan.rows.insert(plan.rows.end(), of_topic.begin(), of_topic.end());
  if (wish.partitions > 0)
    plan.summary =
        "partitions can only be added, and records of a key may then go to another one than before";
  return plan;
}

Exit run_alter(Context& context, const Arguments& arguments) {
  const WantedChange wish = wish_of(arguments);
  for (const Change& change : wish.changes) notice_without_effect(context, change.key);
  const bool dry_run = arguments.on("dry-run");  // the broker is asked whether it would
  client::Cluster cluster(client_options(context));
  const admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), false));
  Rows rows = rows_of(cluster, selection.topics, wish);
  if (!dry_run && !selection.topics.empty())
    if (const auto end = go_ahead(context, arguments, plan_for(rows, wish))) return *end;

  std::vector<Outcome> outcomes;
  for (const admin::Missing& missing : selection.missing)
    outcomes.push_back(failed(missing.name, "alter", failure_from(missing)));
  for (std::size_t i = 0; i < selection.topics.size(); i++) {
    const admin::TopicState& topic = selection.topics[i];
    auto failure = alter_settings(cluster, topic.name, wish.changes, dry_run);
    if (!failure) failure = add_partitions(cluster, topic, wish.partitions, dry_run, context.timeout);
    if (failure) {
      outcomes.push_back(failed(topic.name, "alter", *failure));
      continue;
    }
    for (json::object& row : rows[i]) {
      if (dry_run) row["status"] = "would";
      outcomes.push_back({std::move(row), std::nullopt});
    }
  }
  return conclude(context, arguments, changes_table, std::move(outcomes));
}

}  // namespace

extern const Command topic_alter{
    .name = "topic alter",
    .summary = "Change a topic's settings, or add partitions.",
    .arguments = {{"TOPIC", Kind::topic, 1, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq topic alter orders -c retention.ms=14d", "keep records for two weeks"},
                 {"mq topic alter orders --unset retention.ms", "back to the cluster's default"},
                 {"mq topic alter 'logs-*' -c compression.type=zstd --dry-run", "what would change"},
                 {"mq topic alter orders -p 12", "twelve partitions from now on"}},
    .flags = {{.name = "set",
               .letter = 'c',
               .kind = Kind::setting,
               .value = "KEY=VALUE",
               .help = "give a setting this value",
               .repeatable = true},
              {.name = "unset",
               .kind = Kind::config_key,
               .value = "KEY",
               .help = "let the cluster's default apply again",
               .repeatable = true},
              {.name = "append",
               .kind = Kind::setting,
               .value = "KEY=VALUE",
               .help = "add to a setting that is a list",
               .repeatable = true},
              {.name = "remove",
               .kind = Kind::setting,
               .value = "KEY=VALUE",
               .help = "take from a setting that is a list",
               .repeatable = true},
              {.name = "partitions",
               .letter = 'p',
               .kind = Kind::number,
               .value = "N",
               .help = "so many partitions in all; only upwards (guarded)"}},
    .see = "mq topic configs, man mq-topic",
    .run = run_alter};

}  // namespace mq::cli
