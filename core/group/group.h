// SPDX-License-Identifier: Apache-2.0
// One group as its coordinator has it: its state in either protocol, its offsets, and what of them is not
// durable yet. Lives on the loop.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/group/classic.h"
#include "core/group/consumer_group.h"
#include "core/group/offsets.h"
#include "core/loop/clock.h"
#include "core/loop/promise.h"

namespace mq::core {

// A write that was handed to the log, and what becomes of it, as clients hear it.
using Durable = std::shared_ptr<Promise<kafka::Error>>;

inline Now now_of(const Clock& clock) {
  return {clock.now(), clock.wall_ms()};
}

// A group is of the classic protocol or of the consumer protocol; one without members becomes what the next
// one to join speaks, and its offsets stay.
struct Group {
  explicit Group(const ClassicLimits& limits) : classic(limits) {}

  std::string id;
  std::uint64_t number = 0;    // of all groups ever made here: orders them
  std::int32_t partition = 0;  // of __consumer_offsets
  Epoch epoch = 0;             // in which that was led here when this object was made
  ClassicGroup classic;
  std::unique_ptr<ConsumerGroup> consumer;  // of the consumer protocol; `classic` is without members then
  ConsumerGroupRows unwritten;              // of `consumer`: whose write failed
  GroupOffsets offsets;
  std::list<std::shared_ptr<const std::vector<PartitionCommit>>> committing;  // what is not durable yet
  std::size_t in_flight = 0;    // writes that are not durable yet
  Durable newest;               // of them
  std::optional<Time> look_at;  // for what expired
  std::optional<Time> armed;    // its place among the deadlines
  bool dropped = false;         // nobody finds it any more

  bool is_empty() const;    // nobody is a member, or about to be one
  bool is_flushed() const;  // all that is known of it is durable
  std::optional<Time> wake_at() const;
  bool is_committing(const TopicPartition& which) const;
  std::set<TopicPartition> partitions() const;  // of which it has offsets, or will have

  // Something in it may expire then: it is looked at 10 minutes from now at the earliest, for there may be
  // much to look at, and in 100 days at the latest. Does not arm it.
  void look_later(Timestamp at_ms, Now now);
};
using GroupPtr = std::shared_ptr<Group>;

struct ByNumber {
  bool operator()(const GroupPtr& a, const GroupPtr& b) const { return a->number < b->number; }
};

}  // namespace mq::core
