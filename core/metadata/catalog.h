// SPDX-License-Identifier: Apache-2.0
// What there is, as the metadata store tells it: brokers, topics, who leads their partitions, configurations.
// An image of the store and nothing else: what of it is hosted here is in the PartitionTable. Changed only by
// updates of it. No I/O; lives on the loop. A topic object is immutable: a change makes a new one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/broker_config.h"
#include "core/config/topic_config.h"
#include "core/metadata/cluster_entries.h"
#include "core/metadata/store.h"

namespace mq::core {

using Overrides = ConfigMap;  // Kafka's names and values as on the wire

struct Topic {
  std::string name;
  Uuid id{};
  std::int32_t partitions = 0;
  std::int32_t replication_factor = 1;
  Overrides overrides;
  TopicConfig config;  // overrides over the brokers' defaults
  EntryVersion version = 0;

  bool has(std::int32_t index) const { return index >= 0 && index < partitions; }
};
using TopicPtr = std::shared_ptr<const Topic>;

class Catalog {
 public:
  // alone: `self` leads every partition and is its only replica, there are no entries of partitions.
  enum class Mode { alone, member };
  explicit Catalog(BrokerId self, Mode mode = Mode::alone) : self_(self), mode_(mode) {}
  bool is_alone() const { return mode_ == Mode::alone; }

  TopicPtr find(std::string_view name) const;
  TopicPtr find(const Uuid& id) const;
  // The next one in the order of their names; null: there is none. Who walks so may give way in between.
  TopicPtr after(std::string_view name) const;
  const std::map<std::string, TopicPtr, std::less<>>& all() const { return by_name_; }
  std::size_t partition_count() const { return partition_count_; }
  std::uint64_t version() const { return version_; }  // another one whenever a topic is
  // The topic whose name counts as the same, for '.' and '_' do in names of metrics; null: there is none.
  TopicPtr twin_of(std::string_view name) const;

  // Who leads it, and its replicas; nobody, and none, as long as it has no entry.
  PartitionState state(const Topic& topic, std::int32_t index) const;
  EntryVersion state_version(const Topic& topic, std::int32_t index) const;  // 0: it has no entry
  using PartitionId = std::pair<Uuid, std::int32_t>;                         // topic, index
  struct StateEntry {
    PartitionState state;
    EntryVersion version = 0;
  };
  // This broker hears neither the store nor another broker, and somebody else may lead the partition by now,
  // in sync as it is.
  bool may_be_led_elsewhere(const Topic& topic, std::int32_t index) const;
  bool is_cut_off() const { return is_cut_off_(); }
  bool is_store_heard() const { return is_store_heard_(); }
  void when_cut_off(std::function<bool()> is_cut_off) { is_cut_off_ = std::move(is_cut_off); }
  void while_store_is_heard(std::function<bool()> is_heard) { is_store_heard_ = std::move(is_heard); }
  // Also of topics that are not there yet, or any more.
  const std::map<PartitionId, StateEntry>& states() const { return states_; }

  // ---- brokers
  struct Live {
    LiveEntry entry;
    EntryVersion version = 0;
  };
  const std::map<BrokerId, Live>& live() const { return live_; }
  const std::map<BrokerId, RegisteredEntry>& registered() const { return registered_; }
  const Registrations& registrations() const { return registrations_; }  // of those that live
  const std::optional<ControllerEntry>& controller() const { return controller_; }

  // What was altered of something (entries.h has the kinds); empty: nothing.
  const ConfigMap& config(std::string_view kind, std::string_view name) const;
  EntryVersion config_version(std::string_view kind, std::string_view name) const;  // 0: there is no entry
  std::vector<std::string> configured(std::string_view kind) const;                 // names
  BrokerIntent intent(BrokerId broker) const;
  std::set<BrokerId> not_to_lead() const;  // who is to serve no more, or not for now

  // ---- what an update does
  // One of them is null when the topic is new, or gone.
  struct TopicChange {
    TopicPtr before, after;
  };
  struct Applied {
    std::vector<TopicChange> topics;
    std::set<PartitionId> partitions;  // whose state is another, or gone
    bool brokers = false;              // who lives, or who is the controller, changed
    std::set<std::string> configs;     // kind + "/" + name, but those of topics
    std::vector<std::string> damaged;  // keys of entries that cannot be read; they count as unchanged
  };
  Applied apply(const MetadataUpdate& update);
  // The brokers' defaults are others: a topic as it is with these, to be put back.
  void set_defaults(TopicDefaults defaults) { defaults_ = std::move(defaults); }
  TopicPtr refresh(const TopicPtr& topic);
  // What a topic with these would have in effect.
  TopicConfig effective(const Overrides& overrides) const { return TopicConfig::from(overrides, defaults_); }

 private:
  struct Config {
    ConfigMap values;
    EntryVersion version = 0;
  };

  // In catalog_apply.cc. `names`: of topics that have to be looked at.
  using Names = std::set<std::string, std::less<>>;
  using TopicEntries = std::map<std::string, std::pair<TopicEntry, EntryVersion>, std::less<>>;
  void forget_missing(const MetadataUpdate& update, Applied& applied, Names& names);
  bool apply_entry(const std::string& key, const std::optional<MetadataEntry>& entry, Applied& applied,
                   Names& names, TopicEntries& topics);
  bool apply_config(std::string_view name, const std::optional<MetadataEntry>& entry, Applied& applied,
                    Names& names);
  bool apply_state(std::string_view id, const std::optional<MetadataEntry>& entry, Applied& applied);
  bool apply_live(std::string_view id, const std::optional<MetadataEntry>& entry, Applied& applied);
  bool apply_registered(std::string_view id, const std::optional<MetadataEntry>& entry);
  bool apply_controller(const std::optional<MetadataEntry>& entry, Applied& applied);
  void apply_topic(const std::string& name, bool is_told, const TopicEntries& topics, Applied& applied);

  void put(TopicPtr topic);
  void erase(const TopicPtr& topic);

  const BrokerId self_;
  const Mode mode_;
  TopicDefaults defaults_;
  std::uint64_t version_ = 0;
  std::size_t partition_count_ = 0;
  std::map<std::string, TopicPtr, std::less<>> by_name_;
  std::map<Uuid, TopicPtr> by_id_;
  std::map<std::string, std::string, std::less<>> by_folded_name_;
  std::map<std::string, Config, std::less<>> configs_;  // by kind + "/" + name
  std::map<PartitionId, StateEntry> states_;
  std::map<BrokerId, Live> live_;
  std::map<BrokerId, RegisteredEntry> registered_;
  Registrations registrations_;
  std::optional<ControllerEntry> controller_;
  std::function<bool()> is_cut_off_ = [] { return false; };
  std::function<bool()> is_store_heard_ = [] { return true; };
};

// 1 to 249 of [a-zA-Z0-9._-], and neither "." nor "..".
bool is_topic_name(std::string_view name);
// '.' read as '_'.
std::string folded(std::string_view name);

}  // namespace mq::core
