// SPDX-License-Identifier: Apache-2.0
#include "cli/records/read_range.h"

#include <algorithm>

#include "cli/records/visible.h"

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

// One kind of offset of all partitions.
client::Task<client::Answer<std::vector<client::Offset>>> offsets(
    client::Client& client, const std::vector<core::TopicPartition>& partitions, std::int64_t timestamp,
    bool committed) {
  std::vector<client::OffsetQuery> queries;
  for (const auto& partition : partitions) queries.push_back({partition, timestamp});
  const auto deadline = std::chrono::steady_clock::now() + client.options().timeout;
  auto answers = co_await client::list_offsets(client, std::move(queries), deadline, committed);
  if (!answers) co_return answers.error();
  std::vector<client::Offset> found;
  for (const auto& answer : *answers) {
    if (!answer.status) co_return answer.status.error();
    found.push_back(answer.offset);
  }
  co_return found;
}

// Those of a position's time; none when it has no time.
client::Task<client::Answer<std::vector<client::Offset>>> offsets_at(
    client::Client& client, const std::vector<core::TopicPartition>& partitions,
    const std::optional<admin::Position>& position, bool committed) {
  const bool timed = position && position->kind == admin::Position::Kind::time;
  if (!timed) co_return std::vector<client::Offset>{};
  co_return co_await offsets(client, partitions, position->n, committed);
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

// Where the `count` newest records of each partition begin.
client::Task<FoundOffsets> newest(client::Client& client, const ReadPlan& plan, std::int64_t count,
                                  bool committed) {
  std::vector<client::Assignment> stretches = plan.assignments;
  for (std::size_t i = 0; i < stretches.size(); i++)
    stretches[i].from = plan.ends[i].start, stretches[i].until = plan.ends[i].end;
  co_return co_await from_end(client, std::move(stretches), count, committed);
}

std::optional<client::Offset> time_at(const std::vector<client::Offset>& all, std::size_t i) {
  return all.empty() || all[i] < 0 ? std::optional<client::Offset>{} : all[i];
}

}  // namespace

ReadRange ReadRange::from_flags(const Context& context, const Arguments& arguments) {
  ReadRange range;
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

bool ReadRange::grows() const {
  return follow || (to && to->kind == admin::Position::Kind::offset && !at_end);
}

ReadRange ReadRange::added() const {
  ReadRange range = *this;
  range.last.reset();
  const bool at_the_end =
      from && (from->kind == admin::Position::Kind::end || from->kind == admin::Position::Kind::before_end);
  if (at_the_end) range.from.reset();
  return range;
}

std::vector<core::TopicPartition> chosen_partitions(const std::vector<admin::TopicState>& topics,
                                                    const ReadRange& range) {
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

client::Offset offset_of(const admin::Position& position, const Ends& ends,
                         std::optional<client::Offset> at_time) {
  using In = admin::Position::Kind;
  switch (position.kind) {
    case In::start:
    case In::stored:
      return ends.start;
    case In::end:
      return ends.end;
    case In::offset:
      return position.n;
    case In::after_start:
      return ends.start + std::min(position.n, INT64_MAX - ends.start);
    case In::before_end:
      return std::max(ends.start, ends.end - position.n);
    case In::time:
      return at_time.value_or(ends.end);
  }
  return ends.start;
}

client::Task<client::Answer<ReadPlan>> plan(client::Client& client,
                                            std::vector<core::TopicPartition> partitions, ReadRange range,
                                            Stored stored, bool committed) {
  std::vector<kafka::Uuid> ids;  // taken first: what is then found out is of these topics, or of newer ones
  for (const auto& partition : partitions) ids.push_back(client.topic_id(partition.topic));
  const auto starts = co_await offsets(client, partitions, client::earliest, committed);
  if (!starts) co_return starts.error();
  const auto ends = co_await offsets(client, partitions, client::latest, committed);
  if (!ends) co_return ends.error();
  const auto from_times = co_await offsets_at(client, partitions, range.from, committed);
  if (!from_times) co_return from_times.error();
  const auto to_times = co_await offsets_at(client, partitions, range.to, committed);
  if (!to_times) co_return to_times.error();
  ReadPlan plan;
  for (std::size_t i = 0; i < partitions.size(); i++) {
    client::Assignment& assignment = plan.assignments.emplace_back();
    assignment.partition = partitions[i];
    assignment.topic_id = ids[i];
    const Ends& seen = plan.ends.emplace_back(Ends{(*starts)[i], std::max((*starts)[i], (*ends)[i])});
    const auto chosen = range.start_at.find(assignment.partition.partition);
    assignment.from = seen.start;
    if (range.from) assignment.from = offset_of(*range.from, seen, time_at(*from_times, i));
    if (chosen != range.start_at.end()) assignment.from = chosen->second;
    assignment.from = std::clamp(assignment.from, seen.start, seen.end);
    if (const auto known = stored.find(assignment.partition); known != stored.end())
      assignment.from = known->second;  // if that is gone, it is said when it is read
    if (range.to) assignment.until = offset_of(*range.to, seen, time_at(*to_times, i));
    if (range.at_end || range.last) assignment.until = std::min(assignment.until, seen.end);
  }
  if (!range.last) co_return plan;
  auto begins = co_await newest(client, plan, *range.last, committed);
  if (!begins) co_return begins.error();
  for (std::size_t i = 0; i < partitions.size(); i++) {
    client::Assignment& assignment = plan.assignments[i];
    if (!range.start_at.contains(assignment.partition.partition)) assignment.from = (*begins)[i];
  }
  co_return plan;
}

ReadPlan plan(client::Cluster& cluster, const std::vector<admin::TopicState>& topics, const ReadRange& range,
              bool committed) {
  return must(cluster.run(plan(cluster.client(), chosen_partitions(topics, range), range, {}, committed)));
}

}  // namespace mq::cli
