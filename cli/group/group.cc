// SPDX-License-Identifier: Apache-2.0
#include "cli/group/group.h"

#include <algorithm>
#include <cmath>

#include "core/admin/partition_names.h"

namespace mq::cli {
namespace {

constexpr std::size_t members_listed = 10;

}  // namespace

void say_what_is_beyond(const Context& context, const std::vector<admin::GroupProgress>& groups) {
  for (const admin::GroupProgress& group : groups)
    for (const admin::Progress& progress : group.partitions)
      if (progress.lag().value_or(0) < 0)
        context.notice(admin::name_of(progress.partition) + ": group " + group.group.name +
                       " has committed " + std::to_string(*progress.committed) + ", beyond the end at " +
                       std::to_string(*progress.end) + "; to move it: mq group seek " + group.group.name);
}

Flag trend_flag() {
  return {.name = "trend",
          .kind = Kind::duration,
          .value = "DUR",
          .initial = "2s",
          .help = "measure twice, so long apart, and say where the lag is going",
          .optional = true};
}

void add_what_is_asked(client::Cluster& cluster, std::vector<admin::GroupProgress>& groups,
                       const Arguments& arguments) {
  if (arguments.given("trend")) {
    const auto apart = std::clamp<std::chrono::milliseconds>(
        arguments.duration("trend"), std::chrono::milliseconds(10), std::chrono::minutes(10));
    must(cluster.run(admin::add_trends, groups, apart), "group");
  }
  cluster.run(admin::add_ages, groups);
}

// ---- for people ----

std::string human_trend(double lag_per_s) {
  char text[48];
  const std::string_view arrow = lag_per_s <= -0.5 ? "↘" : lag_per_s >= 0.5 ? "↗" : "→";
  std::snprintf(text, sizeof text, "%s %+.0f/s", std::string(arrow).c_str(), std::round(lag_per_s) + 0.0);
  return text;
}

std::string drains_in(const admin::GroupProgress& of) {
  if (!of.lag_per_s || of.lag().value_or(0) == 0) return "";
  const auto ms = of.drains_in_ms();
  return ms ? "drains in about " + human_ms(*ms) : "never at this rate";
}

Failure has_members(const client::DescribedGroup& group, std::string_view what) {
  Failure failure{.exit = Exit::conflict,
                  .message = "group " + in_quotes(group.name) + " has " +
                             counted(static_cast<std::int64_t>(group.members.size()), "active member") +
                             "; Kafka only allows " + std::string(what) + " an empty group",
                  .kafka = "NON_EMPTY_GROUP",
                  .target = group.name};
  for (const client::GroupMember& member : group.members) {
    if (failure.details.size() == members_listed) {
      failure.details.push_back("…");
      break;
    }
    failure.details.push_back(member.instance.value_or(member.id) + "  " + member.host + "  " +
                              (member.assigned.empty() ? "nothing" : admin::spans(member.assigned)));
  }
  return failure;
}

}  // namespace mq::cli
