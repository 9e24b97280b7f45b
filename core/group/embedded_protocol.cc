// SPDX-License-Identifier: Apache-2.0
#include "core/group/embedded_protocol.h"

#include <algorithm>

#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"

namespace mq::core {

namespace {

template <class Listed>
Assignment read_partitions(const std::vector<Listed>& list, const TopicCatalog& topics) {
  Assignment out;
  for (const Listed& listed : list) {
    const auto facts = topics.find(listed.topic);
    if (!facts) continue;
    for (const std::int32_t partition : listed.partitions)
      if (partition >= 0) add(out, facts->id, partition);
  }
  return out;
}

// One that we do not know is answered with the last that we do: newer ones only append.
kafka::Version version_of(const ConsumerMember& member) {
  constexpr kafka::Versions known = kafka::Describe<kafka::ConsumerProtocolAssignment>::valid;
  if (!member.classic || member.classic->protocols.empty()) return known.first;
  const auto said = kafka::first_number(member.classic->protocols.front().metadata);
  return std::clamp(said.value_or(known.first), known.first, known.last);
}

}  // namespace

std::optional<Subscription> read_subscription(net::Bytes metadata, const TopicCatalog& topics) {
  auto read = kafka::decode_value<kafka::ConsumerProtocolSubscription>(metadata);
  if (!read) return {};
  Subscription said;
  said.topics = {read->topics.begin(), read->topics.end()};
  said.owned = read_partitions(read->owned_partitions, topics);
  said.rack_id = std::move(read->rack_id);
  return said;
}

std::optional<LeadersAssignment> read_assignment(net::Bytes assignment, const TopicCatalog& topics) {
  if (assignment.empty()) return LeadersAssignment{};
  const auto read = kafka::decode_value<kafka::ConsumerProtocolAssignment>(assignment);
  if (!read) return {};
  const bool has_user_data = read->user_data && !read->user_data->empty();
  return LeadersAssignment{read_partitions(read->assigned_partitions, topics), has_user_data};
}

// Whatever it owns is of a topic that it named.
kafka::Bytes assignment_for(const ConsumerMember& member, const TopicCatalog& topics) {
  kafka::ConsumerProtocolAssignment value;
  for (const std::string& name : member.topics) {
    const auto facts = topics.find(name);
    if (!facts) continue;
    const auto owned = member.owns.assigned.find(facts->id);
    if (owned == member.owns.assigned.end()) continue;
    auto& listed = value.assigned_partitions.emplace_back();
    listed.topic = name;
    listed.partitions.assign(owned->second.begin(), owned->second.end());
  }
  return kafka::encode_value(value, version_of(member));
}

}  // namespace mq::core
