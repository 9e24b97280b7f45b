// SPDX-License-Identifier: Apache-2.0
#include "cli/topic/topic.h"

#include <algorithm>

#include "core/config/scalars.h"
#include "core/config/topic_config.h"

namespace mq::cli {

client::Options client_options(const Context& context) {
  client::Options options;
  const auto brokers = client::parse_addresses(context.brokers);
  if (!brokers || brokers->empty())
    throw UsageError("--brokers: " + in_quotes(context.brokers) + " is no list of HOST:PORT");
  options.brokers = *brokers;
  options.timeout = context.timeout;
  options.connect_timeout = std::min<client::Duration>(options.connect_timeout, context.timeout);
  const auto property = [&](const char* name) {
    const auto found = context.properties.find(name);
    return found == context.properties.end() ? std::optional<std::string>{} : found->second;
  };
  if (const auto id = property("client.id")) options.client_id = *id;
  if (const auto ms = property("request.timeout.ms")) {
    const auto value = core::parse_integer(*ms, 1, 86'400'000);
    if (!value) throw UsageError("-X request.timeout.ms: " + value.error().why);
    options.request_timeout = std::chrono::milliseconds(*value);
  }
  if (context.verbose > 0) options.log = [&context](std::string_view line) { context.detail(1, line); };
  return options;
}

// ---- settings ----

void notice_without_effect(const Context& context, const std::string& key) {
  if (!admin::has_effect(key)) context.notice(key + " has no effect in mq: mq topic configs " + key);
}

std::string human_setting(std::string_view key, const std::string& wire) {
  const core::TopicConfigKey* known = core::find_topic_config(key);
  return known ? core::to_human(*known, wire) : wire;
}

void check_setting_key(const std::string& key) {
  if (core::find_topic_config(key)) return;
  const std::string_view near = core::suggest_topic_config(key);
  throw UsageError("unknown topic config " + in_quotes(key),
                   (near.empty() ? std::string{} : "did you mean " + in_quotes(near) + "?  ") +
                       "All keys: mq topic configs");
}

std::pair<std::string, std::string> parse_setting(const std::string& given) {
  const std::size_t equals = given.find('=');
  const std::string key = given.substr(0, equals);
  check_setting_key(key);
  const auto wire = core::to_wire(*core::find_topic_config(key), given.substr(equals + 1));
  if (!wire) throw UsageError(wire.error().why, "what it takes: mq topic configs " + key);
  return {key, *wire};
}

// ---- outcomes ----

Exit report_missing(const Context& context, const std::vector<admin::Missing>& missing, bool others) {
  Exit exit = Exit::ok;
  for (const admin::Missing& one : missing) {
    const Exit reported = report(context, failure_from(one));
    if (exit == Exit::ok) exit = others ? Exit::partial : reported;
  }
  return exit;
}

Outcome outcome(std::string_view topic, std::string_view action, std::string_view status) {
  return {json::object{{"topic", topic}, {"action", action}, {"status", status}}, std::nullopt};
}

Outcome failed(std::string_view topic, std::string_view action, Failure failure) {
  Outcome result = outcome(topic, action, "error");
  result.row["error"] = failure.kafka.empty() ? std::string(name_of(failure.exit)) : failure.kafka;
  result.row["message"] = failure.message;
  result.failure = std::move(failure);
  return result;
}

Exit exit_of(const std::vector<Outcome>& outcomes) {
  const auto broken = [](const Outcome& o) { return o.failure.has_value(); };
  const auto first = std::find_if(outcomes.begin(), outcomes.end(), broken);
  if (first == outcomes.end()) return Exit::ok;
  return std::all_of(outcomes.begin(), outcomes.end(), broken) ? first->failure->exit : Exit::partial;
}

Exit conclude(Context& context, const Arguments& arguments, const Table& table,
              std::vector<Outcome> outcomes) {
  const bool only_good = is_human(context.output) || context.output == "name";
  std::vector<json::object> rows;
  for (const Outcome& result : outcomes)
    if (!result.failure || !only_good) rows.push_back(result.row);
  if (!rows.empty() || !only_good) print(context, arguments, table, std::move(rows));
  for (const Outcome& result : outcomes)
    if (result.failure) report(context, *result.failure);
  return exit_of(outcomes);
}

}  // namespace mq::cli
