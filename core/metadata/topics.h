// SPDX-License-Identifier: Apache-2.0
// The topics of this broker: what they are called, who they are, how they are configured, where their
// partitions lie. Lives on the loop; changes are on disk before they are seen. A topic object is immutable: a
// change makes a new one.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/config/topic_config.h"
#include "core/loop/async_mutex.h"
#include "core/metadata/records.h"
#include "core/partition/partition.h"
#include "core/partition/recovery.h"
#include "storage/journal.h"

namespace mq::core {

using Overrides = ConfigMap;  // Kafka's names and values as on the wire

struct Topic {
  std::string name;
  Uuid id{};
  std::vector<std::shared_ptr<Partition>> partitions;
  Overrides overrides;
  TopicConfig config;  // overrides over the broker's defaults

  std::shared_ptr<Partition> partition(std::int32_t index) const {
    if (index < 0 || static_cast<std::size_t>(index) >= partitions.size()) return nullptr;
    return partitions[static_cast<std::size_t>(index)];
  }
};
using TopicPtr = std::shared_ptr<const Topic>;

struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
  Overrides overrides;
};

class Topics {
 public:
  static constexpr std::size_t partitions_max = 100'000;  // of the broker

  // `self` leads every partition and is its only replica.
  Topics(storage::Journal& journal, const Clock& clock, asio::any_io_executor disk, BrokerId self,
         Timestamp producer_expiration_ms = Producers::expiration_ms);

  // At start: everything that meta knows, with what recovery found of its partitions.
  error_code load(PartitionRecovery::Recovered recovered, const TopicDefaults& defaults);

  TopicPtr find(std::string_view name) const;
  TopicPtr find(const Uuid& id) const;
  // The next one in the order of their names; null: there is none. Who walks so may give way in between.
  TopicPtr after(std::string_view name) const;
  std::shared_ptr<Partition> find_partition(PartitionNumber number) const;
  const std::map<std::string, TopicPtr, std::less<>>& all() const { return by_name_; }
  std::size_t partition_count() const { return by_number_.size(); }
  std::uint64_t version() const { return version_; }  // another one whenever a topic is

  struct Answer {
    kafka::Error error = kafka::Error::none;
    std::string message;
    TopicPtr topic;
  };
  // One durable change for all that are possible; an answer for each, in order.
  Task<std::vector<Answer>> create(std::vector<NewTopic> wanted);
  // What create would answer, without doing it.
  Task<std::vector<Answer>> check(const std::vector<NewTopic>& wanted) const;
  bool collides(std::string_view name) const;  // with the name of another topic
  Task<kafka::Error> remove(std::string name);
  Task<Answer> add_partitions(std::string name, std::int32_t total);
  Task<kafka::Error> configure(std::string name, Overrides overrides);
  // Called for every topic that is new or was configured, and for one that is gone: its partitions are
  // closed. For some of its partitions at a time.
  using Partitions = std::span<const std::shared_ptr<Partition>>;
  using Changed = std::function<void(const Topic&, Partitions)>;
  void on_change(Changed changed) { changed_ = std::move(changed); }
  // The broker's own defaults changed: every topic's effective configuration is made anew.
  Task<void> defaults_changed(TopicDefaults defaults);

 private:
  Task<TopicPtr> make(const NewTopic& wanted);
  using Records = std::map<std::string, TopicRecord>;  // by name
  Task<error_code> store(Records records);
  Task<error_code> erase(const std::string& name);
  void put(TopicPtr topic);
  Task<void> publish(TopicPtr topic);
  Task<void> tell_changed(TopicPtr topic) const;
  Task<std::vector<PartitionNumber>> close(TopicPtr topic);
  std::shared_ptr<Partition> open_partition(PartitionNumber number);
  std::shared_ptr<Partition> new_partition();
  void lead(Partition& partition) const;

  storage::Journal& journal_;
  const Clock& clock_;
  const asio::any_io_executor disk_;
  const BrokerId self_;
  const Timestamp producer_expiration_ms_;
  AsyncMutex changing_;  // a change begins with what the one before it left
  TopicDefaults defaults_;
  std::uint64_t version_ = 0;
  Changed changed_ = [](const Topic&, Partitions) {};
  std::map<std::string, TopicPtr, std::less<>> by_name_;
  std::map<Uuid, TopicPtr> by_id_;
  std::map<std::string, std::string, std::less<>>
      by_folded_name_;  // '.' read as '_': such names collide in metrics
  std::map<PartitionNumber, std::shared_ptr<Partition>> by_number_;  // ordered: it never takes a turn to grow
};

// 1 to 249 of [a-zA-Z0-9._-], and neither "." nor "..".
bool is_topic_name(std::string_view name);

}  // namespace mq::core
