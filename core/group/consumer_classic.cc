// SPDX-License-Identifier: Apache-2.0
// A consumer group, as far as its members speak the classic protocol. Nobody leads and nobody waits for the
// others: a join is answered at once with the member's epoch as its generation, a sync with what it owns, and
// a member that has something to do hears from its heartbeat that there is a rebalance.
#include <algorithm>

#include "core/group/consumer_group.h"
#include "core/group/embedded_protocol.h"

namespace mq::core {

using kafka::Error;

namespace {

bool is_to_give_up(const ConsumerMember& member) {
  return member.owns.state == MemberState::unrevoked_partitions;
}

bool knows(const ConsumerMember& member, const Protocol& protocol) {
  return std::ranges::any_of(member.classic->protocols,
                             [&](const Protocol& known) { return known.name == protocol.name; });
}

// A join says what a first heartbeat says. All protocols of a member carry the same subscription.
ConsumerGroup::Heartbeat as_heartbeat(const ClassicGroup::Join& join, Subscription&& said) {
  ConsumerGroup::Heartbeat heartbeat;
  heartbeat.member_id = join.member_id.empty() ? join.new_member_id : join.member_id;
  heartbeat.instance_id = join.instance_id;
  heartbeat.rack_id = std::move(said.rack_id);
  heartbeat.client_id = join.client_id;
  heartbeat.client_host = join.client_host;
  heartbeat.rebalance_timeout = join.rebalance_timeout;
  heartbeat.topics = std::move(said.topics);
  heartbeat.pattern = "";
  heartbeat.owned = std::move(said.owned);
  heartbeat.classic = {join.session_timeout, join.protocols};
  return heartbeat;
}

}  // namespace

// ---------------------------------------------------------------------------------------------- joining

ClassicGroup::JoinAnswer ConsumerGroup::join(const ClassicGroup::Join& request, Time now, Rows& rows) {
  std::optional<Subscription> said;
  if (request.protocol_type == consumer_protocol_type && !request.protocols.empty())
    said = read_subscription(request.protocols.front().metadata, topics_);
  ClassicGroup::JoinAnswer answer;
  answer.error = check(request, said ? &*said : nullptr);
  if (answer.error == Error::member_id_required)
    answer.member_id = request.new_member_id;
  else if (answer.error != Error::group_max_size_reached)
    answer.member_id = request.member_id;
  if (answer.error != Error::none) return answer;

  ConsumerMember& member = hear(as_heartbeat(request, std::move(*said)), now, rows);
  if (!is_to_give_up(member)) member.asked_until.reset();
  ask(member, now);  // to sync
  answer.member_id = member.id;
  answer.generation = member.owns.epoch;
  answer.protocol_type = consumer_protocol_type;
  answer.protocol = member.classic->protocols.front().name;
  return answer;
}

// What it finds wrong has changed nothing. `said`: null when it cannot be read.
Error ConsumerGroup::check(const ClassicGroup::Join& request, const Subscription* said) const {
  const auto holder = request.instance_id ? by_instance_.find(*request.instance_id) : by_instance_.end();
  const bool takes_over = holder != by_instance_.end();
  const bool comes_again = !request.member_id.empty();
  if (request.instance_id && comes_again && !takes_over) return Error::unknown_member_id;
  if (takes_over && comes_again && holder->second != request.member_id) return Error::fenced_instance_id;
  const bool is_known = takes_over || find(request.member_id);
  if (!is_known && members_.size() >= limits_.members_max) return Error::group_max_size_reached;
  const std::string& self = takes_over ? holder->second : request.member_id;
  if (!said || !agrees(request.protocols, self)) return Error::inconsistent_group_protocol;
  // It was removed and does not know; what it still reads may be another's.
  if (!is_known && !said->owned.empty()) return Error::unknown_member_id;
  const bool is_new = !comes_again && !request.instance_id;
  return is_new && request.id_first ? Error::member_id_required : Error::none;
}

// Should the group be theirs alone again, they must have a protocol in common. `self`: who is joining.
bool ConsumerGroup::agrees(const std::vector<Protocol>& protocols, std::string_view self) const {
  return std::ranges::any_of(protocols, [&](const Protocol& protocol) {
    return std::ranges::all_of(members_, [&](const auto& entry) {
      const ConsumerMember& other = entry.second;
      return !other.classic || other.id == self || knows(other, protocol);
    });
  });
}

// ---------------------------------------------------------------------------------------------- staying

ClassicGroup::SyncAnswer ConsumerGroup::sync(const ClassicGroup::Sync& request, Time now) {
  ClassicGroup::SyncAnswer answer;
  answer.error = check_classic(request.member_id, request.instance_id);
  if (answer.error != Error::none) return answer;
  ConsumerMember& member = members_.find(request.member_id)->second;
  const std::string& protocol = member.classic->protocols.front().name;
  const bool differs = (request.protocol_type && request.protocol_type != consumer_protocol_type) ||
                       (request.protocol && request.protocol != protocol);
  if (request.generation != member.owns.epoch) answer.error = Error::illegal_generation;
  if (answer.error == Error::none && differs) answer.error = Error::inconsistent_group_protocol;
  if (answer.error != Error::none) return answer;

  touch(member, now);
  // Who is to give up has to hear of what it keeps first; its time goes on.
  if (member.owns.epoch < epoch_ && !is_to_give_up(member)) {
    ask(member, now);
    answer.error = Error::rebalance_in_progress;
    return answer;
  }
  if (!is_to_give_up(member)) member.asked_until.reset();
  answer.protocol_type = consumer_protocol_type;
  answer.protocol = protocol;
  answer.assignment = assignment_for(member, topics_);
  return answer;
}

Error ConsumerGroup::heartbeat(std::string_view member_id, const std::optional<std::string>& instance_id,
                               Generation generation, Time now, Rows& rows) {
  const Error wrong = check_classic(member_id, instance_id);
  if (wrong != Error::none) return wrong;
  ConsumerMember& member = members_.find(member_id)->second;
  if (generation != member.owns.epoch) return Error::illegal_generation;
  if (topics_changed(false, rows)) bump(rows);
  touch(member, now);
  if (!should_join(member)) return Error::none;
  ask(member, now);
  return Error::rebalance_in_progress;
}

// Something is to be given up or to be had, now.
bool ConsumerGroup::should_join(const ConsumerMember& member) const {
  if (member.owns.epoch < epoch_ || is_to_give_up(member)) return true;
  if (member.owns.state == MemberState::stable) return false;
  return !std::ranges::any_of(without(member.target, member.owns.assigned), [&](const auto& entry) {
    return std::ranges::any_of(entry.second, [&](auto p) { return is_taken(member, entry.first, p); });
  });
}

// The time that a member has begins when it hears of it first.
void ConsumerGroup::ask(ConsumerMember& member, Time now) {
  if (member.asked_until) return;
  member.asked_until = now + member.rebalance_timeout;
  wake(*member.asked_until);
}

// ---------------------------------------------------------------------------------------------- leaving

std::vector<Error> ConsumerGroup::leave(const std::vector<ClassicGroup::Leaving>& leaving, Rows& rows) {
  std::vector<Error> answers;
  bool anybody = false;
  for (const ClassicGroup::Leaving& one : leaving) {
    std::string id = one.member_id;
    Error error = Error::none;
    if (id.empty() && one.instance_id) {  // sent away by an administrator, whatever it speaks
      const auto holder = by_instance_.find(*one.instance_id);
      if (holder == by_instance_.end()) error = Error::unknown_member_id;
      if (error == Error::none) id = holder->second;
    } else {
      error = check_classic(id, one.instance_id);
    }
    if (error == Error::none) remove(id, rows);
    anybody |= error == Error::none;
    answers.push_back(error);
  }
  if (anybody) bump(rows);
  return answers;
}

// ---------------------------------------------------------------------------------------------- questions

Error ConsumerGroup::check_classic(std::string_view id, const std::optional<std::string>& instance_id) const {
  const Error other = check_instance(id, instance_id);
  if (other != Error::none) return other;
  const ConsumerMember* member = find(id);
  return member && member->classic ? Error::none : Error::unknown_member_id;
}

bool ConsumerGroup::is_all_classic() const {
  return !members_.empty() &&
         std::ranges::all_of(members_, [](const auto& entry) { return entry.second.classic.has_value(); });
}

}  // namespace mq::core
