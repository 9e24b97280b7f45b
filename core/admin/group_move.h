// SPDX-License-Identifier: Apache-2.0
// Moving a group: from where it is to where it shall go on, in each partition, as a plan that can be shown
// before it is carried out. Tasks live on the client's loop; each question of one has the client's `timeout`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/admin/missing.h"
#include "core/admin/risk.h"
#include "core/client/groups.h"

namespace mq::admin {

using client::Answer;
using client::Client;
using client::Task;

using Positions = std::map<core::TopicPartition, client::Offset>;

struct Move {
  core::TopicPartition partition;
  std::optional<client::Offset> current;
  client::Offset target = 0;
};

// `current` with what changes, in order; those that are there already are left out.
std::vector<Move> moves(const Positions& current, const Positions& target);
Risk risk_of_moves(const std::vector<Move>& all, bool evicts);

Task<Answer<Positions>> committed_of(Client& client, std::string group);

// Positions as far as the logs reach: an offset before the start or after the end is brought to it.
struct Reachable {
  struct Bound {
    core::TopicPartition partition;
    client::Offset wanted = 0, taken = 0;
  };
  Positions positions;
  std::vector<Bound> bound;      // those that were brought to a start or an end
  std::vector<Missing> missing;  // topics and partitions that do not exist; then the others are not looked at
};
Task<Answer<Reachable>> within_logs(Client& client, Positions target);

// Offsets so far from where the group is in these partitions, or from the log's start where it has none;
// never out of the log.
Task<Answer<Positions>> by_distance(Client& client, std::vector<core::TopicPartition> partitions,
                                    Positions current, std::int64_t distance);

// Each with what became of it, in their order. The group must have no members.
Task<Answer<std::vector<client::Committed>>> carry_out(Client& client, std::string group,
                                                       std::vector<Move> all);

}  // namespace mq::admin
