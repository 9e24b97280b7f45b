// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "cli/frame/plan.h"
#include "cli/topic/topic.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

using Request = kafka::CreateTopicsRequest;

const Table created_table{.columns = {{"topic", "TOPIC"},
                                      {"partitions", "PARTS"},
                                      {"replication_factor", "RF"},
                                      {"config", "CONFIG"},
                                      {"status", "STATUS"}},
                          .name = "topic"};

// What every topic of this command is to be like; -1: the cluster's default.
struct WantedTopic {
  std::int32_t partitions = -1;
  std::int16_t replication = -1;
  std::map<std::string, std::string> settings;  // wire values
  std::vector<Request::CreatableReplicaAssignment> assignments;
};

std::int64_t positive(const Arguments& arguments, std::string_view flag, std::int64_t most) {
  const std::int64_t n = arguments.number(flag);
  if (n < 1 || n > most)
    throw UsageError("--" + std::string(flag) + ": it is between 1 and " + std::to_string(most));
  return n;
}

// "0=1,2;1=2,3": partition 0 on brokers 1 and 2.
std::vector<Request::CreatableReplicaAssignment> parse_assignment(const std::string& text) {
  std::vector<Request::CreatableReplicaAssignment> assignments;
  for (std::string_view part : core::split(text, ';')) {
    const std::size_t equals = part.find('=');
    const auto partition = core::parse_integer(part.substr(0, equals), 0, 1'000'000);
    if (equals == part.npos || !partition)
      throw UsageError("--assign: " + in_quotes(part) + " is not PARTITION=BROKER,…",
                       "like --assign '0=1,2;1=2,3'");
    auto& assignment = assignments.emplace_back();
    assignment.partition_index = static_cast<std::int32_t>(*partition);
    for (std::string_view id : core::split(part.substr(equals + 1), ',')) {
      const auto broker = core::parse_integer(id, 0, std::numeric_limits<std::int32_t>::max());
      if (!broker) throw UsageError("--assign: " + in_quotes(id) + " is no broker's id");
      assignment.broker_ids.push_back(static_cast<std::int32_t>(*broker));
    }
  }
  return assignments;
}

std::vector<admin::Setting> own_settings(client::Cluster& cluster, const std::string& topic) {
  admin::Settings all = must(cluster.run(admin::settings_of, std::vector{topic}));
  return std::move(all[topic]);
}

void be_like(client::Cluster& cluster, const std::string& model, WantedTopic& wish) {
  const admin::Selection selection =
      must(cluster.run(admin::select, std::vector{admin::Selector(model)}, true));
  if (!selection.missing.empty()) throw FailureError(failure_from(selection.missing.front()));
  const admin::TopicState& topic = selection.topics.front();
  if (wish.partitions < 0) wish.partitions = static_cast<std::int32_t>(topic.partitions.size());
  if (wish.replication < 0) wish.replication = static_cast<std::int16_t>(topic.replication());
  for (const admin::Setting& setting : own_settings(cluster, topic.name))
    if (setting.overridden && !setting.sensitive) wish.settings.emplace(setting.key, setting.value);
}

WantedTopic wish_of(client::Cluster& cluster, const Arguments& arguments) {
  WantedTopic wish;
  if (arguments.given("partitions"))
    wish.partitions = static_cast<std::int32_t>(positive(arguments, "partitions", 100'000));
  if (arguments.given("replication"))
    wish.replication = static_cast<std::int16_t>(positive(arguments, "replication", 32'767));
  for (const std::string& given : arguments.all("set")) {
    const auto [key, value] = parse_setting(given);
    wish.settings[key] = value;
  }
  if (arguments.on("compact")) wish.settings.emplace("cleanup.policy", "compact");
  if (arguments.given("assign")) {
    if (wish.partitions > 0 || wish.replication > 0)
      throw UsageError("--assign says how many partitions and replicas there are; leave out -p and -r");
    wish.assignments = parse_assignment(arguments.text("assign"));
  }
  if (arguments.given("like")) be_like(cluster, arguments.text("like"), wish);
  return wish;
}

Request request_for(const std::vector<std::string>& names, const WantedTopic& wish, const Context& context,
                    bool dry_run) {
  Request request;
  request.timeout_ms =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(context.timeout.count(), 1, 600'000));
  request.validate_only = dry_run;
  for (const std::string& name : names) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = wish.partitions;
    topic.replication_factor = wish.replication;
    topic.assignments = wish.assignments;
    for (const auto& [key, value] : wish.settings) topic.configs.push_back({key, value});
  }
  return request;
}

// With --if-not-exists: is what is there what was asked for?
Outcome compare(client::Cluster& cluster, const std::string& name, const WantedTopic& wish, bool allow_diff) {
  const admin::Selection selection =
      must(cluster.run(admin::select, std::vector{admin::Selector(name)}, true));
  if (selection.topics.empty()) return outcome(name, "create", "exists");
  const admin::TopicState& topic = selection.topics.front();
  std::string differences;
  const auto differs = [&](const std::string& what) {
    differences += (differences.empty() ? "" : ", ") + what;
  };
  if (wish.partitions > 0 && static_cast<std::size_t>(wish.partitions) != topic.partitions.size())
    differs(counted(topic.partition_count, "partition") + ", not " + std::to_string(wish.partitions));
  if (wish.replication > 0 && static_cast<std::size_t>(wish.replication) != topic.replication())
    differs("replication factor " + std::to_string(topic.replication()) + ", not " +
            std::to_string(wish.replication));
  for (const admin::Setting& setting : own_settings(cluster, name)) {
    const auto wished = wish.settings.find(setting.key);
    if (wished != wish.settings.end() && wished->second != setting.value)
      differs(setting.key + "=" + human_setting(setting.key, setting.value) + ", not " +
              human_setting(setting.key, wished->second));
  }
  Outcome there = outcome(name, "create", "exists");
  there.row["partitions"] = topic.partitions.size();
  there.row["replication_factor"] = topic.replication();
  if (differences.empty() || allow_diff) return there;
  return failed(name, "create",
                {.exit = Exit::conflict,
                 .message = "topic " + in_quotes(name) + " exists, but has " + differences,
                 .kafka = "TOPIC_ALREADY_EXISTS",
                 .target = name,
                 .hint = "--allow-diff takes it as it is"});
}

Outcome outcome_of(client::Cluster& cluster, const kafka::CreateTopicsResponse::CreatableTopicResult& result,
                   const WantedTopic& wish, const Arguments& arguments) {
  if (result.error_code == 36 && arguments.on("if-not-exists"))
    return compare(cluster, result.name, wish, arguments.on("allow-diff"));
  if (result.error_code != 0) {
    Failure failure =
        failure_from(client::refused(result.error_code, {}, result.name, result.error_message.value_or("")));
    if (result.error_code == 36)
      failure.hint = "--if-not-exists makes this no error; look at it: mq topic describe " + result.name;
    return failed(result.name, "create", std::move(failure));
  }
  Outcome created = outcome(result.name, "create", arguments.on("dry-run") ? "would" : "ok");
  const auto size = static_cast<std::int32_t>(wish.assignments.size());
  const std::int32_t partitions = result.num_partitions > 0 ? result.num_partitions
                                  : size                    ? size
                                                            : wish.partitions;
  if (partitions > 0) created.row["partitions"] = partitions;
  const std::int16_t replication =
      result.replication_factor > 0 ? result.replication_factor : wish.replication;
  if (replication > 0) created.row["replication_factor"] = replication;
  json::array config;
  for (const auto& [key, value] : wish.settings)
    config.push_back(json::string(key + "=" + human_setting(key, value)));
  if (!config.empty()) created.row["config"] = std::move(config);
  return created;
}

Exit run_create(Context& context, const Arguments& arguments) {
  if (arguments.on("allow-diff") && !arguments.on("if-not-exists"))
    throw UsageError("--allow-diff needs --if-not-exists");
  client::Cluster cluster(client_options(context));
  const WantedTopic wish = wish_of(cluster, arguments);
  for (const auto& [key, value] : wish.settings) notice_without_effect(context, key);
  Request request = request_for(arguments.positional(), wish, context, arguments.on("dry-run"));
  const auto answer = must(cluster.create_topics(std::move(request)));
  std::vector<Outcome> outcomes;
  for (const auto& result : answer.topics) outcomes.push_back(outcome_of(cluster, result, wish, arguments));
  return conclude(context, arguments, created_table, std::move(outcomes));
}

}  // namespace

extern const Command topic_create{
    .name = "topic create",
    .summary = "Create topics.",
    .arguments = {{"TOPIC", Kind::text, 1, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq topic create orders -p 6", "six partitions, the cluster's defaults for the rest"},
                 {"mq topic create orders -c retention.ms=7d -c max.message.bytes=2M",
                  "with settings of its own"},
                 {"mq topic create users --compact --if-not-exists",
                  "the newest record of each key; in scripts"},
                 {"mq topic create orders2 --like orders", "as another one is"}},
    .flags = {{.name = "partitions",
               .letter = 'p',
               .kind = Kind::number,
               .value = "N",
               .help = "how many partitions (default: the cluster's)"},
              {.name = "replication",
               .letter = 'r',
               .kind = Kind::number,
               .value = "N",
               .help = "how many replicas of each (default: the cluster's)"},
              {.name = "set",
               .letter = 'c',
               .kind = Kind::setting,
               .value = "KEY=VALUE",
               .help = "a setting of its own; mq topic configs lists them",
               .repeatable = true},
              {.name = "like",
               .kind = Kind::topic,
               .value = "TOPIC",
               .help = "partitions, replicas and settings of this one, unless given"},
              {.name = "assign",
               .kind = Kind::text,
               .value = "P=B,B;…",
               .help = "which brokers hold which partition"},
              {.name = "compact", .help = "keep the newest record of each key: -c cleanup.policy=compact"},
              {.name = "if-not-exists", .help = "no error when it is there already, as it was asked for"},
              {.name = "allow-diff", .help = "with --if-not-exists: nor when it is different"}},
    .see = "mq topic configs, man mq-topic",
    .run = run_create};

}  // namespace mq::cli
