// SPDX-License-Identifier: Apache-2.0
#include "core/group/consumer_member.h"

#include <utility>

namespace mq::core {

namespace {

void move_to(Ownership& to, Epoch epoch) {
  if (to.epoch == epoch) return;
  to.previous_epoch = to.epoch;
  to.epoch = epoch;
}

// What came with the last step is its own since this epoch.
void date(Ownership& owns) {
  const Since before = std::exchange(owns.since, {});
  for (const Assignment* part : {&owns.assigned, &owns.revoking})
    for (const auto& [topic, partitions] : *part)
      for (const std::int32_t partition : partitions)
        owns.since[topic][partition] = since(before, topic, partition).value_or(owns.epoch);
}

Ownership step(Ownership next, const Assignment& target, Epoch target_epoch,
               const std::optional<Assignment>& reported, const IsTaken& taken) {
  Assignment revoking = without(next.assigned, target);
  next.assigned = common(next.assigned, target);
  next.revoking.clear();
  if (!revoking.empty() && (!reported || have_common(*reported, revoking))) {
    next.state = MemberState::unrevoked_partitions;
    next.revoking = std::move(revoking);
    date(next);
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
  date(next);
  return next;
}

}  // namespace

std::optional<Epoch> since(const Since& all, const Uuid& topic, std::int32_t partition) {
  const auto partitions = all.find(topic);
  if (partitions == all.end()) return {};
  const auto found = partitions->second.find(partition);
  return found == partitions->second.end() ? std::nullopt : std::optional(found->second);
}

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
