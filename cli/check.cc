// SPDX-License-Identifier: Apache-2.0
// Checks for monitoring: one line, and by the convention of its plugins 0 OK, 1 WARNING, 2 CRITICAL,
// 3 UNKNOWN.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "cli/cluster/cluster.h"
#include "cli/group/group.h"
#include "cli/topic/topic.h"
#include "core/admin/brokers.h"
#include "core/admin/health.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

enum class State { ok, warning, critical, unknown };

constexpr std::string_view name_of(State state) {
  constexpr std::string_view names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  return names[static_cast<std::size_t>(state)];
}

// What was measured, and from where on that is bad. Values in `unit`.
struct Measure {
  std::string_view name, unit;
  double value = 0;
  std::optional<double> warn = {}, critical = {};
  bool less_is_worse = false;

  State state() const {
    const auto exceeds = [this](const std::optional<double>& limit) {
      return limit && (less_is_worse ? value < *limit : value > *limit);
    };
    return exceeds(critical) ? State::critical : exceeds(warn) ? State::warning : State::ok;
  }
};

struct Checked {
  std::string about;  // "GROUP"
  State state = State::ok;
  std::string text = {};
  std::vector<Measure> measures = {};
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string limit_text(const Measure& measure, const std::optional<double>& limit) {
  return limit ? number(*limit) + (measure.less_is_worse ? ":" : "") : "";
}

// MQ GROUP OK - text | lag=12408;; time_lag=4.1s;30;300
std::string nagios(const Checked& checked) {
  std::string line =
      "MQ " + checked.about + " " + std::string(name_of(checked.state)) + " - " + printable(checked.text);
  for (const Measure& measure : checked.measures)
    line += (&measure == &checked.measures.front() ? " | " : " ") + std::string(measure.name) + "=" +
            number(measure.value) + std::string(measure.unit) + ";" + limit_text(measure, measure.warn) +
            ";" + limit_text(measure, measure.critical);
  return line + "\n";
}

std::string prometheus(const Checked& checked) {
  std::string check = checked.about;
  std::ranges::transform(check, check.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string text = "# TYPE mq_check_state gauge\nmq_check_state{check=\"" + check + "\"} " +
                     std::to_string(static_cast<int>(checked.state)) + "\n";
  for (const Measure& measure : checked.measures)
    text += "# TYPE mq_check_" + std::string(measure.name) + " gauge\nmq_check_" + std::string(measure.name) +
            "{check=\"" + check + "\"} " + number(measure.value) + "\n";
  return text;
}

std::string as_json(const Checked& checked) {
  json::object row{{"check", checked.about}, {"state", name_of(checked.state)}, {"text", checked.text}};
  for (const Measure& measure : checked.measures) row[measure.name] = measure.value;
  return json::serialize(row) + "\n";
}

Exit say(Context& context, const Arguments& arguments, const Checked& checked) {
  const std::string format = arguments.text("output");
  if (format == "json")
    context.write(as_json(checked));
  else if (format == "prometheus")
    context.write(prometheus(checked));
  else if (format == "text")
    context.write(std::string(name_of(checked.state)) + "  " + printable(checked.text) + "\n");
  else
    context.write(nagios(checked));
  return static_cast<Exit>(checked.state);
}

// What could not be found out is UNKNOWN; that nobody answers is what `otherwise` says.
template <class Look>
Exit check(Context& context, const Arguments& arguments, std::string about, State otherwise, Look look) {
  Checked checked{.about = std::move(about)};
  try {
    client::Cluster cluster(client_options(context));
    look(cluster, checked);
  } catch (const FailureError& error) {
    const bool is_silent = error.failure.exit == Exit::unreachable || error.failure.exit == Exit::timeout;
    checked.state = is_silent ? otherwise : State::unknown;
    checked.text = error.failure.message;
    checked.measures.clear();
  }
  for (const Measure& measure : checked.measures) checked.state = std::max(checked.state, measure.state());
  return say(context, arguments, checked);
}

// 10k, 30s or 20%, as the measure wants it.
std::optional<double> limit_of(const Arguments& arguments, std::string_view flag, std::string_view unit) {
  const auto text = arguments.maybe(flag);
  if (!text) return std::nullopt;
  const auto wrong = [&](std::string_view what) {
    return UsageError("--" + std::string(flag) + ": " + in_quotes(*text) + " is no " + std::string(what));
  };
  if (unit == "s") {
    const auto time = core::parse_duration(*text);
    if (!time) throw wrong("duration, such as 30s");
    return static_cast<double>(time->count()) / 1000;
  }
  std::string digits = *text;
  double scale = 1;
  if (unit == "%" && digits.ends_with('%')) digits.pop_back();
  if (unit.empty() && digits.ends_with('k')) scale = 1e3, digits.pop_back();
  if (unit.empty() && digits.ends_with('M')) scale = 1e6, digits.pop_back();
  const auto count = core::parse_integer(digits, 0, INT64_MAX);
  if (!count) throw wrong(unit == "%" ? "share, such as 20%" : "number, such as 10k");
  return static_cast<double>(*count) * scale;
}

Exit run_ready(Context& context, const Arguments& arguments) {
  return check(context, arguments, "READY", State::critical, [](client::Cluster& cluster, Checked& checked) {
    std::vector<std::string> none;  // of the topics
    const auto metadata = must(cluster.run(cluster.client().refresh(std::optional(none))));
    checked.text =
        counted(static_cast<std::int64_t>(metadata.brokers.size()), "broker") + ", clients are answered";
  });
}

Exit run_health(Context& context, const Arguments& arguments) {
  return check(context, arguments, "HEALTH", State::critical, [](client::Cluster& cluster, Checked& checked) {
    const admin::Health health =
        must(cluster.run(admin::health_of(cluster.client(), cluster.client().deadline())));
    checked.state = health.critical() > 0   ? State::critical
                    : health.warnings() > 0 ? State::warning
                                            : State::ok;
    checked.text = counted(static_cast<std::int64_t>(health.brokers), "broker") + ", " +
                   counted(static_cast<std::int64_t>(health.partitions), "partition");
    for (const admin::Problem& problem : health.problems)
      checked.text += ", " + std::string(problem.name()) +
                      (problem.partitions.empty() ? "" : " " + std::to_string(problem.partitions.size()));
  });
}

Exit run_topic(Context& context, const Arguments& arguments) {
  return check(context, arguments, "TOPIC", State::unknown, [&](client::Cluster& cluster, Checked& checked) {
    const std::string& name = arguments.positional().at(0);
    const admin::Selection selection =
        must(cluster.run(admin::select, std::vector{admin::Selector(name)}, true));
    if (!selection.missing.empty()) {
      checked.state = State::critical;
      checked.text = selection.missing.front().text();
      return;
    }
    std::size_t leaderless = 0, behind = 0, partitions = 0;
    for (const admin::TopicState& topic : selection.topics) {
      leaderless += topic.without_leader();
      behind += topic.under_replicated();
      partitions += topic.partitions.size();
    }
    checked.state = leaderless > 0 ? State::critical : behind > 0 ? State::warning : State::ok;
    checked.text = name + " " + counted(static_cast<std::int64_t>(partitions), "partition");
    if (leaderless > 0) checked.text += ", " + std::to_string(leaderless) + " without leader";
    if (behind > 0) checked.text += ", " + std::to_string(behind) + " under-replicated";
    checked.measures = {{"leaderless", "", static_cast<double>(leaderless)},
                        {"under_replicated", "", static_cast<double>(behind)}};
  });
}

Exit run_group(Context& context, const Arguments& arguments) {
  const bool by_time = arguments.on("time-lag");
  const std::string_view unit = by_time ? "s" : "";
  const auto warn = limit_of(arguments, "warn", unit), critical = limit_of(arguments, "critical", unit);
  return check(context, arguments, "GROUP", State::unknown, [&](client::Cluster& cluster, Checked& checked) {
    const std::string& name = arguments.positional().at(0);
    auto groups = must(cluster.run(admin::progress_of, std::vector{name}), "group");
    if (groups.empty() || groups[0].group.state == "Dead") {
      checked.state = State::critical;
      checked.text = "group " + in_quotes(name) + " does not exist";
      return;
    }
    cluster.run(admin::add_ages, groups);
    const double lag = static_cast<double>(groups[0].lag().value_or(0));
    const double seconds = static_cast<double>(groups[0].behind_ms().value_or(0)) / 1000;
    checked.text = name + " lag " + counted(groups[0].lag().value_or(0), "record") + ", " +
                   human_ms(groups[0].behind_ms().value_or(0));
    checked.measures = {{"lag", "", lag},
                        {"time_lag", "s", seconds},
                        {"members", "", static_cast<double>(groups[0].group.members.size())}};
    Measure& judged = checked.measures[by_time ? 1 : 0];
    judged.warn = warn, judged.critical = critical;
  });
}

Exit run_disk(Context& context, const Arguments& arguments) {
  const auto warn = limit_of(arguments, "warn", "%"), critical = limit_of(arguments, "critical", "%");
  return check(context, arguments, "DISK", State::unknown, [&](client::Cluster& cluster, Checked& checked) {
    auto brokers = must(cluster.run(admin::brokers(cluster.client(), cluster.client().deadline())));
    cluster.run(admin::add_log_dirs, brokers);
    Measure least{"free", "%", 100, warn, critical, true};
    std::string where = "no broker tells";
    for (const admin::BrokerState& broker : brokers)
      for (const admin::LogDir& dir : broker.dirs.value_or(std::vector<admin::LogDir>())) {
        if (!dir.total_bytes || !dir.free_bytes || *dir.total_bytes <= 0) continue;
        const double share =
            100 * static_cast<double>(*dir.free_bytes) / static_cast<double>(*dir.total_bytes);
        if (share > least.value) continue;
        least.value = std::floor(share * 10) / 10;
        where = "broker " + std::to_string(broker.id) + " " + number(least.value) + "% free in " + dir.path;
      }
    checked.state = where.starts_with("no") ? State::unknown : State::ok;
    checked.text = where;
    checked.measures = {least};
  });
}

std::vector<Flag> flags_with(std::vector<Flag> own) {
  own.push_back({.name = "output",
                 .letter = 'o',
                 .kind = Kind::choice,
                 .value = "FORMAT",
                 .initial = "nagios",
                 .help = "nagios, text, json or prometheus",
                 .choices = "nagios|text|json|prometheus"});
  return own;
}

std::vector<Flag> limits(std::string_view warn, std::string_view critical, std::string_view warn_help,
                         std::string_view critical_help) {
  return {
      {.name = "warn", .letter = 'W', .kind = Kind::text, .value = "N", .initial = warn, .help = warn_help},
      {.name = "critical",
       .letter = 'E',
       .kind = Kind::text,
       .value = "N",
       .initial = critical,
       .help = critical_help}};
}

constexpr std::string_view convention =
    "Exits with 0 OK, 1 WARNING, 2 CRITICAL or 3 UNKNOWN, as plugins of Nagios and its like do; wrong usage "
    "is 3.";

}  // namespace

extern const Command check_ready{.name = "check ready",
                                 .summary = "Say whether clients are answered.",
                                 .uses = connects,
                                 .examples = {{"mq check ready", "for the health check of a container"}},
                                 .flags = flags_with({}),
                                 .more = convention,
                                 .see = "man mq-check",
                                 .run = run_ready};

extern const Command check_health{
    .name = "check health",
    .summary = "Say whether every partition has a leader and all its replicas.",
    .uses = connects,
    .examples = {{"mq check health -b mq1:9092", "CRITICAL where something has no leader"}},
    .flags = flags_with({}),
    .more = convention,
    .see = "mq cluster health, man mq-check",
    .run = run_health};

extern const Command check_topic{
    .name = "check topic",
    .summary = "Say whether a topic's partitions have leaders and all their replicas.",
    .arguments = {{"TOPIC", Kind::topic}},
    .uses = connects,
    .examples = {{"mq check topic orders", "CRITICAL where a partition has no leader"}},
    .flags = flags_with({}),
    .more = convention,
    .see = "man mq-check",
    .run = run_topic};

extern const Command check_group{
    .name = "check group",
    .summary = "Say how far a group is behind, in records or in time.",
    .arguments = {{"GROUP", Kind::group}},
    .uses = connects,
    .examples = {{"mq check group billing --time-lag -W 30s -E 5m",
                  "by the age of the oldest record that is left"},
                 {"mq check group billing --lag -W 10k -E 100k", "by their number"}},
    .flags =
        [] {
          auto flags = limits("", "", "from here on it is a WARNING", "from here on it is CRITICAL");
          flags.insert(flags.begin(), {{.name = "lag", .help = "the limits are records"},
                                       {.name = "time-lag", .help = "the limits are durations"}});
          return flags_with(std::move(flags));
        }(),
    .more = convention,
    .see = "mq group lag, man mq-check",
    .run = run_group};

extern const Command check_disk{
    .name = "check disk",
    .summary = "Say how much is free on the fullest disk of the brokers.",
    .uses = connects,
    .examples = {{"mq check disk -W 20% -E 10%", "those are what is assumed"}},
    .flags = flags_with(limits("20%", "10%", "less free than this is a WARNING", "less is CRITICAL")),
    .more = convention,
    .see = "mq broker disk, man mq-check",
    .run = run_disk};

}  // namespace mq::cli
