// SPDX-License-Identifier: Apache-2.0
// The coordinator of groups, remembering and forgetting: what the log says after a start, and what expires.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/group/consumer_records.h"
#include "core/group/coordinator.h"
#include "core/group/expiry.h"
#include "core/group/records.h"
#include "net/kafka/records/framing.h"
#include "storage/error.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr std::int16_t commit_marker = 1;  // of a control record's key; 0 is abort

// The key of a control record: its version, its type.
std::optional<std::int16_t> control_type(net::Bytes key) {
  if (key.size() < 2 * sizeof(std::int16_t)) return {};
  return kafka::first_number(key.subspan(sizeof(std::int16_t)));
}

}  // namespace

void GroupCoordinator::lead(std::int32_t partition, Epoch epoch) {
  shards_.lead(partition, epoch, log_.empty(partition));
}

void GroupCoordinator::resign(std::int32_t partition) {
  shards_.resign(partition);
}

Task<error_code> GroupCoordinator::load(std::shared_ptr<GroupCoordinator> self, std::int32_t partition,
                                        Epoch epoch) {
  if (!self->loads_since_) self->loads_since_ = self->clock_.now();
  InternalTopic::GoesOn goes_on = [raw = self.get(), partition, epoch] {
    return !raw->stopped_ && raw->shards_.is_current(partition, epoch);
  };
  InternalTopic::Visit visit = [raw = self.get(), partition, goes_on](net::Bytes key,
                                                                      std::optional<net::Bytes> value,
                                                                      const kafka::BatchHead& head, Offset) {
    if (goes_on()) raw->replayed(partition, key, value, head);
  };
  const error_code failed = co_await self->log_.replay(partition, std::move(visit), goes_on);
  if (!goes_on()) co_return make_error_code(storage::Errc::stopped);
  if (failed)
    spdlog::error("{}-{} cannot be read, its groups are not served: {}", self->log_.name(), partition,
                  failed.message());
  else
    self->loaded(partition);
  co_return failed;
}

void GroupCoordinator::forget_partition(std::int32_t partition) {
  std::vector<GroupPtr> gone;
  for (const auto& [id, group] : groups_)
    if (group->partition == partition) gone.push_back(group);
  for (const GroupPtr& group : gone) {
    drop(group);
    Step step;
    group->classic.abandon(Error::not_coordinator, step);
    answer(step);
  }
  found_.erase(partition);
  ended_meanwhile_.erase(partition);
  std::erase_if(in_transactions_,
                [partition](const auto& pending) { return pending.first.first == partition; });
}

void GroupCoordinator::replayed(std::int32_t partition, net::Bytes key, std::optional<net::Bytes> value,
                                const kafka::BatchHead& head) {
  if (head.is_control()) {
    const auto type = control_type(key);
    if (type) release_pending(partition, head.producer_id, *type == commit_marker);
    return;
  }
  if (auto change = read_offset(key, value)) return replayed(std::move(*change), head);
  if (const auto id = read_consumer_group_key(key)) return replayed_consumer(*id, key, value);
  const auto id = read_group_key(key);
  if (!id) return;  // of a kind that came later
  const GroupPtr group = find_or_make(*id);
  if (!group) return;
  if (!value)
    group->classic.restore({}, {}, 0, "", 0, {}, now());
  else if (!restore(group->classic, *value, now()))
    spdlog::error("group {}: a record of it in {} cannot be read", *id, log_.name());
}

void GroupCoordinator::replayed(OffsetChange&& change, const kafka::BatchHead& head) {
  const GroupPtr group = find_or_make(change.group);
  if (!group) return;
  if (!change.commit || is_gone(change.partition.topic, change.topic_id))
    return group->offsets.forget(change.partition.topic, change.partition.partition);
  const ProducerId producer = head.is_transactional() ? head.producer_id : -1;
  PartitionCommit one{std::move(change.partition.topic), change.partition.partition,
                      std::move(*change.commit)};
  apply(group, std::move(one), producer);
}

// Whether another topic of that name is there by now.
bool GroupCoordinator::is_gone(const std::string& topic, const Uuid& id) {
  if (id == Uuid{}) return false;
  if (!last_read_ || last_read_->name != topic) last_read_ = topics_.find(topic);
  return last_read_ && last_read_->id != id;
}

// Nothing expires right after a start: members that were cut off get the time to come back.
void GroupCoordinator::loaded(std::int32_t partition) {
  if (const auto ended = ended_meanwhile_.extract(partition))
    for (const auto& [producer, committed] : ended.mapped()) release_pending(partition, producer, committed);
  const auto found = found_.extract(partition);
  for (const GroupPtr& group : found ? found.mapped() : std::vector<GroupPtr>{}) {
    if (group->dropped) continue;
    restored(*group);
    std::vector<TopicPartition> orphans;  // their topic went, and the broker before it could say so
    for (const TopicPartition& one : group->partitions())
      if (!topics_.find(one.topic)) orphans.push_back(one);
    if (!orphans.empty()) forget_offsets(group, std::move(orphans));
    const auto earliest = group->offsets.earliest_expiry(expiry_of(*group, config_));
    group->look_later(earliest.value_or(clock_.wall_ms()), now());
    deadlines_.arm(group);
    drop_if_nothing(group);
  }
  log_loaded();
}

// Once for all that are read at the same time.
void GroupCoordinator::log_loaded() {
  if (shards_.loading() > 1 || !loads_since_) return;  // this one still counts
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - *loads_since_);
  loads_since_.reset();
  last_read_.reset();
  spdlog::info("{} groups loaded in {} ms", groups_.size(), took.count());
}

// ---------------------------------------------------------------------------------------------- expiring

void GroupCoordinator::look(const GroupPtr& group) {
  group->look_at.reset();
  const GroupOffsets::Expiry expiry = expiry_of(*group, config_);
  auto expired = group->offsets.expired(expiry, clock_.wall_ms());
  std::erase_if(expired, [&](const TopicPartition& one) { return group->is_committing(one); });
  const bool all =
      expired.size() == group->offsets.size() && !group->offsets.has_pending() && group->committing.empty();
  if (all && group->is_empty()) {
    remove(group);
    return;
  }
  if (!expired.empty()) forget_offsets(group, std::move(expired));
  if (const auto earliest = group->offsets.earliest_expiry(expiry)) group->look_later(*earliest, now());
}

}  // namespace mq::core
