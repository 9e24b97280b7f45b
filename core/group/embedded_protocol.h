// SPDX-License-Identifier: Apache-2.0
// What consumers tell each other through the classic protocol. The broker reads and writes it where members
// of both protocols share a group: there it does what a leader would. Pure functions.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/group/assignment.h"
#include "core/group/consumer_member.h"
#include "core/group/topic_catalog.h"
#include "net/kafka/types.h"

namespace mq::core {

inline constexpr std::string_view consumer_protocol_type = "consumer";

// Topics that do not exist are left out of what is read here.
struct Subscription {
  std::set<std::string> topics;
  Assignment owned;  // what the member keeps while it joins
  std::optional<std::string> rack_id;
};
std::optional<Subscription> read_subscription(net::Bytes metadata, const TopicCatalog& topics);

struct LeadersAssignment {
  Assignment partitions;
  bool has_user_data = false;  // words of an assignor of the clients' own, which only that could go on with
};
std::optional<LeadersAssignment> read_assignment(net::Bytes assignment, const TopicCatalog& topics);

// What this member owns, as it reads it: in the version of its own metadata.
kafka::Bytes assignment_for(const ConsumerMember& member, const TopicCatalog& topics);

}  // namespace mq::core
