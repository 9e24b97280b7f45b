// SPDX-License-Identifier: Apache-2.0
#include "core/group/classic.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace mq::core {

using kafka::Error;

std::string_view name_of(GroupState state) {
  constexpr std::string_view names[] = {"Empty", "PreparingRebalance", "CompletingRebalance", "Stable"};
  return names[static_cast<std::size_t>(state)];
}

namespace {

constexpr std::chrono::milliseconds look_again_after{
    1000};  // while only static members are left, which do not come

}  // namespace

// ---------------------------------------------------------------------------------------------- rebalancing

void ClassicGroup::rebalance_or_complete(Now now, Step& step) {
  if (state_ == GroupState::preparing_rebalance)
    complete_if_all_joined(now, step);
  else
    prepare_rebalance(now, step);
}

// Everybody has to join again. A group that was empty waits for more to come, so that the members of an
// application that starts are one generation.
void ClassicGroup::prepare_rebalance(Now now, Step& step) {
  if (state_ == GroupState::completing_rebalance) answer_syncs(Error::rebalance_in_progress, now, step);
  assignments_write_.reset();
  sync_deadline_.reset();
  for (auto& [id, member] : members_) member.owes_sync = false;
  const bool first = state_ == GroupState::empty;
  from_empty_ = first && limits_.initial_rebalance_delay.count() > 0;
  somebody_came_ = false;
  state_ = GroupState::preparing_rebalance;
  since_ms_ = now.wall_ms;
  if (first && !from_empty_) return complete_join(now, step);
  const auto timeout = members_.rebalance_timeout();
  delay_left_ = timeout - std::min(timeout, limits_.initial_rebalance_delay);
  join_deadline_ = now.time + (from_empty_ ? limits_.initial_rebalance_delay : timeout);
  wake(*join_deadline_);
  complete_if_all_joined(now, step);
}

void ClassicGroup::complete_if_all_joined(Now now, Step& step) {
  if (state_ != GroupState::preparing_rebalance || from_empty_) return;
  if (pending_.empty() && members_.joining() == members_.size()) complete_join(now, step);
}

void ClassicGroup::join_deadline_passed(Now now, Step& step) {
  if (from_empty_ && somebody_came_ && delay_left_.count() > 0) {
    const auto delay = std::min(limits_.initial_rebalance_delay, delay_left_);
    delay_left_ -= delay;
    somebody_came_ = false;
    join_deadline_ = now.time + delay;
    return;
  }
  complete_join(now, step);
}

// Who has not come is gone, except static members: they are kept until their sessions end.
void ClassicGroup::complete_join(Now now, Step& step) {
  std::vector<std::string> gone;
  for (const auto& [id, member] : members_.all())
    if (!member.joining && !member.instance_id) gone.push_back(id);
  for (const std::string& id : gone) remove(id, Error::unknown_member_id, step);
  from_empty_ = false;
  if (!members_.elect_leader() && !members_.empty()) {
    join_deadline_ = now.time + std::max(members_.rebalance_timeout(), look_again_after);
    return wake(*join_deadline_);
  }
  join_deadline_.reset();
  generation_ = generation_ == std::numeric_limits<Generation>::max() ? 1 : generation_ + 1;
  if (members_.empty()) return become_empty(now, step);

  state_ = GroupState::completing_rebalance;
  since_ms_ = now.wall_ms;
  protocol_ = members_.vote();
  sync_deadline_ = now.time + members_.rebalance_timeout();
  wake(*sync_deadline_);
  for (auto& [id, member] : members_) {
    if (member.joining) {
      const bool leads = members_.leader() == id;
      step.joined.emplace_back(*std::exchange(member.joining, std::nullopt), current(member, leads));
    }
    member.is_new = false;
    member.came_with.reset();
    member.owes_sync = true;
    member.assignment.clear();
    touch(member, now);
  }
}

void ClassicGroup::become_empty(Now now, Step& step) {
  state_ = GroupState::empty;
  since_ms_ = now.wall_ms;
  protocol_.reset();
  write(step);
}

// ---------------------------------------------------------------------------------------------- syncing

void ClassicGroup::sync(Sync request, Ticket ticket, Now now, Step& step) {
  const auto refuse = [&](Error error) {
    SyncAnswer answer;
    answer.error = error;
    step.synced.emplace_back(ticket, std::move(answer));
  };
  const auto differs = [](const auto& said, const auto& is) { return said && said != is; };
  const Error wrong = check_member(request.member_id, request.instance_id);
  if (wrong != Error::none) return refuse(wrong);
  if (!is_in(request.member_id, request.generation)) return refuse(Error::illegal_generation);
  if (differs(request.protocol_type, protocol_type_) ||
      (state_ != GroupState::preparing_rebalance && differs(request.protocol, protocol_)))
    return refuse(Error::inconsistent_group_protocol);
  if (state_ == GroupState::preparing_rebalance) return refuse(Error::rebalance_in_progress);

  ClassicMember& member = *members_.find(request.member_id);
  answer_sync(member, Error::rebalance_in_progress, step);
  member.syncing = ticket;
  member.owes_sync = false;
  touch(member, now);
  const auto owes = [](const auto& entry) { return entry.second.owes_sync; };
  if (std::none_of(members_.begin(), members_.end(), owes)) sync_deadline_.reset();
  if (state_ == GroupState::stable) return answer_sync(member, Error::none, step);
  if (members_.leader() != member.id || assignments_write_) return;

  for (auto& [id, assignment] : request.assignments)
    if (ClassicMember* assigned = members_.find(id)) assigned->assignment = std::move(assignment);
  assignments_write_ = write(step);
}

std::uint64_t ClassicGroup::write(Step& step) {
  step.write = ++writes_;
  return writes_;
}

void ClassicGroup::written(std::uint64_t number, Error error, Now now, Step& step) {
  for (Held& held : std::exchange(held_, {})) {
    if (held.write > number) {
      held_.push_back(std::move(held));
      continue;
    }
    if (error != Error::none) held.answer = {error, held.answer.member_id, -1, {}, {}, "", false, {}};
    step.joined.emplace_back(held.ticket, std::move(held.answer));
  }
  if (assignments_write_ != number) return;  // the group has moved on
  assignments_write_.reset();
  if (error == Error::none) return become_stable(now, step);
  answer_syncs(error, now, step);
  prepare_rebalance(now, step);
}

void ClassicGroup::become_stable(Now now, Step& step) {
  state_ = GroupState::stable;
  since_ms_ = now.wall_ms;
  for (auto& [id, member] : members_) {
    if (!member.syncing) continue;
    answer_sync(member, Error::none, step);
    touch(member, now);
  }
}

// The generation ends before it began.
void ClassicGroup::answer_syncs(Error error, Now now, Step& step) {
  for (auto& [id, member] : members_) {
    if (member.syncing) touch(member, now);
    member.assignment.clear();
    answer_sync(member, error, step);
  }
}

void ClassicGroup::expire_syncs(Now now, Step& step) {
  sync_deadline_.reset();
  std::vector<std::string> silent;
  for (const auto& [id, member] : members_.all())
    if (member.owes_sync) silent.push_back(id);
  for (const std::string& id : silent) remove(id, Error::unknown_member_id, step);
  if (!silent.empty()) prepare_rebalance(now, step);
}

// ---------------------------------------------------------------------------------------------- living,
// leaving

Error ClassicGroup::check_member(std::string_view id, const std::optional<std::string>& instance_id) const {
  if (instance_id) {
    const std::string* known = members_.id_of(*instance_id);
    if (!known) return Error::unknown_member_id;
    if (*known != id) return Error::fenced_instance_id;
  }
  return members_.find(id) ? Error::none : Error::unknown_member_id;
}

bool ClassicGroup::is_in(std::string_view member_id, Generation generation) const {
  return generation == members_.find(member_id)->came_with.value_or(generation_);
}

Error ClassicGroup::heartbeat(std::string_view member_id, const std::optional<std::string>& instance_id,
                              Generation generation, Now now) {
  const Error wrong = check_member(member_id, instance_id);
  if (wrong != Error::none) return wrong;
  if (!is_in(member_id, generation)) return Error::illegal_generation;
  ClassicMember& member = *members_.find(member_id);
  if (!member.is_new) touch(member, now);
  return state_ == GroupState::preparing_rebalance ? Error::rebalance_in_progress : Error::none;
}

Error ClassicGroup::may_commit(std::string_view member_id, const std::optional<std::string>& instance_id,
                               Generation generation, bool transactional, Now now) {
  if (generation < 0 && state_ == GroupState::empty) return Error::none;
  const bool anonymous = generation < 0 && member_id.empty() && !instance_id;
  if (anonymous) return transactional ? Error::none : Error::unknown_member_id;
  const Error wrong = check_member(member_id, instance_id);
  if (wrong != Error::none) return wrong;
  if (!is_in(member_id, generation)) return Error::illegal_generation;
  if (!transactional && state_ == GroupState::completing_rebalance) return Error::rebalance_in_progress;
  ClassicMember& member = *members_.find(member_id);
  if (!member.is_new) touch(member, now);
  return Error::none;
}

std::vector<Error> ClassicGroup::leave(const std::vector<Leaving>& leaving, Now now, Step& step) {
  std::vector<Error> answers;
  bool anybody = false;
  for (const Leaving& one : leaving) {
    std::string id = one.member_id;
    if (id.empty() && one.instance_id)  // sent away by an administrator, who knows only the name
      if (const std::string* known = members_.id_of(*one.instance_id)) id = *known;
    Error error = Error::none;
    if (pending_.erase(id) == 0) {
      error = check_member(id, one.instance_id);
      if (error == Error::none) remove(id, Error::unknown_member_id, step);
    }
    anybody |= error == Error::none;
    answers.push_back(error);
  }
  if (anybody) after_removal(now, step);
  return answers;
}

// Whoever still waits for an answer as this member hears that it is none.
void ClassicGroup::remove(const std::string& id, Error error, Step& step) {
  ClassicMember* member = members_.find(id);
  if (!member) return;
  answer_join(*member, error, step);
  answer_sync(*member, error, step);
  members_.remove(id);
}

// Members became fewer, or ids that were waited for.
void ClassicGroup::after_removal(Now now, Step& step) {
  if (state_ == GroupState::preparing_rebalance) return complete_if_all_joined(now, step);
  if (state_ == GroupState::empty) return;
  prepare_rebalance(now, step);
}

void ClassicGroup::abandon(Error error, Step& step) {
  for (auto& [id, member] : members_) {
    answer_join(member, error, step);
    answer_sync(member, error, step);
  }
  for (Held& held : std::exchange(held_, {})) {
    held.answer = {error, held.answer.member_id, -1, {}, {}, "", false, {}};
    step.joined.emplace_back(held.ticket, std::move(held.answer));
  }
}

// ---------------------------------------------------------------------------------------------- answers

void ClassicGroup::answer_join(ClassicMember& member, Error error, Step& step) {
  if (!member.joining) return;
  JoinAnswer answer;
  answer.error = error;
  answer.member_id = member.id;
  step.joined.emplace_back(*std::exchange(member.joining, std::nullopt), std::move(answer));
}

void ClassicGroup::answer_sync(ClassicMember& member, Error error, Step& step) {
  if (!member.syncing) return;
  SyncAnswer answer;
  answer.error = error;
  if (error == Error::none) {
    answer.protocol_type = protocol_type_;
    answer.protocol = protocol_;
    answer.assignment = member.assignment;
  }
  step.synced.emplace_back(*std::exchange(member.syncing, std::nullopt), std::move(answer));
}

// ---------------------------------------------------------------------------------------------- time

namespace {

// A request that waits here says that its member is alive; not so the first join of a new one, whose client
// may have gone without that anybody knows.
bool is_waited_for(const ClassicMember& member) {
  return member.is_new || (!member.joining && !member.syncing);
}

}  // namespace

void ClassicGroup::touch(ClassicMember& member, Now now) {
  member.expires = now.time + member.session_timeout;
  wake(member.expires);
}

void ClassicGroup::wake(Time at) {
  if (!wake_at_ || at < *wake_at_) wake_at_ = at;
}

void ClassicGroup::expire(Now now, Step& step) {
  const std::size_t ids_gone =
      std::erase_if(pending_, [&](const auto& one) { return one.second <= now.time; });
  std::vector<std::string> silent;
  for (const auto& [id, member] : members_.all())
    if (is_waited_for(member) && member.expires <= now.time) silent.push_back(id);
  for (const std::string& id : silent) remove(id, Error::unknown_member_id, step);
  if (!silent.empty())
    after_removal(now, step);
  else if (ids_gone > 0)
    complete_if_all_joined(now, step);
  if (sync_deadline_ && *sync_deadline_ <= now.time) expire_syncs(now, step);
  if (join_deadline_ && *join_deadline_ <= now.time) join_deadline_passed(now, step);
  look_for_wake();
}

void ClassicGroup::look_for_wake() {
  wake_at_.reset();
  for (const auto& [id, end] : pending_) wake(end);
  for (const auto& [id, member] : members_.all())
    if (is_waited_for(member)) wake(member.expires);
  if (join_deadline_) wake(*join_deadline_);
  if (sync_deadline_) wake(*sync_deadline_);
}

void ClassicGroup::restore(std::optional<std::string> protocol_type, std::optional<std::string> protocol,
                           Generation generation, std::string leader, Timestamp since_ms,
                           std::vector<ClassicMember> members, Now now) {
  const std::uint64_t writes = writes_;  // some may be on their way
  *this = ClassicGroup(limits_);
  writes_ = writes;
  protocol_type_ = std::move(protocol_type);
  generation_ = generation;
  since_ms_ = since_ms;
  if (members.empty() || !protocol) return;
  state_ = GroupState::stable;
  protocol_ = std::move(protocol);
  for (ClassicMember& member : members) touch(members_.add(std::move(member)), now);
  if (members_.find(leader)) members_.set_leader(std::move(leader));
}

void ClassicGroup::go_on(Generation generation, std::vector<ClassicMember> members, Now now) {
  if (members.empty()) return restore({}, {}, generation, "", now.wall_ms, {}, now);
  restore("consumer", "", generation, "", now.wall_ms, std::move(members), now);
  protocol_ = members_.vote();
  Step step;  // nobody waits for an answer yet
  prepare_rebalance(now, step);
}

}  // namespace mq::core
