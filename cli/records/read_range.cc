// SPDX-License-Identifier: Apache-2.0
#include "cli/records/read_range.h"

#include <algorithm>

#include "cli/records/stop.h"

namespace mq::cli {
namespace {

std::optional<admin::Position> position_flag(const Arguments& arguments, std::string_view flag,
                                             const admin::Now& now) {
  const auto text = arguments.maybe(flag);
  if (!text) return std::nullopt;
  const auto position = admin::parse_position(*text, now);
  if (!position)
    throw UsageError("--" + std::string(flag) + ": " + position.error().why, "mq help positions");
  if (position->kind == admin::Position::Kind::stored)
    throw UsageError("--" + std::string(flag) + ": only a consumer group has a stored position",
                     "mq help positions");
  return *position;
}

std::optional<admin::Position> time_flag(const Arguments& arguments, std::string_view flag,
                                         const admin::Now& now) {
  const auto text = arguments.maybe(flag);
  if (!text) return std::nullopt;
  const auto at = admin::parse_since(*text, now);
  if (!at) throw UsageError("--" + std::string(flag) + ": " + at.error().why, "mq help positions");
  return admin::Position{admin::Position::Kind::time, *at};
}

std::map<std::int32_t, std::int64_t> start_at_flag(const Arguments& arguments) {
  std::map<std::int32_t, std::int64_t> starts;
  for (const std::string& text : arguments.all("start-at")) {
    const auto equals = text.find('=');
    const auto partition = core::parse_integer(text.substr(0, equals), 0, INT32_MAX);
    const auto offset = equals == text.npos ? partition : core::parse_integer(text.substr(equals + 1), 0);
    if (equals == text.npos || !partition || !offset)
      throw UsageError("--start-at: " + in_quotes(text) + " is not PARTITION=OFFSET");
    starts[static_cast<std::int32_t>(*partition)] = *offset;
  }
  return starts;
}

// A partition that is named must be one of some topic's.
void check_exists(const std::vector<admin::TopicState>& topics, std::int32_t number) {
  const auto has = [&](const admin::TopicState& topic) { return number < topic.partition_count; };
  if (std::ranges::any_of(topics, has)) return;
  if (topics.size() == 1)
    throw FailureError(failure_from(admin::missing_partition(topics.front().name, number)));
  throw FailureError({.exit = Exit::not_found,
                      .message = "none of the topics has a partition " + std::to_string(number),
                      .hint = "those they have: mq topic describe TOPIC"});
}

}  // namespace

admin::ReadRange range_from_flags(const Context& context, const Arguments& arguments) {
  admin::ReadRange range;
  range.stopped = &Stop::signalled;
  const admin::Now now = admin::Now::here(context.utc);
  const auto since = time_flag(arguments, "since", now), until = time_flag(arguments, "until", now);
  range.from = position_flag(arguments, "from", now);
  range.to = position_flag(arguments, "to", now);
  if (range.from && since) throw UsageError("--from and --since do not go together");
  if (range.to && until) throw UsageError("--to and --until do not go together");
  if (since) range.from = since;
  if (until) range.to = until;
  if (arguments.given("last")) range.last = arguments.number("last");
  if (range.last && *range.last < 0) throw UsageError("--last: a number of records, 0 or more");
  if (range.last && (range.from || range.to))
    throw UsageError("--last does not go with --from, --to, --since or --until");
  range.start_at = start_at_flag(arguments);
  if (const auto list = arguments.maybe("partition"))
    range.partitions = admin::parse_partitions(*list, "--partition");
  range.at_end = arguments.on("exit-at-end");
  const bool follow = arguments.given("follow") && arguments.on("follow");
  if (range.at_end && follow) throw UsageError("--exit-at-end and --follow do not go together");
  range.follow = follow || !(range.at_end || range.to || range.last);
  return range;
}

std::vector<core::TopicPartition> chosen_partitions(const std::vector<admin::TopicState>& topics,
                                                    const admin::ReadRange& range) {
  for (const std::int32_t number : range.partitions) check_exists(topics, number);
  for (const auto& [number, offset] : range.start_at) check_exists(topics, number);
  std::vector<core::TopicPartition> chosen;
  for (const admin::TopicState& topic : topics)
    for (const admin::PartitionState& partition : topic.partitions)
      if (range.partitions.empty() || std::ranges::count(range.partitions, partition.number) > 0)
        chosen.push_back({topic.name, partition.number});
  if (chosen.empty())
    throw UsageError("--partition and TOPIC:PARTITIONS have no partition in common", "one of them is enough");
  for (const auto& [number, offset] : range.start_at)
    if (std::ranges::count(chosen, number, &core::TopicPartition::partition) == 0)
      throw UsageError("--start-at: partition " + std::to_string(number) +
                       " is not among those that are read");
  return chosen;
}

admin::ReadPlan plan(client::Cluster& cluster, const std::vector<admin::TopicState>& topics,
                     const admin::ReadRange& range, bool committed) {
  return must(cluster.run(admin::plan, chosen_partitions(topics, range), range, admin::Stored{}, committed));
}

}  // namespace mq::cli
