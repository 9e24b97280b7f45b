// SPDX-License-Identifier: Apache-2.0
#include "core/group/consumer_member.h"

namespace mq::core {

namespace {

void move_to(Ownership& to, Epoch epoch) {
  if (to.epoch == epoch) return;
  to.previous_epoch = to.epoch;
  to.epoch = epoch;
}

Ownership step(Ownership next, const Assignment& target, Epoch target_epoch,
               const std::optional<Assignment>& reported, const IsTaken& taken) {
  Assignment revoking = without(next.assigned, target);
  next.assigned = common(next.assigned, target);
  next.revoking.clear();
  if (!revoking.empty() && (!reported || have_common(*reported, revoking))) {
    next.state = MemberState::unrevoked_partitions;
    next.revoking = std::move(revoking);
    return next;
  }
  next.state = MemberState::stable;
  for (const auto& [topic, partitions] : without(target, next.assigned))
    for (const std::int32_t partition : partitions) {
      if (taken(topic, partition))
        next.state = MemberState::unreleased_partitions;
      else
        add(next.assigned, topic, partition);
    }
  move_to(next, target_epoch);
  return next;
}

}  // namespace

Ownership reconcile(const Ownership& now, const Assignment& target, Epoch target_epoch,
                    const std::optional<Assignment>& reported, const IsTaken& taken) {
  if (now.state == MemberState::stable && now.epoch == target_epoch) return now;
  Ownership next = now;
  if (now.state == MemberState::unrevoked_partitions) {
    if (!reported || have_common(*reported, now.revoking)) return now;
    // It moves on even when there is more to give up: commits for what it gave up are stale from here.
    move_to(next, now.epoch + 1);
  }
  return step(std::move(next), target, target_epoch, reported, taken);
}

}  // namespace mq::core
