// SPDX-License-Identifier: Apache-2.0
// The records around where a group is, read by somebody who is not in it.
#include <algorithm>

#include "cli/group/group.h"
#include "cli/records/consumption.h"
#include "cli/records/stop.h"
#include "core/admin/partition_names.h"
#include "core/admin/visible.h"

namespace mq::cli {
namespace {

std::int64_t records_flag(const Arguments& arguments, std::string_view flag) {
  const std::int64_t records = arguments.number(flag);
  if (records < 0) throw UsageError("--" + std::string(flag) + ": a number of records, 0 or more");
  return records;
}

// Where the group is, in the partitions that are meant.
std::vector<admin::Progress> places_of(client::Cluster& cluster, const std::string& group,
                                       const Arguments& arguments, const std::vector<std::int32_t>& numbers) {
  const std::vector<admin::Selector> topics = admin::selectors(arguments.all("topic"));
  std::vector<admin::Progress> places =
      must(cluster.run(admin::progress_of, std::vector{group}), "group").front().partitions;
  std::erase_if(places, [&](const admin::Progress& place) {
    const core::TopicPartition& at = place.partition;
    const auto meant = [&](const admin::Selector& selector) {
      return selector.matches(at.topic) && selector.has(at.partition);
    };
    return !place.at() || (!topics.empty() && std::ranges::none_of(topics, meant)) ||
           (!numbers.empty() && !std::ranges::binary_search(numbers, at.partition));
  });
  return places;
}

// So many records that readers see, on each side of where the group is.
admin::ReadPlan plan_around(client::Cluster& cluster, const std::vector<admin::Progress>& places,
                            std::int64_t before, std::int64_t after, bool committed) {
  admin::ReadRange to_the_end;
  to_the_end.at_end = true;
  std::vector<core::TopicPartition> partitions;
  admin::Stored from;
  for (const admin::Progress& place : places) {
    partitions.push_back(place.partition);
    from[place.partition] = *place.at();
  }
  admin::ReadPlan around =
      must(cluster.run(admin::plan, std::move(partitions), to_the_end, std::move(from), committed));
  std::vector<client::Assignment> behind = around.assignments, ahead = around.assignments;
  for (std::size_t i = 0; i < places.size(); i++) {
    ahead[i].from = std::min(ahead[i].from, around.ends[i].end);  // a group may stand beyond it
    behind[i].until = ahead[i].from;
    behind[i].from = std::min(behind[i].from, around.ends[i].start);
  }
  const auto begins =
      must(cluster.run(admin::from_end, std::move(behind), before, committed, &Stop::signalled));
  const auto ends =
      must(cluster.run(admin::from_start, std::move(ahead), after, committed, &Stop::signalled));
  for (std::size_t i = 0; i < places.size(); i++)
    around.assignments[i].from = begins[i], around.assignments[i].until = ends[i];
  return around;
}

Exit run_peek(Context& context, const Arguments& arguments) {
  const std::string group = arguments.positional().front();
  const std::int64_t before = records_flag(arguments, "before"), after = records_flag(arguments, "after");
  ConsumeOptions options = ConsumeOptions::from(context, arguments);
  client::Cluster cluster(options.client);
  const admin::GroupSelection selection =
      must(cluster.run(admin::select_groups, admin::group_selectors({group}, true)), "group");
  if (!selection.missing.empty()) return report(context, failure_from(selection.missing.front()));
  const auto places = places_of(cluster, group, arguments, options.range.partitions);
  if (places.empty())
    return report(context, {.exit = Exit::not_found,
                            .message = "group " + in_quotes(group) + " has no offset there",
                            .target = group,
                            .hint = "where it has one says: mq group describe " + group});
  if (context.out_tty)
    for (const admin::Progress& place : places)
      context.notice(admin::name_of(place.partition) + ": the next one is " + std::to_string(*place.at()));
  options.plan = plan_around(cluster, places, before, after, options.consumer.committed);
  options.range.follow = false;
  Consumption consumption(context, std::move(options));
  return consumption.run();
}

std::vector<Flag> peek_flags() {
  constexpr std::string_view about_range = "Where to start and stop";
  std::vector<Flag> flags{{.name = "before",
                           .letter = 'B',
                           .kind = Kind::number,
                           .value = "N",
                           .initial = "5",
                           .help = "so many records of each partition that the group has behind it",
                           .section = about_range},
                          {.name = "after",
                           .letter = 'A',
                           .kind = Kind::number,
                           .value = "N",
                           .initial = "5",
                           .help = "so many that are to come",
                           .section = about_range},
                          {.name = "topic",
                           .letter = 't',
                           .kind = Kind::topic,
                           .value = "TOPIC[:PARTS]",
                           .help = "only this topic, or these partitions",
                           .repeatable = true,
                           .section = about_range}};
  for (const Flag& flag : print_flags("auto")) flags.push_back(flag);
  return flags;
}

}  // namespace

extern const Command group_peek{
    .name = "group peek",
    .summary = "Show the records around where a group is, without joining it.",
    .arguments = {{"GROUP", Kind::group}},
    .uses = connects,
    .examples = {{"mq group peek billing", "the last 5 it has read of each partition, and the next 5"},
                 {"mq group peek billing -t orders:2 -B 0 -A 1 -o value", "what it is stuck at"}},
    .flags = peek_flags(),
    .more = "Nothing of the group changes. Where it has no commit yet, it is at the start of the log.",
    .see = "mq group describe, mq group seek, man mq-group",
    .run = run_peek};

}  // namespace mq::cli
