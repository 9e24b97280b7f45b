// SPDX-License-Identifier: Apache-2.0
// Joining a group: who may, as whom, and whether that makes the others join again.
#include "core/group/classic.h"

namespace mq::core {

using kafka::Error;

namespace {

ClassicGroup::JoinAnswer refused_join(Error error, std::string member_id) {
  ClassicGroup::JoinAnswer answer;
  answer.error = error;
  answer.member_id = std::move(member_id);
  return answer;
}

}  // namespace

void ClassicGroup::join(Join request, Ticket ticket, Now now, Step& step) {
  const Error full = admit(request);
  if (full != Error::none) {
    pending_.erase(request.member_id);
    remove(request.member_id, Error::unknown_member_id, step);
    step.joined.emplace_back(ticket, refused_join(full, ""));
    return complete_if_all_joined(now, step);
  }
  if (!agrees(request)) {
    step.joined.emplace_back(ticket, refused_join(Error::inconsistent_group_protocol, request.member_id));
    return;
  }
  if (request.member_id.empty())
    join_new(std::move(request), ticket, now, step);
  else
    join_again(std::move(request), ticket, now, step);
}

// While members are gathered, those count who have come: the limit may have been lowered, and the last to
// come are then the ones who have to go.
Error ClassicGroup::admit(const Join& request) const {
  if (state_ == GroupState::empty) return Error::none;
  const ClassicMember* member = members_.find(request.member_id);
  const bool gathering = state_ == GroupState::preparing_rebalance;
  if (member && (!gathering || member->joining)) return Error::none;
  const std::size_t size = gathering ? members_.joining() : members_.size();
  return size < limits_.members_max ? Error::none : Error::group_max_size_reached;
}

bool ClassicGroup::agrees(const Join& request) const {
  if (request.protocol_type.empty() || request.protocols.empty()) return false;
  if (members_.empty()) return true;
  return request.protocol_type == protocol_type_ && members_.all_know_one_of(request.protocols);
}

void ClassicGroup::join_new(Join&& request, Ticket ticket, Now now, Step& step) {
  if (request.instance_id && members_.id_of(*request.instance_id))
    return replace_static(std::move(request), ticket, now, step);
  if (request.instance_id || !request.id_first) {
    const std::string id = request.new_member_id;
    return add(std::move(request), id, ticket, now, step);
  }
  if (pending_.size() >= limits_.members_max) {
    step.joined.emplace_back(ticket, refused_join(Error::group_max_size_reached, ""));
    return;
  }
  // A client that gives up while it waits for its first answer never learned its id, and its next try would
  // be one more member. So it gets the id first, and only who comes with an id is waited for.
  const Time end = now.time + request.session_timeout;
  pending_[request.new_member_id] = end;
  wake(end);
  step.joined.emplace_back(ticket, refused_join(Error::member_id_required, request.new_member_id));
}

void ClassicGroup::join_again(Join&& request, Ticket ticket, Now now, Step& step) {
  if (!request.instance_id && pending_.erase(request.member_id) > 0) {
    const std::string id = request.member_id;
    return add(std::move(request), id, ticket, now, step);
  }
  const Error wrong = check_member(request.member_id, request.instance_id);
  if (wrong != Error::none) {
    step.joined.emplace_back(ticket, refused_join(wrong, request.member_id));
    return;
  }
  ClassicMember& member = *members_.find(request.member_id);
  const bool same = member.protocols == request.protocols;
  const bool leads = members_.leader() == member.id;
  // A leader that comes again wants to assign anew; a follower that only missed the answer hears it again.
  const bool answer_again = (state_ == GroupState::completing_rebalance && same) ||
                            (state_ == GroupState::stable && same && !leads);
  if (answer_again) {
    step.joined.emplace_back(ticket, current(member, leads));
    return;
  }
  update(member, std::move(request), ticket, step);
  rebalance_or_complete(now, step);
}

void ClassicGroup::add(Join&& request, const std::string& id, Ticket ticket, Now now, Step& step) {
  if (members_.empty()) protocol_type_ = request.protocol_type;
  ClassicMember member;
  member.id = id;
  member.instance_id = request.instance_id;
  member.is_new = true;
  member.expires = now.time + limits_.new_member_timeout;
  wake(member.expires);
  ClassicMember& added = members_.add(std::move(member));
  update(added, std::move(request), ticket, step);
  if (state_ == GroupState::preparing_rebalance && from_empty_) somebody_came_ = true;
  rebalance_or_complete(now, step);
}

// Everything that a join says about its member. A join of the same member that still waits is answered.
void ClassicGroup::update(ClassicMember& member, Join&& request, std::optional<Ticket> ticket, Step& step) {
  if (member.joining) answer_join(member, Error::rebalance_in_progress, step);
  members_.set_protocols(member, std::move(request.protocols));
  member.client_id = std::move(request.client_id);
  member.client_host = std::move(request.client_host);
  member.session_timeout = request.session_timeout;
  member.rebalance_timeout = request.rebalance_timeout;
  member.joining = ticket;
}

// A static member came back as a new process: it takes the place of the old one, with its assignment. While
// the group is stable and goes on as it is, nobody else notices.
void ClassicGroup::replace_static(Join&& request, Ticket ticket, Now now, Step& step) {
  const std::string old_leader = members_.leader();
  const std::string old_id = *members_.id_of(*request.instance_id);
  ClassicMember& old = *members_.find(old_id);
  answer_join(old, Error::fenced_instance_id, step);
  answer_sync(old, Error::fenced_instance_id, step);
  ClassicMember& member = members_.rename(old_id, request.new_member_id);
  const bool may_skip = request.may_skip_assignment;
  update(member, std::move(request), std::nullopt, step);
  touch(member, now);
  if (state_ != GroupState::stable || members_.vote() != protocol_) {
    member.joining = ticket;
    return rebalance_or_complete(now, step);
  }
  const bool leads = members_.leader() == member.id;
  JoinAnswer answer = current(member, leads && may_skip);
  answer.skip_assignment = leads && may_skip;
  if (!may_skip) answer.leader = old_leader;  // so that it does not take itself for one and assign
  held_.push_back({write(step), ticket, std::move(answer)});
}

ClassicGroup::JoinAnswer ClassicGroup::current(const ClassicMember& member, bool with_members) const {
  JoinAnswer answer;
  answer.member_id = member.id;
  answer.generation = generation_;
  answer.protocol_type = protocol_type_;
  answer.protocol = protocol_;
  answer.leader = members_.leader();
  if (with_members)
    for (const auto& [id, one] : members_.all())
      answer.members.push_back({id, one.instance_id, one.metadata_for(*protocol_)});
  return answer;
}

}  // namespace mq::core
