// SPDX-License-Identifier: Apache-2.0
#include "core/admin/read_plan.h"

#include <algorithm>

#include "core/client/cluster.h"

namespace mq::admin {
namespace {

// One kind of offset of all partitions.
client::Task<client::Answer<std::vector<client::Offset>>> offsets_of_each(
    client::Client& client, const std::vector<core::TopicPartition>& partitions, std::int64_t timestamp,
    bool committed) {
  std::vector<client::OffsetQuery> queries;
  for (const auto& partition : partitions) queries.push_back({partition, timestamp});
  auto answers = co_await client::list_offsets(client, std::move(queries), client.deadline(), committed);
  if (!answers) co_return answers.error();
  std::vector<client::Offset> found;
  for (const auto& answer : *answers) {
    if (!answer.status) co_return answer.status.error();
    found.push_back(answer.offset);
  }
  co_return found;
}

// Those of a position's time; none when it has no time.
client::Task<client::Answer<std::vector<client::Offset>>> offsets_of_time(
    client::Client& client, const std::vector<core::TopicPartition>& partitions,
    const std::optional<Position>& position, bool committed) {
  const bool timed = position && position->kind == Position::Kind::time;
  if (!timed) co_return std::vector<client::Offset>{};
  co_return co_await offsets_of_each(client, partitions, position->n, committed);
}

// Where the `count` newest records of each partition begin.
client::Task<FoundOffsets> newest(client::Client& client, const ReadPlan& plan, std::int64_t count,
                                  bool committed, Stopped stopped) {
  std::vector<client::Assignment> stretches = plan.assignments;
  for (std::size_t i = 0; i < stretches.size(); i++)
    stretches[i].from = plan.ends[i].start, stretches[i].until = plan.ends[i].end;
  co_return co_await from_end(client, std::move(stretches), count, committed, std::move(stopped));
}

std::optional<client::Offset> time_at(const std::vector<client::Offset>& all, std::size_t i) {
  return all.empty() || all[i] < 0 ? std::optional<client::Offset>{} : all[i];
}

}  // namespace

bool ReadRange::grows() const {
  return follow || (to && to->kind == Position::Kind::offset && !at_end);
}

ReadRange ReadRange::added() const {
  ReadRange range = *this;
  range.last.reset();
  const bool at_the_end =
      from && (from->kind == Position::Kind::end || from->kind == Position::Kind::before_end);
  if (at_the_end) range.from.reset();
  return range;
}

client::Offset offset_of(const Position& position, const Ends& ends, std::optional<client::Offset> at_time) {
  using In = Position::Kind;
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
  const auto starts = co_await offsets_of_each(client, partitions, client::earliest, committed);
  if (!starts) co_return starts.error();
  const auto ends = co_await offsets_of_each(client, partitions, client::latest, committed);
  if (!ends) co_return ends.error();
  const auto from_times = co_await offsets_of_time(client, partitions, range.from, committed);
  if (!from_times) co_return from_times.error();
  const auto to_times = co_await offsets_of_time(client, partitions, range.to, committed);
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
  auto begins = co_await newest(client, plan, *range.last, committed, range.stopped);
  if (!begins) co_return begins.error();
  for (std::size_t i = 0; i < partitions.size(); i++) {
    client::Assignment& assignment = plan.assignments[i];
    if (!range.start_at.contains(assignment.partition.partition)) assignment.from = (*begins)[i];
  }
  co_return plan;
}

}  // namespace mq::admin
