// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/replica_session.h"

namespace mq::core {

void ReplicaSession::ask(const Key& key, std::shared_ptr<Partition> partition, const Asked& asked) {
  Entry& entry = entries_[key];
  entry.told_high_watermark = entry.told_start = -1;
  entry.asked = asked;
  entry.asks++;
  entry.is_answered = false;
  if (entry.partition != partition) {
    if (entry.partition) by_number_.erase(entry.partition->number());
    entry.partition = std::move(partition);
    if (entry.partition) by_number_[entry.partition->number()] = key, observe(entry.partition);
  }
  changed_.insert(key);
}

void ReplicaSession::observe(const std::shared_ptr<Partition>& partition) {
  auto& observed = observed_[partition->number()];
  if (observed.lock() == partition) return;
  observed = partition;
  partition->observe(shared_from_this());
}

// The partition still tells of itself, which then is nobody's business.
void ReplicaSession::forget(const Key& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.partition) by_number_.erase(found->second.partition->number());
  entries_.erase(found);
  changed_.erase(key);
  quiet_.erase(key);
  held_.erase(key);
}

ReplicaSession::Entry* ReplicaSession::find(const Key& key) {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

std::optional<ReplicaSession::Key> ReplicaSession::take_changed() {
  if (changed_.empty()) return std::nullopt;
  return changed_.extract(changed_.begin()).value();
}

void ReplicaSession::wake() {
  if (const auto waiter = waiter_.lock()) waiter->wake();
}

void ReplicaSession::changed(PartitionNumber partition) {
  const auto found = by_number_.find(partition);
  if (found == by_number_.end()) return;
  changed_.insert(found->second);
  wake();
}

}  // namespace mq::core
