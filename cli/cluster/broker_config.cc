// SPDX-License-Identifier: Apache-2.0
// Settings of one broker, and of all of them together.
#include "core/config/broker_config.h"

#include <algorithm>
#include <map>
#include <set>

#include "cli/cluster/brokers.h"
#include "cli/frame/plan.h"

namespace mq::cli {

namespace {

using admin::BrokerSetting;
using admin::SettingChange;
using Scope = std::optional<core::BrokerId>;  // nothing: all brokers

const Table settings_table{.columns = {{"key", "KEY"},
                                       {"value", "VALUE"},
                                       {"source", "FROM"},
                                       {"read_only", "READ ONLY", Unit::plain, true},
                                       {"meaning", "MEANING", Unit::plain, true}},
                           .name = "key"};
const Table changes_of_settings_table{
    .columns = {{"broker", "BROKER"}, {"key", "KEY"}, {"before", "BEFORE"}, {"after", "AFTER"}},
    .name = "key"};

std::vector<BrokerSetting> settings_of(client::Cluster& cluster, Scope scope) {
  return must(cluster.run(admin::settings_of_broker, scope), "broker");
}

const BrokerSetting* find_setting(const std::vector<BrokerSetting>& settings, std::string_view key) {
  const auto found = std::ranges::find(settings, key, &BrokerSetting::key);
  return found == settings.end() ? nullptr : &*found;
}

// ---- looked at ----

// A word names a key, or a part of one, or is a pattern.
bool is_meant(const std::vector<std::string>& words, const std::vector<BrokerSetting>& settings,
              std::string_view key) {
  if (words.empty()) return true;
  return std::ranges::any_of(words, [&](const std::string& word) {
    if (word.find_first_of("*?[") != word.npos) return admin::matches_glob(word, key);
    return find_setting(settings, word) ? key == word : key.find(word) != key.npos;
  });
}

json::object shown_row(const Context& context, BrokerSetting setting) {
  if (setting.value && is_human(context.output))
    setting.value = human_broker_setting(setting.key, *setting.value);
  return admin::row_of(setting);
}

Exit list_settings(Context& context, const Arguments& arguments, Scope scope,
                   const std::vector<std::string>& words) {
  client::Cluster cluster(client_options(context));
  const std::vector<BrokerSetting> settings = settings_of(cluster, scope);
  const bool all = !words.empty() || (scope && arguments.on("all"));
  std::vector<json::object> rows;
  for (const BrokerSetting& setting : settings)
    if ((all || setting.source != BrokerSetting::Source::fallback) && is_meant(words, settings, setting.key))
      rows.push_back(shown_row(context, setting));
  return print(context, arguments, settings_table, std::move(rows));
}

// Each of those that are named: the values alone, for scripts, unless another format is asked for.
Exit get_settings(Context& context, const Arguments& arguments, Scope scope,
                  const std::vector<std::string>& keys) {
  if (keys.empty()) throw UsageError("which setting?", "all there are: mq broker config list N --all");
  client::Cluster cluster(client_options(context));
  const std::vector<BrokerSetting> settings = settings_of(cluster, scope);
  std::vector<json::object> rows;
  for (const std::string& key : keys) {
    const BrokerSetting* setting = find_setting(settings, key);
    if (!setting) {
      const std::string_view near = core::suggest_broker_config(key);
      return report(
          context,
          {.exit = Exit::not_found,
           .message = in_quotes(key) + (scope ? " is no setting of a broker" : " is not set for all brokers"),
           .target = key,
           .hint = near.empty() || near == key ? "" : "did you mean " + in_quotes(near) + "?"});
    }
    rows.push_back(shown_row(context, *setting));
  }
  if (arguments.given("output")) return print(context, arguments, settings_table, std::move(rows));
  std::string text;
  for (const json::object& row : rows)
    text += (row.at("value").is_null() ? "" : std::string(row.at("value").get_string())) + "\n";
  return context.answer(text);
}

// ---- compared ----

// What is each broker's own, and differs where nothing is wrong.
bool is_own(std::string_view key) {
  static const std::set<std::string_view> own{
      "advertised.listeners", "broker.id", "broker.rack", "listeners", "log.dir", "log.dirs", "node.id"};
  return own.contains(key);
}

// Where the brokers that run are not set alike.
Exit diff_settings(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  std::vector<core::BrokerId> asked;
  std::map<std::string, std::map<core::BrokerId, std::string>> values;
  for (const admin::BrokerState& broker : brokers_named(cluster, {})) {
    if (!broker.runs) context.notice("broker " + std::to_string(broker.id) + " is down");
    if (!broker.runs) continue;
    asked.push_back(broker.id);
    for (const BrokerSetting& setting : settings_of(cluster, broker.id)) {
      if (is_own(setting.key) || !setting.value) continue;
      values[setting.key][broker.id] =
          is_human(context.output) ? human_broker_setting(setting.key, *setting.value) : *setting.value;
    }
  }
  std::vector<std::string> names;
  for (const core::BrokerId id : asked) names.push_back("BROKER " + std::to_string(id));
  std::vector<std::string> fields;
  for (const core::BrokerId id : asked) fields.push_back("broker_" + std::to_string(id));
  Table table{.columns = {{"key", "KEY"}}, .name = "key"};
  for (std::size_t i = 0; i < asked.size(); i++) table.columns.push_back({fields[i], names[i]});
  std::vector<json::object> rows;
  for (const auto& [key, by_broker] : values) {
    const std::string& first = by_broker.begin()->second;
    const bool alike = by_broker.size() == asked.size() &&
                       std::ranges::all_of(by_broker, [&](const auto& one) { return one.second == first; });
    if (alike) continue;
    json::object& row = rows.emplace_back(json::object{{"key", key}});
    for (std::size_t i = 0; i < asked.size(); i++) {
      const auto value = by_broker.find(asked[i]);
      row[fields[i]] = value == by_broker.end() ? json::value(nullptr) : json::value(value->second);
    }
  }
  const bool differ = !rows.empty();
  if (!differ && is_human(context.output)) {
    context.notice(counted(std::ssize(asked), "broker") + " set alike");
    return Exit::ok;
  }
  print(context, arguments, table, std::move(rows));
  return differ ? Exit::condition : Exit::ok;
}

// ---- changed ----

void check_key(const std::string& key) {
  if (core::is_broker_config(key)) return;
  const std::string_view near = core::suggest_broker_config(key);
  if (!near.empty())
    throw UsageError("unknown broker setting " + in_quotes(key), "did you mean " + in_quotes(near) + "?");
}

// KEY=VALUE, as people write it.
SettingChange parse_change(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos || equals == 0)
    throw UsageError(in_quotes(word) + " is not KEY=VALUE", "like log.retention.ms=7d");
  SettingChange change{word.substr(0, equals), kafka::op_set, word.substr(equals + 1)};
  check_key(change.key);
  const std::string_view topic_key = core::topic_key_for(change.key);
  if (!core::is_dynamic(change.key) || topic_key.empty()) return change;
  const auto wire = core::to_wire(*core::find_topic_config(topic_key), change.value);
  if (!wire)
    throw UsageError(change.key + ": " + wire.error().why,
                     "what it takes: mq topic configs " + std::string(topic_key));
  change.value = *wire;
  return change;
}

std::vector<SettingChange> changes_from(const std::string& action, const std::vector<std::string>& words) {
  if (words.empty())
    throw UsageError("which setting?",
                     action == "set" ? "like log.retention.ms=7d" : "like log.retention.ms");
  std::vector<SettingChange> changes;
  for (const std::string& word : words)
    changes.push_back(action == "set" ? parse_change(word) : SettingChange{word, kafka::op_delete});
  return changes;
}

json::value shown_value(const std::string& key, const std::string& wire) {
  return json::value(human_broker_setting(key, wire));
}

json::object change_row(Scope scope, const SettingChange& change, const BrokerSetting* before) {
  json::object row{
      {"broker", "all"}, {"action", "alter"}, {"key", change.key}, {"before", nullptr}, {"after", nullptr}};
  if (scope) row["broker"] = *scope;
  if (before && before->value) row["before"] = shown_value(change.key, *before->value);
  if (change.operation == kafka::op_set) row["after"] = shown_value(change.key, change.value);
  return row;
}

// The broker says first whether it would.
Exit alter_settings(Context& context, const Arguments& arguments, Scope scope,
                    const std::vector<SettingChange>& changes) {
  client::Cluster cluster(client_options(context));
  const std::vector<BrokerSetting> settings = settings_of(cluster, scope);
  must(cluster.run(admin::alter_broker, scope, changes, true), "broker");
  Plan plan{.risk = Risk::guarded, .table = changes_of_settings_table};
  for (const SettingChange& change : changes)
    plan.rows.push_back(change_row(scope, change, find_setting(settings, change.key)));
  plan.summary = counted(std::ssize(changes), "setting") +
                 (scope ? " of broker " + std::to_string(*scope) : std::string(" of all brokers"));
  if (const auto end = go_ahead(context, arguments, plan)) return *end;
  must(cluster.run(admin::alter_broker, scope, changes, false), "broker");
  for (json::object& row : plan.rows) row["status"] = "ok";
  return print(context, arguments, changes_of_settings_table, std::move(plan.rows));
}

Exit run_action(Context& context, const Arguments& arguments, const std::string& action, Scope scope,
                const std::vector<std::string>& words) {
  if (action == "list") return list_settings(context, arguments, scope, words);
  if (action == "get") return get_settings(context, arguments, scope, words);
  return alter_settings(context, arguments, scope, changes_from(action, words));
}

void check_action(const std::string& action, std::string_view choices) {
  const auto known = core::split(choices, '|');
  if (std::ranges::find(known, action) != known.end()) return;
  const std::string_view near = core::closest(action, known);
  throw UsageError(in_quotes(action) + " is none of " + std::string(choices),
                   near.empty() ? "" : "did you mean " + in_quotes(near) + "?");
}

constexpr std::string_view actions_of_one = "list|get|set|unset";
constexpr std::string_view actions_of_all = "list|get|set|unset|diff";

Exit run_broker_config(Context& context, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positional();
  check_action(words[0], actions_of_one);
  const core::BrokerId broker = parse_broker(words[1]);
  return run_action(context, arguments, words[0], broker, {words.begin() + 2, words.end()});
}

Exit run_cluster_config(Context& context, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positional();
  check_action(words[0], actions_of_all);
  if (words[0] != "diff")
    return run_action(context, arguments, words[0], std::nullopt, {words.begin() + 1, words.end()});
  if (words.size() > 1) throw UsageError("diff compares all settings of all brokers");
  return diff_settings(context, arguments);
}

}  // namespace

extern const Command broker_config{
    .name = "broker config",
    .summary = "Look at the settings of one broker, or change some while it runs.",
    .arguments = {{"ACTION", Kind::text, 1, 1, actions_of_one},
                  {"N", Kind::broker_id},
                  {"KEY[=VALUE]", Kind::broker_setting, 0, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq broker config list 2", "what is not as it would be unless set"},
                 {"mq broker config list 2 retention -o wide",
                  "those with retention in their name, explained"},
                 {"mq broker config get 2 log.retention.ms", "one value, for scripts"},
                 {"mq broker config set 2 log.retention.ms=3d", "for this broker alone"},
                 {"mq broker config unset 2 log.retention.ms", "let what is set for all apply again"}},
    .flags = {{.name = "all", .help = "list settings that have their default, too"}},
    .more =
        "Settings have Kafka's names. Those that can be changed while a broker runs are defaults of topics; "
        "the others are in its\n"
        "configuration file. FROM says where a value is from: broker (set for it alone), cluster (set for "
        "all), "
        "configuration,\n"
        "default.",
    .see = "mq cluster config, man mq-broker",
    .run = run_broker_config};

extern const Command cluster_config{
    .name = "cluster config",
    .summary = "Look at what is set for all brokers, change it, or compare the brokers.",
    .arguments = {{"ACTION", Kind::text, 1, 1, actions_of_all},
                  {"KEY[=VALUE]", Kind::broker_setting, 0, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq cluster config list", "what was set for all"},
                 {"mq cluster config set log.retention.ms=7d", "for topics that say nothing themselves"},
                 {"mq cluster config unset log.retention.ms -y", "back to the default"},
                 {"mq cluster config diff",
                  "where brokers are not set alike; exit status 9 when there is such"}},
    .more =
        "What is set for all brokers comes before what their configuration files say, and behind what is set "
        "for one of them:\n"
        "mq broker config.",
    .see = "mq broker config, mq topic configs, man mq-cluster",
    .run = run_cluster_config};

}  // namespace mq::cli
