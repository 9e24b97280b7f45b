// SPDX-License-Identifier: Apache-2.0
// What tests of classic groups are made of: a script of requests and of time that passes, and the answers.
#pragma once

#include <gmock/gmock.h>

#include <map>

#include "core/group/classic.h"

namespace mq::core {

inline kafka::Bytes bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}
inline std::string text(const kafka::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What a join asks for.
struct Asks {
  std::string id = {};
  std::optional<std::string> instance = {};
  std::vector<std::pair<std::string, std::string>> protocols = {{"range", "topics"}};
  std::string type = "consumer";
  std::chrono::milliseconds session{10'000}, rebalance{60'000};
  bool id_first = false, may_skip = false;
};

// A group, its time and what it answered: a script is calls of these.
class Script {
 public:
  explicit Script(ClassicLimits limits = {}) : group(limits) {}

  // The ticket of the request; the answer is in `joined` when it has come.
  Ticket join(Asks asks) {
    ClassicGroup::Join join;
    join.member_id = asks.id;
    join.instance_id = asks.instance;
    join.client_id = "client";
    join.client_host = "/127.0.0.1";
    join.session_timeout = asks.session;
    join.rebalance_timeout = asks.rebalance;
    join.protocol_type = asks.type;
    for (auto& [name, metadata] : asks.protocols) join.protocols.push_back({name, bytes(metadata)});
    if (join.member_id.empty()) join.new_member_id = "m" + std::to_string(++ids_);
    join.id_first = asks.id_first;
    join.may_skip_assignment = asks.may_skip;
    Step step;
    group.join(std::move(join), ++tickets_, now, step);
    take(step);
    return tickets_;
  }
  Ticket sync(std::string id, std::map<std::string, std::string> assignments = {},
              std::optional<Generation> generation = {}) {
    ClassicGroup::Sync sync;
    sync.member_id = std::move(id);
    sync.generation = generation.value_or(group.generation());
    for (auto& [member, assignment] : assignments) sync.assignments.emplace_back(member, bytes(assignment));
    return sync_as(std::move(sync));
  }
  Ticket sync_as(ClassicGroup::Sync sync) {
    Step step;
    group.sync(std::move(sync), ++tickets_, now, step);
    take(step);
    return tickets_;
  }
  kafka::Error heartbeat(std::string id, std::optional<Generation> generation = {}) {
    return group.heartbeat(id, {}, generation.value_or(group.generation()), now);
  }
  std::vector<kafka::Error> leave(std::vector<ClassicGroup::Leaving> leaving) {
    Step step;
    auto answers = group.leave(leaving, now, step);
    take(step);
    return answers;
  }
  // Time passes; whoever looks after the group looks when it wants to be looked at.
  void pass(Time::duration time) {
    const Time end = now.time + time;
    while (group.wake_at() && *group.wake_at() <= end) {
      advance(std::max(now.time, *group.wake_at()));
      Step step;
      group.expire(now, step);
      take(step);
    }
    advance(end);
  }
  void written(kafka::Error error = kafka::Error::none) {
    ASSERT_TRUE(write) << "nothing was to be written";
    Step step;
    group.written(*std::exchange(write, std::nullopt), error, now, step);
    take(step);
  }

  bool answered(Ticket ticket) const { return joined.contains(ticket) || synced.contains(ticket); }
  const ClassicGroup::JoinAnswer& join_answer(Ticket ticket) {
    EXPECT_TRUE(joined.contains(ticket)) << "the join still waits";
    return joined[ticket];
  }
  const ClassicGroup::SyncAnswer& sync_answer(Ticket ticket) {
    EXPECT_TRUE(synced.contains(ticket)) << "the sync still waits";
    return synced[ticket];
  }
  kafka::Error error(Ticket ticket) {
    return joined.contains(ticket) ? joined[ticket].error : sync_answer(ticket).error;
  }

  // A stable group of `count` members m1, m2, …; the first one leads.
  void stable(int count, Asks asks = {}) {
    std::vector<std::string> ids;
    std::map<std::string, std::string> assignments;
    for (int i = 0; i < count; i++) {
      Asks one = asks;
      if (asks.instance) one.instance = *asks.instance + std::to_string(i + 1);
      join(one);
      ids.push_back("m" + std::to_string(ids_));
      assignments[ids.back()] = "work of " + ids.back();
      for (std::size_t k = 0; k + 1 < ids.size(); k++) {
        one.id = ids[k];
        if (asks.instance) one.instance = *asks.instance + std::to_string(k + 1);
        join(one);
      }
    }
    for (const std::string& id : ids)
      sync(id, id == group.members().leader() ? assignments : decltype(assignments)());
    written();
    ASSERT_EQ(group.state(), GroupState::stable);
  }

  using Step = ClassicGroup::Step;
  ClassicGroup group;
  Now now{Time(std::chrono::seconds(1000)), 1'000'000};
  std::map<Ticket, ClassicGroup::JoinAnswer> joined;
  std::map<Ticket, ClassicGroup::SyncAnswer> synced;
  std::optional<std::uint64_t> write;

 private:
  void advance(Time to) {
    now.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(to - now.time).count();
    now.time = to;
  }
  void take(Step& step) {
    for (auto& [ticket, answer] : step.joined) {
      EXPECT_FALSE(answered(ticket)) << "answered twice";
      joined[ticket] = std::move(answer);
    }
    for (auto& [ticket, answer] : step.synced) {
      EXPECT_FALSE(answered(ticket)) << "answered twice";
      synced[ticket] = std::move(answer);
    }
    if (step.write) write = step.write;
  }

  Ticket tickets_ = 0;
  int ids_ = 0;
};

using Members = std::map<std::string, std::string>;
inline Members members_of(const ClassicGroup::JoinAnswer& answer) {
  Members members;
  for (const auto& member : answer.members) members[member.id] = text(member.metadata);
  return members;
}

}  // namespace mq::core
