// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/catalog.h"

#include <algorithm>
#include <set>

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

PartitionState Catalog::state(const Topic&, std::int32_t) const {
  constexpr BrokerEpoch only = 0;
  return initial_state({self_}, 1, {{self_, {only, true}}});
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

Catalog::Applied Catalog::apply(const MetadataUpdate& update) {
  Applied applied;
  std::set<std::string, std::less<>> touched;  // names of topics
  const auto touch_topic_of = [&](std::string_view config) {
    const std::string prefix = config_name(topic_kind, "");
    if (config.starts_with(prefix)) touched.emplace(config.substr(prefix.size()));
  };
  if (update.whole) {
    for (const auto& [name, topic] : by_name_) touched.insert(name);
    std::erase_if(configs_, [&](const auto& config) {
      const bool gone = !update.entries.contains(std::string(config_entries) + config.first);
      if (gone) touch_topic_of(config.first);
      return gone;
    });
  }
  std::map<std::string, std::pair<TopicEntry, EntryVersion>, std::less<>> topics;
  for (const auto& [key, entry] : update.entries) {
    if (key.starts_with(config_entries)) {
      const std::string name = key.substr(config_entries.size());
      auto values = entry ? parse_config(entry->value) : Result<ConfigMap>(ConfigMap{});
      if (!values) {
        applied.damaged.push_back(key);
        continue;
      }
      touch_topic_of(name);
      if (entry)
        configs_[name] = {std::move(*values), entry->version};
      else
        configs_.erase(name);
    } else if (key.starts_with(topic_entries)) {
      const std::string name = key.substr(topic_entries.size());
      const auto parsed = entry ? parse_topic(entry->value) : Result<TopicEntry>(TopicEntry{});
      if (!parsed) {
        applied.damaged.push_back(key);
        touched.erase(name);
        continue;
      }
      touched.insert(name);
      if (entry) topics[name] = {*parsed, entry->version};
    }
  }
  for (const std::string& name : touched) {
    const TopicPtr before = find(name);
    const auto told = topics.find(name);
    const bool is_gone = told == topics.end() && (update.whole || update.entries.contains(topic_key(name)));
    if (is_gone || (told == topics.end() && !before)) {
      if (before) {
        erase(before);
        applied.topics.push_back({before, nullptr});
      }
      continue;
    }
    auto topic = before ? std::make_shared<Topic>(*before) : std::make_shared<Topic>();
    if (told != topics.end()) {
      topic->name = name;
      topic->id = told->second.first.id;
      topic->partitions = told->second.first.partitions;
      topic->version = told->second.second;
    }
    topic->overrides = config(topic_kind, name);
    topic->config = TopicConfig::from(topic->overrides, defaults_);
    if (before && before->id != topic->id) {  // made anew while nobody looked
      erase(before);
      applied.topics.push_back({before, nullptr});
      put(topic);
      applied.topics.push_back({nullptr, topic});
    } else {
      put(topic);
      applied.topics.push_back({before, topic});
    }
  }
  return applied;
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
