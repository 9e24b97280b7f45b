// SPDX-License-Identifier: Apache-2.0
// A group of the consumer protocol (KIP-848): members heartbeat, the group decides who should own what, and
// leads each member there, taking before giving. Pure: no I/O, no clock, no threads. Heartbeats and times go
// in; answers, rows that changed and the time of the next look come out.
//
// Three epochs: the group's grows with every change of what counts for the assignment; the target's is that
// of the group for which the target was made; a member's is that of the target it has reached.
//
// Members may speak the classic protocol, while the group goes over from one to the other: they own and give
// up as the others do, but say so by joining again.
#pragma once

#include <set>
#include <vector>

#include "core/group/assignor.h"
#include "core/group/classic.h"
#include "core/group/consumer_member.h"
#include "core/group/topic_catalog.h"
#include "net/kafka/error.h"

namespace mq::core {

struct Subscription;

struct ConsumerLimits {
  std::size_t members_max = 10'000;
  std::chrono::milliseconds session_timeout{45'000};
  std::chrono::milliseconds heartbeat_interval{5'000};
};

enum class ConsumerGroupState { empty, assigning, reconciling, stable };
std::string_view name_of(ConsumerGroupState state);  // as Kafka's tools write it

// What is remembered of a group, piece by piece: one row is one key in the log. `classic` is what there was
// when the group was of that protocol, and is not any more.
struct ConsumerGroupRow {
  enum class Kind : std::int8_t { group, member, target_epoch, target, ownership, pattern, classic };
  Kind kind = Kind::group;
  std::string of;  // member id, or the pattern
  auto operator<=>(const ConsumerGroupRow&) const = default;
};
using ConsumerGroupRows = std::set<ConsumerGroupRow>;

class ConsumerGroup {
 public:
  using Row = ConsumerGroupRow;
  using Rows = ConsumerGroupRows;
  using Members = std::map<std::string, ConsumerMember, std::less<>>;

  // Nothing means: as before.
  struct Heartbeat {
    std::string member_id;
    Epoch epoch = 0;  // 0: joins; -1: leaves; -2: a static member leaves for a while
    std::optional<std::string> instance_id, rack_id;
    std::string client_id, client_host;
    std::optional<std::chrono::milliseconds> rebalance_timeout;
    std::optional<std::set<std::string>> topics;
    std::optional<std::string> pattern;
    std::optional<std::string> assignor;
    std::optional<Assignment> owned;
    std::optional<ConsumerMember::Classic> classic;  // it is a JoinGroup
  };
  struct Answer {
    kafka::Error error = kafka::Error::none;
    std::string message;
    Epoch epoch = 0;
    std::optional<Assignment> assignment;  // nothing: as before

    static Answer refusal(kafka::Error error, std::string message = {});
  };

  // `epoch`: to go on from, when the group was of another protocol.
  ConsumerGroup(const ConsumerLimits& limits, const TopicCatalog& topics, Epoch epoch = 0);

  // From the next heartbeat of each member on.
  void limit(const ConsumerLimits& limits) { limits_ = limits; }

  // ---- events: `rows` gets what is to be written; it must be durable before the answer is given

  Answer heartbeat(const Heartbeat& request, Time now, Rows& rows);
  void expire(Time now, Rows& rows);  // members whose time is over

  // Of members that speak the classic protocol.
  ClassicGroup::JoinAnswer join(const ClassicGroup::Join& request, Time now, Rows& rows);
  ClassicGroup::SyncAnswer sync(const ClassicGroup::Sync& request, Time now);
  kafka::Error heartbeat(std::string_view member_id, const std::optional<std::string>& instance_id,
                         Generation generation, Time now, Rows& rows);
  std::vector<kafka::Error> leave(const std::vector<ClassicGroup::Leaving>& leaving, Rows& rows);

  // Whether somebody may ask for offsets as this member in this epoch.
  kafka::Error may_fetch(std::string_view member_id, Epoch epoch,
                         const std::optional<std::string>& instance_id = {}) const;
  // Whether somebody may commit one for this partition: also in an earlier epoch, as long as the partition
  // has been the member's since.
  kafka::Error may_commit(std::string_view member_id, Epoch epoch,
                          const std::optional<std::string>& instance_id, const Uuid& topic,
                          std::int32_t partition) const;

  // ---- what it is

  ConsumerGroupState state() const;
  Epoch epoch() const { return epoch_; }
  Epoch target_epoch() const { return target_epoch_; }
  std::uint64_t topics_hash() const { return topics_hash_; }
  const Members& members() const { return members_; }
  const ConsumerMember* find(std::string_view member_id) const;
  bool is_all_classic() const;        // nobody is left who speaks the consumer protocol
  std::string_view assignor() const;  // that most members want
  bool reads(std::string_view topic) const;
  const std::map<std::string, std::set<std::string>>& patterns() const { return patterns_; }
  Rows all_rows() const;
  // No deadline is earlier; that one is there by then is not said: heartbeats move deadlines away, and do not
  // touch this.
  std::optional<Time> wake_at() const { return wake_at_; }

  // ---- as it was when it was written: row by row in any order, then `restored`

  void restore_group(Epoch epoch, std::uint64_t topics_hash);
  void restore_target_epoch(Epoch epoch) { target_epoch_ = epoch; }
  ConsumerMember& restore_member(const std::string& id) { return members_[id]; }
  void forget_member(const std::string& id) { members_.erase(id); }
  // Members get a whole session's time to come back.
  void restored(Time now);

 private:
  Answer check(const Heartbeat& request) const;
  Answer check_static(const Heartbeat& request) const;
  Answer check_words(const Heartbeat& request, const ConsumerMember* member) const;
  kafka::Error check(const ClassicGroup::Join& request, const Subscription* said) const;
  kafka::Error check_instance(std::string_view id, const std::optional<std::string>& instance_id) const;
  kafka::Error check_classic(std::string_view id, const std::optional<std::string>& instance_id) const;
  bool agrees(const std::vector<Protocol>& protocols, std::string_view self) const;
  ConsumerMember& hear(const Heartbeat& request, Time now, Rows& rows);
  Answer leave(const Heartbeat& request, Time now, Rows& rows);
  ConsumerMember& admit(const Heartbeat& request, bool& changed, Rows& rows);
  ConsumerMember& replace(const ConsumerMember& gone, const std::string& id, Rows& rows);
  bool update(ConsumerMember& member, const Heartbeat& request, Rows& rows);
  void remove(const std::string& id, Rows& rows);
  void bump(Rows& rows);

  bool topics_changed(bool subscriptions_changed, Rows& rows);
  void resolve_patterns(Rows& rows);
  std::uint64_t hash_of_topics() const;
  void assign(Rows& rows);
  std::set<Uuid> topics_of(const ConsumerMember& member, std::map<Uuid, std::int32_t>& partitions) const;

  void advance(ConsumerMember& member, const std::optional<Assignment>& reported, Time now, Rows& rows);
  bool is_taken(const ConsumerMember& member, const Uuid& topic, std::int32_t partition) const;
  void take(const ConsumerMember& member);
  void release(const ConsumerMember& member);
  bool should_join(const ConsumerMember& member) const;
  void ask(ConsumerMember& member, Time now);
  void touch(ConsumerMember& member, Time now);
  void wake(Time at);

  ConsumerLimits limits_;
  const TopicCatalog& topics_;
  Epoch epoch_ = 0, target_epoch_ = 0;
  Members members_;
  std::map<std::string, std::string, std::less<>> by_instance_;  // → member id
  std::map<Uuid, std::map<std::int32_t, std::string>> owners_;   // → member id
  std::map<std::string, std::set<std::string>> patterns_;        // → topics it matches
  std::optional<std::uint64_t> seen_version_;                    // of the catalog
  std::uint64_t topics_hash_ = 0;
  std::optional<Time> wake_at_;
};

}  // namespace mq::core
