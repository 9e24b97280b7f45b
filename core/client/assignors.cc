// SPDX-License-Identifier: Apache-2.0
#include "core/client/assignors.h"

#include <algorithm>

namespace mq::client {
namespace {

// Static members first, by their lasting name: a restart does not change who gets what.
bool before(const Subscriber* a, const Subscriber* b) {
  if (a->instance && b->instance) return *a->instance < *b->instance;
  if (a->instance || b->instance) return a->instance.has_value();
  return a->member < b->member;
}

using Ordered = std::vector<const Subscriber*>;

Ordered ordered(const std::vector<Subscriber>& subscribers) {
  Ordered all;
  for (const Subscriber& subscriber : subscribers) all.push_back(&subscriber);
  std::ranges::sort(all, before);
  return all;
}

bool wants(const Subscriber& subscriber, const std::string& topic) {
  return std::ranges::find(subscriber.topics, topic) != subscriber.topics.end();
}

Shares empty_shares(const std::vector<Subscriber>& subscribers) {
  Shares shares;
  for (const Subscriber& subscriber : subscribers) shares[subscriber.member];
  return shares;
}

// Each topic by itself, in neighbouring pieces: equal topics are dealt alike, so that they can be joined.
Shares deal_range(const std::vector<Subscriber>& subscribers, const PartitionCounts& topics) {
  Shares shares = empty_shares(subscribers);
  const Ordered all = ordered(subscribers);
  for (const auto& [topic, partitions] : topics) {
    Ordered takers;
    for (const Subscriber* subscriber : all)
      if (wants(*subscriber, topic)) takers.push_back(subscriber);
    if (takers.empty()) continue;
    const auto each = partitions / static_cast<std::int32_t>(takers.size());
    auto extra = partitions % static_cast<std::int32_t>(takers.size());
    std::int32_t next = 0;
    for (const Subscriber* taker : takers) {
      const std::int32_t end = next + each + (extra-- > 0 ? 1 : 0);
      for (; next < end; next++) shares[taker->member].push_back({topic, next});
    }
  }
  return shares;
}

// All partitions of all topics, one each in turn.
Shares deal_roundrobin(const std::vector<Subscriber>& subscribers, const PartitionCounts& topics) {
  Shares shares = empty_shares(subscribers);
  const Ordered all = ordered(subscribers);
  std::size_t turn = 0;
  for (const auto& [topic, partitions] : topics) {
    const auto takes = [&name = topic](const Subscriber* subscriber) { return wants(*subscriber, name); };
    if (std::ranges::none_of(all, takes)) continue;
    for (std::int32_t partition = 0; partition < partitions; partition++) {
      while (!takes(all[turn % all.size()])) turn++;
      shares[all[turn++ % all.size()]->member].push_back({topic, partition});
    }
  }
  return shares;
}

// ---- cooperative-sticky ----

// Nobody has two more than somebody who could take one of them, and beyond that nothing moves.
class Sticky {
 public:
  Sticky(const std::vector<Subscriber>& subscribers, const PartitionCounts& topics)
      : subscribers_(subscribers), all_(ordered(subscribers)), topics_(topics) {
    for (const auto& [topic, partitions] : topics)
      for (const Subscriber* subscriber : all_)
        if (wants(*subscriber, topic)) takers_[topic].push_back(subscriber);
  }

  Shares deal() {
    keep_what_is_owned();
    give_out_the_rest();
    while (level()) continue;
    return told();
  }

 private:
  // Of two who claim a partition the one that heard the latest news is right; two of the same generation
  // cannot both be.
  void keep_what_is_owned() {
    struct Claim {
      const Subscriber* by;
      bool disputed;
    };
    std::map<TopicPartition, Claim> claims;
    for (const Subscriber* subscriber : all_)
      for (const TopicPartition& partition : subscriber->owned) {
        const auto topic = topics_.find(partition.topic);
        if (topic == topics_.end() || partition.partition < 0 || partition.partition >= topic->second)
          continue;
        const auto [claim, first] = claims.try_emplace(partition, Claim{subscriber, false});
        if (first || claim->second.by == subscriber) continue;
        const std::int32_t other = claim->second.by->generation;
        if (subscriber->generation > other) claim->second = {subscriber, false};
        if (subscriber->generation == other) claim->second.disputed = true;
      }
    for (const auto& [partition, claim] : claims) {
      if (claim.disputed) continue;
      before_[partition] = claim.by;
      if (wants(*claim.by, partition.topic)) give(partition, claim.by);
    }
  }

  void give_out_the_rest() {
    for (const auto& [topic, partitions] : topics_)
      for (std::int32_t number = 0; number < partitions; number++) {
        const TopicPartition partition{topic, number};
        if (owner_.contains(partition)) continue;
        if (const Subscriber* taker = least_loaded(topic)) give(partition, taker);
      }
  }

  // Each move makes the loads more alike, so this ends.
  bool level() {
    bool moved = false;
    for (auto& [partition, owner] : owner_) {
      const Subscriber* taker = least_loaded(partition.topic);
      if (loads_[owner] <= loads_[taker] + 1) continue;
      loads_[owner]--;
      loads_[taker]++;
      owner = taker;
      moved = true;
    }
    return moved;
  }

  // What changes hands waits until the one who reads it has let go and joined again.
  Shares told() const {
    Shares shares = empty_shares(subscribers_);
    for (const auto& [partition, owner] : owner_) {
      const auto reader = before_.find(partition);
      if (reader != before_.end() && reader->second != owner) continue;
      shares[owner->member].push_back(partition);
    }
    return shares;
  }

  const Subscriber* least_loaded(const std::string& topic) {
    const auto takers = takers_.find(topic);
    if (takers == takers_.end()) return nullptr;
    return *std::ranges::min_element(takers->second, {}, [&](const Subscriber* s) { return loads_[s]; });
  }

  void give(const TopicPartition& partition, const Subscriber* to) {
    owner_[partition] = to;
    loads_[to]++;
  }

  const std::vector<Subscriber>& subscribers_;
  const Ordered all_;
  const PartitionCounts& topics_;
  std::map<std::string, Ordered> takers_;
  std::map<TopicPartition, const Subscriber*> before_, owner_;
  std::map<const Subscriber*, std::size_t> loads_;
};

Shares deal_sticky(const std::vector<Subscriber>& subscribers, const PartitionCounts& topics) {
  return Sticky(subscribers, topics).deal();
}

constexpr Assignor all_assignors[] = {{"cooperative-sticky", true, deal_sticky},
                                      {"range", false, deal_range},
                                      {"roundrobin", false, deal_roundrobin}};

}  // namespace

std::span<const Assignor> assignors() {
  return all_assignors;
}

const Assignor* find_assignor(std::string_view name) {
  const auto found = std::ranges::find(all_assignors, name, &Assignor::name);
  return found == std::end(all_assignors) ? nullptr : found;
}

}  // namespace mq::client
