// SPDX-License-Identifier: Apache-2.0
#include "core/group/group.h"

#include <algorithm>

namespace mq::core {

namespace {

constexpr std::chrono::minutes look_interval{10};  // Kafka's offsets.retention.check.interval.ms
constexpr std::chrono::hours look_max{24 * 100};   // clients may ask for more than a clock can count

}  // namespace

bool Group::is_empty() const {
  return classic.state() == GroupState::empty && classic.pending() == 0 &&
         (!consumer || consumer->members().empty());
}

bool Group::is_flushed() const {
  return !newest || newest->is_set();
}

bool Group::is_committing(const TopicPartition& which) const {
  return std::ranges::any_of(committing, [&](const auto& commits) {
    return std::ranges::any_of(*commits, [&](const PartitionCommit& one) {
      return one.topic == which.topic && one.partition == which.partition;
    });
  });
}

std::set<TopicPartition> Group::partitions() const {
  std::set<TopicPartition> all = offsets.partitions();
  for (const auto& commits : committing)
    for (const PartitionCommit& one : *commits) all.insert({one.topic, one.partition});
  return all;
}

std::optional<Time> Group::wake_at() const {
  std::optional<Time> first = classic.wake_at();
  for (const auto& at : {look_at, consumer ? consumer->wake_at() : std::nullopt})
    if (at && (!first || *at < *first)) first = at;
  return first;
}

void Group::look_later(Timestamp at_ms, Now now) {
  const auto wait = std::clamp<std::chrono::milliseconds>(std::chrono::milliseconds(at_ms - now.wall_ms),
                                                          look_interval, look_max);
  const Time at = now.time + wait;
  if (!look_at || at < *look_at) look_at = at;
}

}  // namespace mq::core
