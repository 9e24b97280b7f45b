// SPDX-License-Identifier: Apache-2.0
#include "cli/group/group.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

// What --max allows: so many offsets, or so old a record.
struct Limit {
  std::optional<std::int64_t> records, ms;

  bool is_set() const { return records || ms; }
  bool exceeded(std::optional<std::int64_t> lag, std::optional<std::int64_t> behind_ms) const {
    if (records) return lag.value_or(0) > *records;
    if (ms) return behind_ms.value_or(0) > *ms;
    return false;
  }
};

Limit limit_of(const Arguments& arguments) {
  Limit limit;
  const auto text = arguments.maybe("max");
  if (!text) return limit;
  std::string number = *text;
  std::int64_t unit = 1;
  if (number.ends_with('k')) unit = 1000, number.pop_back();
  if (number.ends_with('M')) unit = 1'000'000, number.pop_back();
  if (const auto records = core::parse_integer(number, 0, INT64_MAX / 1'000'000)) {
    limit.records = *records * unit;
  } else if (const auto duration = core::parse_duration(*text)) {
    limit.ms = std::chrono::milliseconds(*duration).count();
  } else {
    throw UsageError("--max: " + in_quotes(*text) + " is neither a number of records nor a duration",
                     "like 10000, 10k or 30s");
  }
  return limit;
}

Exit run_lag(Context& context, const Arguments& arguments) {
  const Limit limit = limit_of(arguments);
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
  bool exceeded = false, beyond = false;
  for (const admin::GroupProgress& group : groups) {
    beyond = beyond || group.is_beyond();
    exceeded = exceeded || limit.exceeded(group.lag(), group.behind_ms());
    rows.push_back(admin::lag_of(group));
  }
  if (arguments.on("sum")) {
    rows.assign(1, admin::lag_of(groups));
    const auto number = [&](std::string_view field) { return rows[0].at(field).to_number<std::int64_t>(); };
    exceeded = limit.exceeded(number("lag"), number("time_lag_ms"));
  }
  Table table{.columns = {{"group", "GROUP"},
                          {"lag", "LAG", Unit::count},
                          {"time_lag_ms", "TIME LAG", Unit::milliseconds}},
              .name = "group"};
  if (arguments.given("trend")) table.columns.push_back({"lag_per_s", "OFFSETS/S"});
  if (!rows.empty() || selection.missing.empty()) print(context, arguments, table, std::move(rows));
  if (!selection.missing.empty()) return report_missing(context, selection.missing, !groups.empty());
  return exceeded || (beyond && limit.is_set()) ? Exit::condition : Exit::ok;
}

}  // namespace

extern const Command group_lag{
    .name = "group lag",
    .summary = "Say how far groups are behind, and test it.",
    .arguments = {{"GROUP", Kind::group, 0, any}},
    .uses = connects | rows,
    .examples = {{"mq group lag billing --max 10k", "exit 9 when more than 10000 offsets are left"},
                 {"mq group lag billing --max 30s", "exit 9 when the oldest one left is older"},
                 {"mq group lag --sum --no-headers", "of all groups together"}},
    .flags =
        {{.name = "max",
          .kind = Kind::text,
          .value = "N|DUR",
          .help = "exit 9 when a group has more offsets left, or an older record, or a commit beyond an end"},
         {.name = "sum", .help = "one line for all of them together"},
         {.name = "literal", .help = "names are names, whatever characters they hold"},
         trend_flag()},
    .see = "mq group describe, man mq-group",
    .run = run_lag};

}  // namespace mq::cli
