// SPDX-License-Identifier: Apache-2.0
#include "core/admin/group_move.h"

#include <algorithm>
#include <set>

#include "core/admin/read_plan.h"
#include "core/admin/topic.h"

namespace mq::admin {
namespace {

// The topics and partitions that are not there.
Task<Answer<std::vector<Missing>>> missing_of(Client& client, const Positions& positions) {
  std::set<std::string> names;
  for (const auto& [partition, offset] : positions) names.insert(partition.topic);
  std::vector<Missing> missing;
  if (names.empty()) co_return missing;
  auto topics = selectors({names.begin(), names.end()});
  auto selection = co_await select(client, std::move(topics), true);
  if (!selection) co_return selection.error();
  missing = std::move(selection->missing);
  for (const auto& [partition, offset] : positions) {
    const auto topic = std::ranges::find(selection->topics, partition.topic, &TopicState::name);
    if (topic != selection->topics.end() && partition.partition >= topic->partition_count)
      missing.push_back(missing_partition(partition.topic, partition.partition));
  }
  co_return missing;
}

// Where the logs of these begin and end.
Task<Answer<std::vector<Ends>>> ends_of(Client& client, std::vector<core::TopicPartition> partitions) {
  ReadRange whole;
  Stored nothing;
  auto seen = co_await plan(client, std::move(partitions), std::move(whole), std::move(nothing), false);
  if (!seen) co_return seen.error();
  co_return std::move(seen->ends);
}

}  // namespace

std::vector<Move> moves(const Positions& current, const Positions& target) {
  std::vector<Move> all;
  for (const auto& [partition, offset] : target) {
    const auto before = current.find(partition);
    if (before != current.end() && before->second == offset) continue;
    Move& move = all.emplace_back();
    move.partition = partition;
    move.target = offset;
    if (before != current.end()) move.current = before->second;
  }
  return all;
}

Risk risk_of_moves(const std::vector<Move>& all, bool evicts) {
  std::set<std::string_view> topics;
  for (const Move& move : all) topics.insert(move.partition.topic);
  return topics.size() > 1 || evicts ? Risk::guarded : Risk::plain;
}

Task<Answer<Positions>> committed_of(Client& client, std::string group) {
  const auto offsets =
      co_await client::fetch_offsets(client, std::move(group), std::nullopt, false, client.deadline());
  if (!offsets) co_return offsets.error();
  Positions found;
  for (const client::Committed& one : *offsets)
    if (one.offset >= 0) found[one.partition] = one.offset;
  co_return found;
}

Task<Answer<Reachable>> within_logs(Client& client, Positions target) {
  Reachable reachable;
  auto missing = co_await missing_of(client, target);
  if (!missing) co_return missing.error();
  reachable.missing = std::move(*missing);
  if (!reachable.missing.empty()) co_return reachable;
  std::vector<core::TopicPartition> partitions;
  for (const auto& [partition, offset] : target) partitions.push_back(partition);
  const auto ends = co_await ends_of(client, partitions);
  if (!ends) co_return ends.error();
  for (std::size_t i = 0; i < partitions.size(); i++) {
    const client::Offset wanted = target[partitions[i]];
    const client::Offset taken = std::clamp(wanted, (*ends)[i].start, (*ends)[i].end);
    if (taken != wanted) reachable.bound.push_back({partitions[i], wanted, taken});
    reachable.positions[partitions[i]] = taken;
  }
  co_return reachable;
}

Task<Answer<Positions>> by_distance(Client& client, std::vector<core::TopicPartition> partitions,
                                    Positions current, std::int64_t distance) {
  const auto ends = co_await ends_of(client, partitions);
  if (!ends) co_return ends.error();
  Positions target;
  for (std::size_t i = 0; i < partitions.size(); i++) {
    const auto from = current.find(partitions[i]);
    const std::int64_t base = from == current.end() ? (*ends)[i].start : from->second;
    target[partitions[i]] = std::clamp(base + distance, (*ends)[i].start, (*ends)[i].end);
  }
  co_return target;
}

Task<Answer<std::vector<client::Committed>>> carry_out(Client& client, std::string group,
                                                       std::vector<Move> all) {
  std::vector<client::Committed> offsets;
  for (const Move& move : all) {
    client::Committed& one = offsets.emplace_back();
    one.partition = move.partition;
    one.offset = move.target;
  }
  client::Committer outsider;
  co_return co_await client::commit_offsets(client, std::move(group), std::move(outsider), std::move(offsets),
                                            client.deadline());
}

}  // namespace mq::admin
