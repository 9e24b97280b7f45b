// SPDX-License-Identifier: Apache-2.0
// Consumer groups seen from outside: which there are, who is in them, what they have committed, and how that
// is changed. Each function tries again what Kafka calls retriable, until its deadline. Works with any broker
// of the Kafka protocol.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/client.h"
#include "net/kafka/messages/delete_groups.h"
#include "net/kafka/messages/leave_group.h"
#include "net/kafka/messages/offset_delete.h"

namespace mq::client {

struct ListedGroup {
  std::string name;
  std::string protocol_type;  // "consumer"; empty for one that only has offsets
  std::string state;          // "Stable"; empty: an old broker does not say
  std::string type;           // "classic", "consumer"; empty: an old broker does not say
  BrokerId coordinator = -1;
};

struct GroupMember {
  std::string id;
  std::optional<std::string> instance;
  std::string client_id, host;
  std::vector<std::string> topics;
  std::vector<TopicPartition> assigned;
};

struct DescribedGroup {
  std::string name;
  std::string state;  // "Dead": there is none of this name
  std::string protocol_type;
  std::string assignor;
  BrokerId coordinator = -1;
  std::vector<GroupMember> members = {};
  Answer<Nothing> status = Nothing{};
};

struct Committed {
  TopicPartition partition;
  Offset offset = -1;  // -1: none
  // To commit it for the topic of this id and no other of the name (unknown_topic_id), where the broker knows
  // how; all zero: whichever there is.
  kafka::Uuid topic_id{};
  std::string metadata = {};
  std::int32_t leader_epoch = -1;
  Answer<Nothing> status = Nothing{};
};

// Whoever commits: a member, or with these values somebody from outside, which only an empty group allows.
struct Committer {
  std::string member = {};
  std::int32_t generation = -1;
  std::optional<std::string> instance = std::nullopt;
};

// Of all brokers; a broker that does not answer is a failure.
Task<Answer<std::vector<ListedGroup>>> list_groups(Client& client, Time deadline);
// One for each name, in their order.
Task<Answer<std::vector<DescribedGroup>>> describe_groups(Client& client, std::vector<std::string> names,
                                                          Time deadline);

// No partitions: all that have an offset. `stable`: waits for open transactions to end.
Task<Answer<std::vector<Committed>>> fetch_offsets(Client& client, std::string group,
                                                   std::optional<std::vector<TopicPartition>> partitions,
                                                   bool stable, Time deadline);
// One for each, in their order, with what became of it.
Task<Answer<std::vector<Committed>>> commit_offsets(Client& client, std::string group, Committer by,
                                                    std::vector<Committed> offsets, Time deadline);
// The same.
Task<Answer<std::vector<Committed>>> delete_offsets(Client& client, std::string group,
                                                    std::vector<TopicPartition> partitions, Time deadline);
Task<Answer<Nothing>> delete_group(Client& client, std::string group, Time deadline);
// Members leave whether they want or not; nothing: all.
Task<Answer<Nothing>> remove_members(Client& client, std::string group, std::vector<GroupMember> members,
                                     Time deadline);

}  // namespace mq::client
