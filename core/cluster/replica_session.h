// SPDX-License-Identifier: Apache-2.0
// What one follower copies of the partitions that are led here: what it asked for, what it was told, and
// which of them have something to tell. Partitions say so themselves, so that a fetch looks at those that
// changed, however many are followed (KIP-227 from the leader's side). Lives on the loop.
//
// A follower asks for a partition again when its own log is another, or it was told an error; a high
// watermark or a start alone it takes without a word. What it was told before it asked it may have dropped,
// as when it has begun to follow anew: so that is told again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "core/metadata/catalog.h"
#include "core/partition/partition.h"
#include "net/kafka/messages/fetch.h"

namespace mq::core {

class ReplicaSession final : public Partition::Observer, public std::enable_shared_from_this<ReplicaSession> {
 public:
  using Key = Catalog::PartitionId;
  using Asked = kafka::FetchRequest::FetchPartition;

  // One partition as the follower sees it.
  struct Entry {
    std::shared_ptr<Partition> partition;  // null: it is not here
    Asked asked;
    std::uint64_t asks = 0;    // how often it was asked for
    bool is_answered = false;  // with records or an error: more only when it asks again, from wherever then
    Offset told_high_watermark = -1, told_start = -1;
  };

  // An answer that a follower asks again after; others tell of nothing but a high watermark and a start.
  static bool is_news(const kafka::FetchResponse::PartitionData& data) {
    return data.error_code != 0 || data.diverging_epoch.epoch >= 0 ||
           (data.records && data.records->size() > 0);
  }

  ReplicaSession(BrokerId broker, BrokerEpoch epoch, std::int32_t id)
      : broker_(broker), broker_epoch_(epoch), id_(id) {}

  BrokerId broker() const { return broker_; }
  BrokerEpoch broker_epoch() const { return broker_epoch_; }
  std::int32_t id() const { return id_; }

  // From now on it copies this partition from there; looked at by the next fetch.
  void ask(const Key& key, std::shared_ptr<Partition> partition, const Asked& asked);
  void forget(const Key& key);
  Entry* find(const Key& key);  // null: it does not follow that one

  // A partition that has changed since it was taken here last; each once.
  std::optional<Key> take_changed();
  bool has_changed() const { return !changed_.empty(); }
  // Nothing but its high watermark or start changed: told with the next answer, not at once.
  void be_quiet(const Key& key) { quiet_.insert(key); }
  std::set<Key> take_quiet() { return std::exchange(quiet_, {}); }
  // It may have no more for now: not taken before it is released.
  void hold(const Key& key) { held_.insert(key); }
  bool holds() const { return !held_.empty(); }
  void release() { changed_.merge(std::exchange(held_, {})); }

  // Requests are numbered; only one is in flight, and a newer one ends it.
  std::int32_t next_request = 1;
  std::uint64_t fetches = 0;

  void wait(const std::shared_ptr<Waiter>& waiter) { waiter_ = waiter; }
  void wake();
  void changed(PartitionNumber partition) override;

 private:
  void observe(const std::shared_ptr<Partition>& partition);

  const BrokerId broker_;
  const BrokerEpoch broker_epoch_;
  const std::int32_t id_;
  std::map<Key, Entry> entries_;
  std::map<PartitionNumber, Key> by_number_;
  std::map<PartitionNumber, std::weak_ptr<Partition>> observed_;  // those that tell of themselves
  std::set<Key> changed_, quiet_, held_;
  std::weak_ptr<Waiter> waiter_;
};

}  // namespace mq::core
