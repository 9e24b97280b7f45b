// SPDX-License-Identifier: Apache-2.0
// Who leads, and where partitions are, changed: leaders elected, partitions moved to other brokers or kept
// from it. Parsing is pure; tasks live on the client's loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/client.h"

namespace mq::admin {

using client::Answer;
using client::Client;
using client::Task;

struct Reassignment {
  core::TopicPartition partition;
  std::vector<core::BrokerId> replicas;  // the first one is to lead; empty: it stops moving, and goes back
};

// "orders:0,2=1,2,3": one for each partition. Throws UsageError.
std::vector<Reassignment> parse_reassignment(std::string_view text);
// Kafka's file: {"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1,2,3]}]}. Throws
// UsageError.
std::vector<Reassignment> parse_reassignment_file(std::string_view json);
void check_each_once(const std::vector<Reassignment>& reassignments);  // throws UsageError

// What became of one partition.
struct ReplicaChange {
  core::TopicPartition partition;
  Answer<client::Nothing> status = client::Nothing{};
};
// One for each, in their order.
Task<Answer<std::vector<ReplicaChange>>> elect_leaders(Client& client,
                                                       std::vector<core::TopicPartition> partitions,
                                                       bool unclean, client::Time deadline);
Task<Answer<std::vector<ReplicaChange>>> reassign(Client& client, std::vector<Reassignment> reassignments,
                                                  client::Time deadline);

// A partition that moves now.
struct MovingPartition {
  core::TopicPartition partition;
  std::vector<core::BrokerId> replicas, adding, removing;
};
Task<Answer<std::vector<MovingPartition>>> moving_partitions(Client& client, client::Time deadline);

// Looks again and again until each of them is where it was to go, or the deadline has passed: those that are
// not there yet.
Task<Answer<std::vector<core::TopicPartition>>> wait_until_moved(Client& client,
                                                                 std::vector<Reassignment> reassignments,
                                                                 client::Time deadline);

// The pause between two looks of those who wait. False: the deadline has passed, or will have by then.
Task<bool> look_again(Client& client, client::Time deadline);

}  // namespace mq::admin
