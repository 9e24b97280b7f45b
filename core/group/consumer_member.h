// SPDX-License-Identifier: Apache-2.0
// A member of a consumer group (KIP-848), and how it comes from what it owns to what it should own. Values
// and pure functions.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/group/assignment.h"
#include "core/group/classic_members.h"

namespace mq::core {

// Kafka's numbers, as records carry them.
enum class MemberState : std::int8_t {
  stable = 0,
  unrevoked_partitions = 1,   // it has been told to give partitions up, and has not said that it did
  unreleased_partitions = 2,  // others have not given up yet what it is to get
};

// Since which epoch of the member each partition is its own: what it commits in an earlier one, it read when
// somebody else may have owned the partition (KIP-1251).
using Since = std::map<Uuid, std::map<std::int32_t, Epoch>>;

std::optional<Epoch> since(const Since& all, const Uuid& topic, std::int32_t partition);

// What a member owns. A partition is in the `assigned` or the `revoking` of one member of the group at most.
struct Ownership {
  Epoch epoch = 0;
  Epoch previous_epoch = 0;  // the one before; a member may still be there when an answer was lost
  MemberState state = MemberState::stable;
  Assignment assigned;
  Assignment revoking;  // to be given up; nobody else may have it yet
  Since since;          // of both
  bool operator==(const Ownership&) const = default;
};

// One step towards `target`, which is that of `target_epoch`. `reported`: what the member says that it owns,
// if it says so. `taken`: whether somebody else owns that partition.
using IsTaken = std::function<bool(const Uuid& topic, std::int32_t partition)>;
Ownership reconcile(const Ownership& now, const Assignment& target, Epoch target_epoch,
                    const std::optional<Assignment>& reported, const IsTaken& taken);

struct ConsumerMember {
  static constexpr Epoch away = -2;  // the epoch of a static member that left for a while

  // Of one that speaks the classic protocol.
  struct Classic {
    std::chrono::milliseconds session_timeout{};
    std::vector<Protocol> protocols;  // never empty
    bool operator==(const Classic&) const = default;
  };

  std::string id;
  std::optional<std::string> instance_id, rack_id;
  std::string client_id, client_host;
  std::set<std::string> topics;  // names it subscribed to
  std::string pattern;           // and a regular expression; empty: none
  std::optional<std::string> assignor;
  std::chrono::milliseconds rebalance_timeout{-1};
  std::optional<Classic> classic;

  Ownership owns;
  Assignment target;

  Time session_end{};
  std::optional<Time> asked_until;  // to have given up what it was told to; classic: to join again, to sync
};

}  // namespace mq::core
