// SPDX-License-Identifier: Apache-2.0
// What an update of the metadata store does to the catalog.
#include "core/metadata/catalog.h"

namespace mq::core {

namespace {

// Takes `prefix` off.
bool strip(std::string_view& key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return false;
  key.remove_prefix(prefix.size());
  return true;
}

std::optional<std::string_view> topic_of_config(std::string_view name) {
  if (!strip(name, topic_kind) || !strip(name, "/")) return std::nullopt;
  return name;
}

}  // namespace

Catalog::Applied Catalog::apply(const MetadataUpdate& update) {
  Applied applied;
  Names names;
  TopicEntries topics;
  if (update.whole) forget_missing(update, applied, names);
  for (const auto& [key, entry] : update.entries)
    if (!apply_entry(key, entry, applied, names, topics)) applied.damaged.push_back(key);
  for (const std::string& key : applied.damaged)
    if (std::string_view name = key; strip(name, topic_entries)) names.erase(std::string(name));
  for (const std::string& name : names)
    apply_topic(name, update.whole || update.entries.contains(topic_key(name)), topics, applied);
  return applied;
}

// A whole image tells of nothing that is gone.
void Catalog::forget_missing(const MetadataUpdate& update, Applied& applied, Names& names) {
  const auto is_missing = [&](const std::string& key) { return !update.entries.contains(key); };
  for (const auto& [name, topic] : by_name_) names.insert(name);
  std::erase_if(configs_, [&](const auto& config) {
    const bool gone = is_missing(std::string(config_entries) + config.first);
    if (!gone) return false;
    const auto topic = topic_of_config(config.first);
    topic ? (void)names.emplace(*topic) : (void)applied.configs.insert(config.first);
    return true;
  });
  std::erase_if(states_, [&](const auto& state) {
    const bool gone = is_missing(partition_key(state.first.first, state.first.second));
    if (gone) applied.partitions.insert(state.first);
    return gone;
  });
  std::erase_if(registered_, [&](const auto& broker) { return is_missing(registered_key(broker.first)); });
  std::erase_if(live_, [&](const auto& broker) {
    const bool gone = is_missing(live_key(broker.first));
    if (gone) registrations_.erase(broker.first), applied.brokers = true;
    return gone;
  });
  if (controller_ && is_missing(std::string(controller_entry))) apply_controller(std::nullopt, applied);
}

// False: the entry cannot be read.
bool Catalog::apply_entry(const std::string& key, const std::optional<MetadataEntry>& entry, Applied& applied,
                          Names& names, TopicEntries& topics) {
  std::string_view rest = key;
  if (strip(rest, config_entries)) return apply_config(rest, entry, applied, names);
  if (strip(rest, partition_entries)) return apply_state(rest, entry, applied);
  if (strip(rest, live_entries)) return apply_live(rest, entry, applied);
  if (strip(rest, registered_entries)) return apply_registered(rest, entry);
  if (rest == controller_entry) return apply_controller(entry, applied);
  if (!strip(rest, topic_entries)) return true;  // somebody else's
  const auto topic = entry ? parse_topic(entry->value) : Result<TopicEntry>(TopicEntry{});
  if (!topic) return false;
  names.emplace(rest);
  if (entry) topics[std::string(rest)] = {*topic, entry->version};
  return true;
}

bool Catalog::apply_config(std::string_view name, const std::optional<MetadataEntry>& entry, Applied& applied,
                           Names& names) {
  auto values = entry ? parse_config(entry->value) : Result<ConfigMap>(ConfigMap{});
  if (!values) return false;
  const auto topic = topic_of_config(name);
  topic ? (void)names.emplace(*topic) : (void)applied.configs.emplace(name);
  if (entry)
    configs_[std::string(name)] = {std::move(*values), entry->version};
  else
    configs_.erase(std::string(name));
  return true;
}

// An image may be older than what is known of one partition: only its own version tells.
bool Catalog::apply_state(std::string_view id, const std::optional<MetadataEntry>& entry, Applied& applied) {
  const auto partition = parse_partition_key(id);
  if (!partition) return false;
  if (!entry) {
    if (states_.erase(*partition) > 0) applied.partitions.insert(*partition);
    return true;
  }
  auto state = parse_partition(entry->value);
  if (!state) return false;
  StateEntry& now = states_[*partition];
  if (now.version >= entry->version) return true;
  now = {std::move(*state), entry->version};
  applied.partitions.insert(*partition);
  return true;
}

bool Catalog::apply_live(std::string_view id, const std::optional<MetadataEntry>& entry, Applied& applied) {
  const auto broker = parse_broker_id(id);
  if (!broker) return false;
  auto live = entry ? parse_live(entry->value) : Result<LiveEntry>(LiveEntry{});
  if (!live) return false;
  applied.brokers = true;
  registrations_.erase(*broker);
  if (!entry) {
    live_.erase(*broker);
    return true;
  }
  if (live->epoch >= 0) registrations_[*broker] = {live->epoch, live->status == LiveEntry::Status::running};
  live_[*broker] = {std::move(*live), entry->version};
  return true;
}

bool Catalog::apply_registered(std::string_view id, const std::optional<MetadataEntry>& entry) {
  const auto broker = parse_broker_id(id);
  if (!broker) return false;
  auto registered = entry ? parse_registered(entry->value) : Result<RegisteredEntry>(RegisteredEntry{});
  if (!registered) return false;
  if (entry)
    registered_[*broker] = std::move(*registered);
  else
    registered_.erase(*broker);
  return true;
}

bool Catalog::apply_controller(const std::optional<MetadataEntry>& entry, Applied& applied) {
  auto controller = entry ? parse_controller(entry->value) : Result<ControllerEntry>(ControllerEntry{});
  if (!controller) return false;
  applied.brokers = true;
  controller_ = entry ? std::optional(*controller) : std::nullopt;
  return true;
}

void Catalog::apply_topic(const std::string& name, bool is_told, const TopicEntries& topics,
                          Applied& applied) {
  const TopicPtr before = find(name);
  const auto told = topics.find(name);
  if (told == topics.end() && (is_told || !before)) {
    if (!before) return;
    erase(before);
    applied.topics.push_back({before, nullptr});
    return;
  }
  auto topic = before ? std::make_shared<Topic>(*before) : std::make_shared<Topic>();
  if (told != topics.end()) {
    const auto& [entry, version] = told->second;
    topic->name = name;
    topic->id = entry.id;
    topic->partitions = entry.partitions;
    topic->replication_factor = entry.replication_factor;
    topic->version = version;
  }
  topic->overrides = config(topic_kind, name);
  topic->config = TopicConfig::from(topic->overrides, defaults_);
  const bool is_another = before && before->id != topic->id;  // made anew while nobody looked
  if (is_another) {
    erase(before);
    applied.topics.push_back({before, nullptr});
  }
  put(topic);
  applied.topics.push_back({is_another ? nullptr : before, topic});
}

}  // namespace mq::core
