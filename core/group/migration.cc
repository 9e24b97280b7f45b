// SPDX-License-Identifier: Apache-2.0
#include "core/group/migration.h"

#include <algorithm>

#include "core/group/embedded_protocol.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr std::size_t metadata_bytes_max = 8u << 20;  // of all members: they are written in one piece

std::size_t metadata_bytes(const ClassicGroup& group) {
  std::size_t sum = 0;
  for (const auto& [id, member] : group.members().all())
    for (const Protocol& protocol : member.protocols) sum += protocol.metadata.size();
  return sum;
}

// Those of Kafka's clients: what they write behind an assignment (librdkafka's leader repeats what the member
// said about its past) is of no use to who assigns anew.
bool is_usual_assignor(const std::string& name) {
  constexpr std::string_view usual[] = {"range", "roundrobin", "sticky", "cooperative-sticky"};
  return std::find(std::begin(usual), std::end(usual), name) != std::end(usual);
}

Upgrade refused(Error error, std::string message) {
  return {nullptr, error, std::move(message)};
}

// Why nobody but their leader can go on with these members; none: we can.
Upgrade check(const ClassicGroup& group, const ConsumerLimits& limits) {
  const auto no = [](std::string why) { return refused(Error::group_id_not_found, std::move(why)); };
  if (group.members().empty()) return {};
  if (group.protocol_type() != consumer_protocol_type) return no("the group is not one of consumers");
  if (group.members().size() > limits.members_max) return no("the group has too many members");
  if (metadata_bytes(group) > metadata_bytes_max) return no("the metadata of the members is too large");
  return {};
}

ConsumerMember member_of(const ClassicMember& from, Generation generation, Subscription&& said) {
  ConsumerMember member;
  member.id = from.id;
  member.instance_id = from.instance_id;
  member.rack_id = std::move(said.rack_id);
  member.client_id = from.client_id;
  member.client_host = from.client_host;
  member.topics = std::move(said.topics);
  member.rebalance_timeout = from.rebalance_timeout;
  member.classic = {from.session_timeout, from.protocols};
  member.owns.epoch = member.owns.previous_epoch = generation;
  return member;
}

// Who has not heard yet what it is assigned reads on what it had, if its way of assigning lets it.
bool has_heard(const ClassicGroup& group, const ClassicMember& member) {
  return group.state() != GroupState::completing_rebalance && !member.owes_sync && !member.assignment.empty();
}

}  // namespace

Upgrade upgraded(const ClassicGroup& group, const ConsumerLimits& limits, const TopicCatalog& topics,
                 Time now) {
  Upgrade upgrade = check(group, limits);
  if (upgrade.error != Error::none) return upgrade;
  upgrade.group = std::make_unique<ConsumerGroup>(limits, topics, group.generation());
  Assignment taken;
  for (const auto& [id, from] : group.members().all()) {
    if (from.is_new || from.protocols.empty()) continue;
    auto said = read_subscription(from.protocols.front().metadata, topics);
    auto given = read_assignment(from.assignment, topics);
    if (!said || !given) return refused(Error::group_id_not_found, "what member " + id + " says is unknown");
    if (given->has_user_data && !is_usual_assignor(group.protocol().value_or("")))
      return refused(Error::unsupported_version, "the members assign in a way of their own");
    Assignment owned = std::move(given->partitions);
    if (!has_heard(group, from)) add(owned, said->owned);
    ConsumerMember& member = upgrade.group->restore_member(id);
    member = member_of(from, group.generation(), std::move(*said));
    member.owns.assigned = without(owned, taken);
    member.target = member.owns.assigned;
    add(taken, member.owns.assigned);
  }
  upgrade.group->restored(now);
  return upgrade;
}

std::vector<ClassicMember> classic_members(const ConsumerGroup& group, const TopicCatalog& topics) {
  std::vector<ClassicMember> members;
  for (const auto& [id, from] : group.members()) {
    if (!from.classic) continue;
    ClassicMember& member = members.emplace_back();
    member.id = id;
    member.instance_id = from.instance_id;
    member.client_id = from.client_id;
    member.client_host = from.client_host;
    member.session_timeout = from.classic->session_timeout;
    member.rebalance_timeout = from.rebalance_timeout;
    member.protocols = from.classic->protocols;
    member.assignment = assignment_for(from, topics);
    member.came_with = from.owns.epoch;
  }
  return members;
}

}  // namespace mq::core
