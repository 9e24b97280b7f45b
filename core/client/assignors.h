// SPDX-License-Identifier: Apache-2.0
// How the leader of a classic group deals partitions out to its members: range, roundrobin and
// cooperative-sticky, by the rules of Kafka's own clients, so that it does not matter who leads. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace mq::client {

using core::TopicPartition;

struct Subscriber {
  std::string member;
  std::optional<std::string> instance = std::nullopt;
  std::vector<std::string> topics;
  std::vector<TopicPartition> owned = {};  // what it still reads, as of `generation`
  std::int32_t generation = -1;
};

using PartitionCounts = std::map<std::string, std::int32_t>;        // of the topics that exist
using Shares = std::map<std::string, std::vector<TopicPartition>>;  // by member; every member has one

struct Assignor {
  std::string_view name;
  // A member goes on reading through a rebalance, and what moves is free for one round in between.
  bool cooperative;
  Shares (*deal)(const std::vector<Subscriber>& subscribers, const PartitionCounts& topics);
};

std::span<const Assignor> assignors();  // the first one is the default
const Assignor* find_assignor(std::string_view name);

}  // namespace mq::client
