// SPDX-License-Identifier: Apache-2.0
// What there is, as the metadata store tells it: topics, who leads their partitions, configurations. An image
// of the store and nothing else: what of it is hosted here is in the PartitionTable. Changed only by updates
// of it. No I/O; lives on the loop. A topic object is immutable: a change makes a new one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/topic_config.h"
#include "core/metadata/store.h"
#include "core/partition/partition_state.h"

namespace mq::core {

using Overrides = ConfigMap;  // Kafka's names and values as on the wire

struct Topic {
  std::string name;
  Uuid id{};
  std::int32_t partitions = 0;
  Overrides overrides;
  TopicConfig config;  // overrides over the brokers' defaults
  EntryVersion version = 0;

  bool has(std::int32_t index) const { return index >= 0 && index < partitions; }
};
using TopicPtr = std::shared_ptr<const Topic>;

class Catalog {
 public:
  // `self` leads every partition and is its only replica: alone there are no entries of partitions.
  explicit Catalog(BrokerId self) : self_(self) {}

  TopicPtr find(std::string_view name) const;
  TopicPtr find(const Uuid& id) const;
  // The next one in the order of their names; null: there is none. Who walks so may give way in between.
  TopicPtr after(std::string_view name) const;
  const std::map<std::string, TopicPtr, std::less<>>& all() const { return by_name_; }
  std::size_t partition_count() const { return partition_count_; }
  std::uint64_t version() const { return version_; }  // another one whenever a topic is
  // The topic whose name counts as the same, for '.' and '_' do in names of metrics; null: there is none.
  TopicPtr twin_of(std::string_view name) const;

  // Who leads it, and its replicas.
  PartitionState state(const Topic& topic, std::int32_t index) const;

  // What was altered of something (entries.h has the kinds); empty: nothing.
  const ConfigMap& config(std::string_view kind, std::string_view name) const;
  EntryVersion config_version(std::string_view kind, std::string_view name) const;  // 0: there is no entry
  std::vector<std::string> configured(std::string_view kind) const;                 // names

  // ---- what an update does
  // One of them is null when the topic is new, or gone.
  struct TopicChange {
    TopicPtr before, after;
  };
  struct Applied {
    std::vector<TopicChange> topics;
    std::vector<std::string> damaged;  // keys of entries that cannot be read; they count as unchanged
  };
  Applied apply(const MetadataUpdate& update);
  // The brokers' defaults are others: a topic as it is with these, to be put back.
  void set_defaults(TopicDefaults defaults) { defaults_ = std::move(defaults); }
  TopicPtr refresh(const TopicPtr& topic);

 private:
  struct Config {
    ConfigMap values;
    EntryVersion version = 0;
  };

  void put(TopicPtr topic);
  void erase(const TopicPtr& topic);

  const BrokerId self_;
  TopicDefaults defaults_;
  std::uint64_t version_ = 0;
  std::size_t partition_count_ = 0;
  std::map<std::string, TopicPtr, std::less<>> by_name_;
  std::map<Uuid, TopicPtr> by_id_;
  std::map<std::string, std::string, std::less<>> by_folded_name_;
  std::map<std::string, Config, std::less<>> configs_;  // by kind + "/" + name
};

// 1 to 249 of [a-zA-Z0-9._-], and neither "." nor "..".
bool is_topic_name(std::string_view name);
// '.' read as '_'.
std::string folded(std::string_view name);

}  // namespace mq::core
