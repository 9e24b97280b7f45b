// SPDX-License-Identifier: Apache-2.0
#include "core/group/offsets.h"

#include <algorithm>

namespace mq::core {

namespace {

const GroupOffsets::Entry* find_in(const GroupOffsets::Topics& topics, std::string_view topic,
                                   std::int32_t partition) {
  const auto partitions = topics.find(topic);
  if (partitions == topics.end()) return nullptr;
  const auto entry = partitions->second.find(partition);
  return entry == partitions->second.end() ? nullptr : &entry->second;
}

void erase(GroupOffsets::Topics& topics, std::string_view topic, std::int32_t partition) {
  const auto partitions = topics.find(topic);
  if (partitions == topics.end()) return;
  partitions->second.erase(partition);
  if (partitions->second.empty()) topics.erase(partitions);
}

Timestamp end_of(const Commit& commit, const GroupOffsets::Expiry& expiry) {
  if (commit.expires_ms >= 0) return commit.expires_ms;
  return expiry.since_ms.value_or(commit.committed_ms) + expiry.retention_ms;
}

}  // namespace

GroupOffsets::Entry& GroupOffsets::entry(Topics& topics, std::string_view topic, std::int32_t partition) {
  auto at = topics.find(topic);
  if (at == topics.end()) at = topics.emplace(topic, Partitions()).first;
  return at->second[partition];
}

void GroupOffsets::commit(std::string_view topic, std::int32_t partition, Commit commit) {
  entry(topics_, topic, partition) = {std::move(commit), ++changes_};
}

void GroupOffsets::forget(std::string_view topic, std::int32_t partition) {
  erase(topics_, topic, partition);
  for (auto& [producer, topics] : pending_) erase(topics, topic, partition);
  std::erase_if(pending_, [](const auto& one) { return one.second.empty(); });
}

void GroupOffsets::commit_pending(ProducerId producer, std::string_view topic, std::int32_t partition,
                                  Commit commit) {
  entry(pending_[producer], topic, partition) = {std::move(commit), ++changes_};
}

void GroupOffsets::end_transaction(ProducerId producer, bool committed) {
  auto node = pending_.extract(producer);
  if (!node || !committed) return;
  for (auto& [topic, partitions] : node.mapped())
    for (auto& [partition, pending] : partitions) {
      Entry& now = entry(topics_, topic, partition);
      if (now.order < pending.order) now = std::move(pending);
    }
}

bool GroupOffsets::is_pending(std::string_view topic, std::int32_t partition) const {
  return std::any_of(pending_.begin(), pending_.end(),
                     [&](const auto& one) { return find_in(one.second, topic, partition) != nullptr; });
}

const Commit* GroupOffsets::find(std::string_view topic, std::int32_t partition) const {
  const Entry* entry = find_in(topics_, topic, partition);
  return entry ? &entry->commit : nullptr;
}

std::set<std::int32_t> GroupOffsets::partitions_of(std::string_view topic) const {
  std::set<std::int32_t> partitions;
  const auto add = [&](const Topics& topics) {
    const auto known = topics.find(topic);
    if (known == topics.end()) return;
    for (const auto& [partition, entry] : known->second) partitions.insert(partition);
  };
  add(topics_);
  for (const auto& [producer, topics] : pending_) add(topics);
  return partitions;
}

std::set<TopicPartition> GroupOffsets::partitions() const {
  std::set<TopicPartition> all;
  const auto add = [&](const Topics& topics) {
    for (const auto& [topic, partitions] : topics)
      for (const auto& [partition, entry] : partitions) all.insert({topic, partition});
  };
  add(topics_);
  for (const auto& [producer, topics] : pending_) add(topics);
  return all;
}

std::size_t GroupOffsets::size() const {
  std::size_t sum = 0;
  for (const auto& [topic, partitions] : topics_) sum += partitions.size();
  return sum;
}

std::vector<TopicPartition> GroupOffsets::expired(const Expiry& expiry, Timestamp now_ms) const {
  std::vector<TopicPartition> gone;
  for (const auto& [topic, partitions] : topics_) {
    if (expiry.is_read && expiry.is_read(topic)) continue;
    for (const auto& [partition, entry] : partitions)
      if (end_of(entry.commit, expiry) <= now_ms && !is_pending(topic, partition))
        gone.push_back({topic, partition});
  }
  return gone;
}

std::optional<Timestamp> GroupOffsets::earliest_expiry(const Expiry& expiry) const {
  std::optional<Timestamp> earliest;
  for (const auto& [topic, partitions] : topics_)
    for (const auto& [partition, entry] : partitions) {
      const Timestamp end = end_of(entry.commit, expiry);
      if (!earliest || end < *earliest) earliest = end;
    }
  return earliest;
}

}  // namespace mq::core
