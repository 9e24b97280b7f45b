// SPDX-License-Identifier: Apache-2.0
// A group of the classic protocol: members join, the leader assigns, everybody syncs, heartbeats keep them
// alive. Pure: no I/O, no clock, no threads. Requests and times go in; answers, what is to be written and the
// time of the next look come out. Every rule of rebalancing is here.
#pragma once

#include <unordered_map>

#include "core/group/classic_members.h"
#include "net/kafka/error.h"

namespace mq::core {

struct Now {
  Time time{};
  Timestamp wall_ms = 0;
};

enum class GroupState { empty, preparing_rebalance, completing_rebalance, stable };
std::string_view name_of(GroupState state);  // as Kafka's tools write it

struct ClassicLimits {
  std::size_t members_max = 2'147'483'647;
  std::chrono::milliseconds initial_rebalance_delay{0};
  std::chrono::milliseconds new_member_timeout{
      300'000};  // for a first join that nobody may wait for any more
};

class ClassicGroup {
 public:
  struct Join {
    std::string member_id;  // empty: a new one
    std::optional<std::string> instance_id;
    std::string client_id, client_host;
    std::chrono::milliseconds session_timeout{}, rebalance_timeout{};
    std::string protocol_type;
    std::vector<Protocol> protocols;
    std::string new_member_id;         // to be given to a new one
    bool id_first = false;             // dynamic members come again with the id they are given (KIP-394)
    bool may_skip_assignment = false;  // the leader understands that there is nothing to assign
  };
  struct JoinAnswer {
    struct Member {
      std::string id;
      std::optional<std::string> instance_id;
      kafka::Bytes metadata;
    };
    kafka::Error error = kafka::Error::none;
    std::string member_id;
    Generation generation = -1;
    std::optional<std::string> protocol_type, protocol;
    std::string leader;
    bool skip_assignment = false;
    std::vector<Member> members;  // only for the leader
  };
  struct Sync {
    std::string member_id;
    std::optional<std::string> instance_id;
    Generation generation = -1;
    std::optional<std::string> protocol_type, protocol;
    std::vector<std::pair<std::string, kafka::Bytes>> assignments;  // the leader's
  };
  struct SyncAnswer {
    kafka::Error error = kafka::Error::none;
    std::optional<std::string> protocol_type, protocol;
    kafka::Bytes assignment;
  };
  struct Leaving {
    std::string member_id;
    std::optional<std::string> instance_id;
  };
  // What an event brings about.
  struct Step {
    std::vector<std::pair<Ticket, JoinAnswer>> joined;
    std::vector<std::pair<Ticket, SyncAnswer>> synced;
    std::optional<std::uint64_t> write;  // the group as it is now is to be made durable; tell `written`
  };

  explicit ClassicGroup(const ClassicLimits& limits) : limits_(limits) {}

  // ---- events

  void join(Join request, Ticket ticket, Now now, Step& step);
  void sync(Sync request, Ticket ticket, Now now, Step& step);
  kafka::Error heartbeat(std::string_view member_id, const std::optional<std::string>& instance_id,
                         Generation generation, Now now);
  std::vector<kafka::Error> leave(const std::vector<Leaving>& leaving, Now now, Step& step);
  void written(std::uint64_t write, kafka::Error error, Now now, Step& step);
  void expire(Now now, Step& step);
  // Everybody who waits is sent away: the group is not looked after here any more.
  void abandon(kafka::Error error, Step& step);

  // Whether somebody may commit offsets. A member that may is alive.
  kafka::Error may_commit(std::string_view member_id, const std::optional<std::string>& instance_id,
                          Generation generation, bool transactional, Now now);

  // ---- what it is

  GroupState state() const { return state_; }
  Generation generation() const { return generation_; }
  const std::optional<std::string>& protocol_type() const { return protocol_type_; }  // none: offsets only
  const std::optional<std::string>& protocol() const { return protocol_; }
  const ClassicMembers& members() const { return members_; }
  std::size_t pending() const { return pending_.size(); }
  Timestamp since_ms() const { return since_ms_; }  // in this state
  // No deadline is earlier; that one is there by then is not said: heartbeats move deadlines away, and do not
  // touch this.
  std::optional<Time> wake_at() const { return wake_at_; }

  // As it was when it was written.
  void restore(std::optional<std::string> protocol_type, std::optional<std::string> protocol,
               Generation generation, std::string leader, Timestamp since_ms,
               std::vector<ClassicMember> members, Now now);
  // After the group was of the consumer protocol: in this generation, of which no member knows, so that
  // everybody joins anew, after a restart too. Until then each is in the one that it came with.
  void go_on(Generation generation, std::vector<ClassicMember> members, Now now);

 private:
  kafka::Error admit(const Join& request) const;
  bool agrees(const Join& request) const;
  void join_new(Join&& request, Ticket ticket, Now now, Step& step);
  void join_again(Join&& request, Ticket ticket, Now now, Step& step);
  void replace_static(Join&& request, Ticket ticket, Now now, Step& step);
  void add(Join&& request, const std::string& id, Ticket ticket, Now now, Step& step);
  void update(ClassicMember& member, Join&& request, std::optional<Ticket> ticket, Step& step);
  JoinAnswer current(const ClassicMember& member, bool with_members) const;

  void rebalance_or_complete(Now now, Step& step);
  void prepare_rebalance(Now now, Step& step);
  void complete_if_all_joined(Now now, Step& step);
  void complete_join(Now now, Step& step);
  void join_deadline_passed(Now now, Step& step);
  void remove(const std::string& id, kafka::Error error, Step& step);
  void after_removal(Now now, Step& step);
  void expire_syncs(Now now, Step& step);

  void answer_join(ClassicMember& member, kafka::Error error, Step& step);
  void answer_sync(ClassicMember& member, kafka::Error error, Step& step);
  void answer_syncs(kafka::Error error, Now now, Step& step);
  void become_stable(Now now, Step& step);
  void become_empty(Now now, Step& step);
  kafka::Error check_member(std::string_view id, const std::optional<std::string>& instance_id) const;
  bool is_in(std::string_view member_id, Generation generation) const;
  void touch(ClassicMember& member, Now now);
  void wake(Time at);
  void look_for_wake();
  std::uint64_t write(Step& step);

  ClassicLimits limits_;
  GroupState state_ = GroupState::empty;
  Generation generation_ = 0;
  std::optional<std::string> protocol_type_, protocol_;
  Timestamp since_ms_ = 0;
  ClassicMembers members_;
  std::unordered_map<std::string, Time>
      pending_;  // ids that were given and have not come yet, with their end

  std::optional<Time> join_deadline_, sync_deadline_;
  bool from_empty_ = false;  // this rebalance waits for more members to come, whoever has joined
  bool somebody_came_ = false;
  std::chrono::milliseconds delay_left_{};

  std::uint64_t writes_ = 0;
  std::optional<std::uint64_t> assignments_write_;  // makes the group stable when it is durable
  struct Held {
    std::uint64_t write;
    Ticket ticket;
    JoinAnswer answer;
  };
  std::vector<Held> held_;  // answers that wait until what they say is durable
  std::optional<Time> wake_at_;
};

}  // namespace mq::core
