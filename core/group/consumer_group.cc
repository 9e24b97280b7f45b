// SPDX-License-Identifier: Apache-2.0
#include "core/group/consumer_group.h"

#include <algorithm>

#include "core/metadata/pattern.h"

namespace mq::core {

using kafka::Error;
using Kind = ConsumerGroupRow::Kind;

namespace {

constexpr Epoch leaving = -1;

// Says everything, so it wants to hear everything.
bool is_full(const ConsumerGroup::Heartbeat& request) {
  return request.epoch == 0 ||
         (request.rebalance_timeout && (request.topics || request.pattern) && request.owned);
}

template <class T>
bool set(T& to, const T& from) {
  if (to == from) return false;
  to = from;
  return true;
}
template <class T>
bool set(T& to, const std::optional<T>& from) {
  return from && set(to, *from);
}
template <class T>
bool set(std::optional<T>& to, const std::optional<T>& from) {
  if (!from || to == from) return false;
  to = from;
  return true;
}

}  // namespace

std::string_view name_of(ConsumerGroupState state) {
  constexpr std::string_view names[] = {"Empty", "Assigning", "Reconciling", "Stable"};
  return names[static_cast<std::size_t>(state)];
}

ConsumerGroup::ConsumerGroup(const ConsumerLimits& limits, const TopicCatalog& topics, Epoch epoch)
    : limits_(limits), topics_(topics), epoch_(epoch), target_epoch_(epoch) {}

// ---------------------------------------------------------------------------------------------- heartbeats

ConsumerGroup::Answer ConsumerGroup::Answer::refusal(Error error, std::string message) {
  Answer answer;
  answer.error = error;
  answer.message = std::move(message);
  return answer;
}

ConsumerGroup::Answer ConsumerGroup::heartbeat(const Heartbeat& request, Time now, Rows& rows) {
  Answer answer = check(request);
  if (answer.error != Error::none) return answer;
  if (request.epoch < 0) return leave(request, now, rows);

  const ConsumerMember* known = find(request.member_id);
  const Assignment before = known ? known->owns.assigned : Assignment();
  const ConsumerMember& member = hear(request, now, rows);
  answer.epoch = member.owns.epoch;
  if (is_full(request) || member.owns.assigned != before) answer.assignment = member.owns.assigned;
  return answer;
}

// The member is there and is what it says; one step towards what it should own.
ConsumerMember& ConsumerGroup::hear(const Heartbeat& request, Time now, Rows& rows) {
  const ConsumerMember* known = find(request.member_id);
  const bool votes = request.assignor && (!known || known->assignor != request.assignor);
  const std::string_view assignor_before = votes ? assignor() : "";
  bool changed = false;  // what members there are, or what they subscribe to
  ConsumerMember& member = admit(request, changed, rows);
  changed = update(member, request, rows) || changed;
  if (topics_changed(changed, rows) || changed || (votes && assignor() != assignor_before)) bump(rows);
  if (target_epoch_ < epoch_) assign(rows);
  advance(member, request.owned, now, rows);
  touch(member, now);
  return member;
}

// What it finds wrong has changed nothing.
ConsumerGroup::Answer ConsumerGroup::check(const Heartbeat& request) const {
  Answer answer = check_static(request);
  if (answer.error != Error::none) return answer;

  const ConsumerMember* member = find(request.member_id);
  const bool takes_over = request.instance_id && by_instance_.contains(*request.instance_id);
  if (!member && request.epoch != 0)
    return Answer::refusal(Error::unknown_member_id, "the group has no such member");
  if (member && member->classic && request.epoch != 0)
    return Answer::refusal(Error::unknown_member_id, "the member speaks the classic protocol");
  if (!member && !takes_over && members_.size() >= limits_.members_max)
    return Answer::refusal(Error::group_max_size_reached, "the group is full");
  if (member && request.epoch > 0) {
    const Ownership& owns = member->owns;
    const bool missed_an_answer =
        request.epoch == owns.previous_epoch && request.owned && is_within(*request.owned, owns.assigned);
    if (request.epoch > owns.epoch || (request.epoch < owns.epoch && !missed_an_answer))
      return Answer::refusal(Error::fenced_member_epoch, "the member is in epoch " +
                                                             std::to_string(owns.epoch) +
                                                             ": it must give up everything and join again");
  }
  return check_words(request, member);
}

ConsumerGroup::Answer ConsumerGroup::check_static(const Heartbeat& request) const {
  if (!request.instance_id) return {};
  const auto holder = by_instance_.find(*request.instance_id);
  if (holder == by_instance_.end()) {
    if (request.epoch != 0) return Answer::refusal(Error::unknown_member_id, "nobody has this instance id");
    if (find(request.member_id))
      return Answer::refusal(Error::invalid_request, "a member cannot take an instance id later on");
    return {};
  }
  if (holder->second == request.member_id) return {};
  if (request.epoch != 0)
    return Answer::refusal(Error::fenced_instance_id, "another member has this instance id");
  const ConsumerMember& other = *find(holder->second);
  if (other.owns.epoch != ConsumerMember::away && !other.classic)
    return Answer::refusal(Error::unreleased_instance_id,
                           "member " + holder->second + " still has this instance id");
  if (find(request.member_id))
    return Answer::refusal(Error::invalid_request, "the member has another instance id");
  return {};
}

ConsumerGroup::Answer ConsumerGroup::check_words(const Heartbeat& request,
                                                 const ConsumerMember* member) const {
  if (request.assignor && !find_assignor(*request.assignor))
    return Answer::refusal(Error::unsupported_assignor, "the assignors are uniform and range");
  const bool same = member && request.pattern && member->pattern == *request.pattern;
  if (!request.pattern || request.pattern->empty() || same) return {};
  const Pattern pattern(*request.pattern);
  if (pattern.trouble().empty()) return {};
  return Answer::refusal(Error::invalid_regular_expression, pattern.trouble());
}

ConsumerGroup::Answer ConsumerGroup::leave(const Heartbeat& request, Time now, Rows& rows) {
  Answer answer;
  answer.epoch = request.epoch;
  if (request.epoch == leaving) {
    remove(request.member_id, rows);
    bump(rows);
    return answer;
  }
  ConsumerMember& member = members_.find(request.member_id)->second;
  release(member);
  member.owns.epoch = ConsumerMember::away;
  member.owns.state = MemberState::stable;
  member.owns.revoking.clear();  // whoever has stopped reads nothing
  member.asked_until.reset();
  take(member);
  rows.insert({Kind::ownership, member.id});
  touch(member, now);
  return answer;
}

ConsumerMember& ConsumerGroup::admit(const Heartbeat& request, bool& changed, Rows& rows) {
  if (request.instance_id) {
    const auto holder = by_instance_.find(*request.instance_id);
    if (holder != by_instance_.end() && holder->second != request.member_id)
      return replace(*find(holder->second), request.member_id, rows);
  }
  const auto [at, is_new] = members_.try_emplace(request.member_id);
  ConsumerMember& member = at->second;
  if (is_new) {
    changed = true;
    member.id = request.member_id;
    member.instance_id = request.instance_id;
    if (member.instance_id) by_instance_[*member.instance_id] = member.id;
    rows.insert({Kind::member, member.id});
  }
  if (member.owns.epoch == ConsumerMember::away) member.owns.epoch = 0;  // it is back
  return member;
}

// A static member came back under another id. What it should own goes with it: nobody else is disturbed.
ConsumerMember& ConsumerGroup::replace(const ConsumerMember& gone, const std::string& id, Rows& rows) {
  ConsumerMember next = gone;
  const std::string old = gone.id;
  remove(old, rows);
  next.id = id;
  next.owns.epoch = next.owns.previous_epoch = 0;
  next.owns.state = MemberState::stable;
  next.owns.revoking.clear();
  next.asked_until.reset();
  ConsumerMember& member = members_[id] = std::move(next);
  by_instance_[*member.instance_id] = id;
  take(member);
  for (const Kind kind : {Kind::member, Kind::target, Kind::ownership}) rows.insert({kind, id});
  return member;
}

// True when its subscription is another one.
bool ConsumerGroup::update(ConsumerMember& member, const Heartbeat& request, Rows& rows) {
  bool subscription = set(member.topics, request.topics);
  subscription = set(member.pattern, request.pattern) || subscription;
  bool other = set(member.rack_id, request.rack_id);
  other = set(member.assignor, request.assignor) || other;
  other = set(member.rebalance_timeout, request.rebalance_timeout) || other;
  other = set(member.client_id, request.client_id) || other;
  other = set(member.client_host, request.client_host) || other;
  other = member.classic != request.classic || other;
  if (member.classic && !request.classic) member.asked_until.reset();
  member.classic = request.classic;
  if (member.classic) member.assignor.reset();
  if (subscription || other) rows.insert({Kind::member, member.id});
  return subscription;
}

void ConsumerGroup::remove(const std::string& id, Rows& rows) {
  const auto at = members_.find(id);
  if (at == members_.end()) return;
  release(at->second);
  if (at->second.instance_id) by_instance_.erase(*at->second.instance_id);
  for (const Kind kind : {Kind::member, Kind::target, Kind::ownership}) rows.insert({kind, id});
  members_.erase(at);
}

void ConsumerGroup::bump(Rows& rows) {
  epoch_++;
  rows.insert({Kind::group, ""});
}

// ---------------------------------------------------------------------------------------------- ownership

void ConsumerGroup::advance(ConsumerMember& member, const std::optional<Assignment>& reported, Time now,
                            Rows& rows) {
  const IsTaken taken = [&](const Uuid& topic, std::int32_t partition) {
    return is_taken(member, topic, partition);
  };
  Ownership next = reconcile(member.owns, member.target, target_epoch_, reported, taken);
  if (next == member.owns) return;
  const bool asked_anew =
      next.state == MemberState::unrevoked_partitions && next.revoking != member.owns.revoking;
  release(member);
  member.owns = std::move(next);
  take(member);
  rows.insert({Kind::ownership, member.id});
  if (member.owns.state != MemberState::unrevoked_partitions) member.asked_until.reset();
  if (!asked_anew) return;
  member.asked_until = now + member.rebalance_timeout;
  wake(*member.asked_until);
}

// By somebody else.
bool ConsumerGroup::is_taken(const ConsumerMember& member, const Uuid& topic, std::int32_t partition) const {
  const auto partitions = owners_.find(topic);
  if (partitions == owners_.end()) return false;
  const auto owner = partitions->second.find(partition);
  return owner != partitions->second.end() && owner->second != member.id;
}

void ConsumerGroup::take(const ConsumerMember& member) {
  for (const Assignment* owned : {&member.owns.assigned, &member.owns.revoking})
    for (const auto& [topic, partitions] : *owned)
      for (const std::int32_t partition : partitions) owners_[topic][partition] = member.id;
}

void ConsumerGroup::release(const ConsumerMember& member) {
  for (const Assignment* owned : {&member.owns.assigned, &member.owns.revoking})
    for (const auto& [topic, partitions] : *owned) {
      const auto at = owners_.find(topic);
      if (at == owners_.end()) continue;
      for (const std::int32_t partition : partitions) at->second.erase(partition);
      if (at->second.empty()) owners_.erase(at);
    }
}

// ---------------------------------------------------------------------------------------------- time

void ConsumerGroup::expire(Time now, Rows& rows) {
  wake_at_.reset();
  std::vector<std::string> gone;
  for (const auto& [id, member] : members_) {
    const Time end = std::min(member.session_end, member.asked_until.value_or(Time::max()));
    if (end <= now) {
      gone.push_back(id);
    } else {
      wake(end);
    }
  }
  for (const std::string& id : gone) remove(id, rows);
  if (!gone.empty()) bump(rows);
}

void ConsumerGroup::touch(ConsumerMember& member, Time now) {
  member.session_end = now + (member.classic ? member.classic->session_timeout : limits_.session_timeout);
  wake(member.session_end);
}

void ConsumerGroup::wake(Time at) {
  if (!wake_at_ || at < *wake_at_) wake_at_ = at;
}

// ---------------------------------------------------------------------------------------------- questions

// Whether the instance, if it is one, goes by this member id.
Error ConsumerGroup::check_instance(std::string_view id,
                                    const std::optional<std::string>& instance_id) const {
  if (!instance_id) return Error::none;
  const auto holder = by_instance_.find(*instance_id);
  if (holder == by_instance_.end()) return Error::unknown_member_id;
  return holder->second == id ? Error::none : Error::fenced_instance_id;
}

Error ConsumerGroup::may_fetch(std::string_view member_id, Epoch epoch,
                               const std::optional<std::string>& instance_id) const {
  if (epoch < 0 && members_.empty()) return Error::none;  // a tool, or a consumer without a group
  const Error other = check_instance(member_id, instance_id);
  if (other != Error::none) return other;
  const ConsumerMember* member = find(member_id);
  if (!member) return Error::unknown_member_id;
  if (epoch == member->owns.epoch) return Error::none;
  return member->classic ? Error::illegal_generation : Error::stale_member_epoch;
}

Error ConsumerGroup::may_commit(std::string_view member_id, Epoch epoch,
                                const std::optional<std::string>& instance_id, const Uuid& topic,
                                std::int32_t partition) const {
  const Error stale = may_fetch(member_id, epoch, instance_id);
  if (stale != Error::stale_member_epoch) return stale;
  const Ownership& owns = find(member_id)->owns;
  const auto began = since(owns.since, topic, partition);
  return began && epoch >= *began && epoch < owns.epoch ? Error::none : stale;
}

ConsumerGroupState ConsumerGroup::state() const {
  if (members_.empty()) return ConsumerGroupState::empty;
  if (target_epoch_ < epoch_) return ConsumerGroupState::assigning;
  const bool all_there = std::ranges::all_of(members_, [this](const auto& entry) {
    const Ownership& owns = entry.second.owns;
    return owns.state == MemberState::stable && owns.epoch == target_epoch_;
  });
  return all_there ? ConsumerGroupState::stable : ConsumerGroupState::reconciling;
}

const ConsumerMember* ConsumerGroup::find(std::string_view member_id) const {
  const auto at = members_.find(member_id);
  return at == members_.end() ? nullptr : &at->second;
}

std::string_view ConsumerGroup::assignor() const {
  std::map<std::string_view, std::size_t> votes;
  for (const auto& [id, member] : members_)
    if (member.assignor) votes[*member.assignor]++;
  const Assignor* best = &assignors().front();
  for (const Assignor& one : assignors())
    if (votes[one.name] > votes[best->name]) best = &one;
  return best->name;
}

bool ConsumerGroup::reads(std::string_view topic) const {
  const std::string name(topic);
  return std::ranges::any_of(members_, [&](const auto& entry) {
    const ConsumerMember& member = entry.second;
    if (member.topics.contains(name)) return true;
    const auto matched = patterns_.find(member.pattern);
    return matched != patterns_.end() && matched->second.contains(name);
  });
}

ConsumerGroupRows ConsumerGroup::all_rows() const {
  Rows rows{{Kind::group, ""}, {Kind::target_epoch, ""}};
  for (const auto& [id, member] : members_)
    for (const Kind kind : {Kind::member, Kind::target, Kind::ownership}) rows.insert({kind, id});
  for (const auto& [pattern, matched] : patterns_) rows.insert({Kind::pattern, pattern});
  return rows;
}

// ---------------------------------------------------------------------------------------------- restoring

void ConsumerGroup::restore_group(Epoch epoch, std::uint64_t topics_hash) {
  epoch_ = epoch;
  topics_hash_ = topics_hash;
}

void ConsumerGroup::restored(Time now) {
  // A record of what a member owns outlives the compaction of the one that says it left.
  std::erase_if(members_, [](const auto& entry) { return entry.second.id.empty(); });
  for (auto& [id, member] : members_) {
    if (member.instance_id) by_instance_[*member.instance_id] = id;
    take(member);
    touch(member, now);
    if (member.owns.state != MemberState::unrevoked_partitions) continue;
    member.asked_until = now + member.rebalance_timeout;
    wake(*member.asked_until);
  }
}

}  // namespace mq::core
