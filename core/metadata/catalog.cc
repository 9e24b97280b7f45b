// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/catalog.h"

#include <algorithm>

#include "core/metadata/entries.h"

namespace mq::core {

namespace {

template <class Map, class Key>
TopicPtr find_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

std::string config_name(std::string_view kind, std::string_view name) {
  return std::string(kind).append("/").append(name);
}

}  // namespace

TopicPtr Catalog::find(std::string_view name) const {
  return find_in(by_name_, name);
}

TopicPtr Catalog::find(const Uuid& id) const {
  return find_in(by_id_, id);
}

TopicPtr Catalog::after(std::string_view name) const {
  const auto next = by_name_.upper_bound(name);
  return next == by_name_.end() ? nullptr : next->second;
}

TopicPtr Catalog::twin_of(std::string_view name) const {
  const auto twin = by_folded_name_.find(folded(name));
  return twin == by_folded_name_.end() || twin->second == name ? nullptr : find(twin->second);
}

PartitionState Catalog::state(const Topic& topic, std::int32_t index) const {
  constexpr BrokerEpoch only = 0;
  if (is_alone()) return initial_state({self_}, 1, {{self_, {only, true}}});
  const auto found = states_.find({topic.id, index});
  return found == states_.end() ? PartitionState{} : found->second.state;
}

bool Catalog::may_be_led_elsewhere(const Topic& topic, std::int32_t index) const {
  return is_cut_off_() && state(topic, index).isr.size() > 1;
}

EntryVersion Catalog::state_version(const Topic& topic, std::int32_t index) const {
  const auto found = states_.find({topic.id, index});
  return found == states_.end() ? 0 : found->second.version;
}

const ConfigMap& Catalog::config(std::string_view kind, std::string_view name) const {
  static const ConfigMap none;
  const auto found = configs_.find(config_name(kind, name));
  return found == configs_.end() ? none : found->second.values;
}

EntryVersion Catalog::config_version(std::string_view kind, std::string_view name) const {
  const auto found = configs_.find(config_name(kind, name));
  return found == configs_.end() ? 0 : found->second.version;
}

std::vector<std::string> Catalog::configured(std::string_view kind) const {
  const std::string prefix = config_name(kind, "");
  std::vector<std::string> names;
  for (auto at = configs_.lower_bound(prefix); at != configs_.end() && at->first.starts_with(prefix); ++at)
    names.push_back(at->first.substr(prefix.size()));
  return names;
}

BrokerIntent Catalog::intent(BrokerId broker) const {
  return intent_of(config(broker_kind, std::to_string(broker)));
}

std::set<BrokerId> Catalog::not_to_lead() const {
  std::set<BrokerId> brokers;
  for (const std::string& name : configured(broker_kind))
    if (const auto broker = parse_broker_id(name); broker && intent(*broker) != BrokerIntent::serve)
      brokers.insert(*broker);
  return brokers;
}

TopicPtr Catalog::refresh(const TopicPtr& topic) {
  auto changed = std::make_shared<Topic>(*topic);
  changed->config = TopicConfig::from(changed->overrides, defaults_);
  put(changed);
  return changed;
}

void Catalog::put(TopicPtr topic) {
  version_++;
  if (const TopicPtr before = find(topic->name))
    partition_count_ -= static_cast<std::size_t>(before->partitions);
  partition_count_ += static_cast<std::size_t>(topic->partitions);
  by_id_[topic->id] = topic;
  by_folded_name_[folded(topic->name)] = topic->name;
  by_name_[topic->name] = topic;
}

void Catalog::erase(const TopicPtr& topic) {
  version_++;
  partition_count_ -= static_cast<std::size_t>(topic->partitions);
  by_name_.erase(topic->name);
  by_id_.erase(topic->id);
  by_folded_name_.erase(folded(topic->name));
}

std::string folded(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '.', '_');
  return text;
}

bool is_topic_name(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace mq::core
