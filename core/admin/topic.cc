// SPDX-License-Identifier: Apache-2.0
#include "core/admin/topic.h"

#include <algorithm>
#include <set>

#include "core/client/cluster.h"
#include "core/config/scalars.h"
#include "core/config/topic_config.h"
#include "net/kafka/config_resource.h"

namespace mq::admin {

// ---- state ----

std::optional<std::int64_t> PartitionState::offsets() const {
  if (!start || !end) return std::nullopt;
  return *end - *start;
}

std::string_view PartitionState::state() const {
  if (leader < 0) return "offline";
  if (in_sync.size() < replicas.size()) return "under-replicated";
  return replicas.empty() || replicas.front() == leader ? "ok" : "not preferred";
}

std::size_t TopicState::replication() const {
  std::size_t most = 0;
  for (const PartitionState& partition : partitions) most = std::max(most, partition.replicas.size());
  return most;
}

std::size_t TopicState::under_replicated() const {
  return static_cast<std::size_t>(
      std::count_if(partitions.begin(), partitions.end(),
                    [](const PartitionState& p) { return p.in_sync.size() < p.replicas.size(); }));
}

std::size_t TopicState::without_leader() const {
  return static_cast<std::size_t>(std::count_if(partitions.begin(), partitions.end(),
                                                [](const PartitionState& p) { return p.leader < 0; }));
}

std::string TopicState::state() const {
  if (const std::size_t n = without_leader()) return std::to_string(n) + " offline";
  if (const std::size_t n = under_replicated()) return std::to_string(n) + " under-replicated";
  return "ok";
}

namespace {

template <class Part>
std::optional<std::int64_t> sum(const TopicState& topic, Part part) {
  std::int64_t total = 0;
  for (const PartitionState& partition : topic.partitions) {
    const std::optional<std::int64_t> n = part(partition);
    if (!n) return std::nullopt;
    total += *n;
  }
  return total;
}

TopicState state_of(const kafka::MetadataResponse::MetadataResponseTopic& topic) {
  TopicState state;
  state.name = topic.name.value_or("");
  state.internal = topic.is_internal;
  for (const auto& partition : topic.partitions) {
    PartitionState p;
    p.number = partition.partition_index;
    p.leader = partition.leader_id;
    p.replicas = partition.replica_nodes;
    p.in_sync = partition.isr_nodes;
    p.offline = partition.offline_replicas;
    state.partitions.push_back(std::move(p));
  }
  state.partition_count = static_cast<std::int32_t>(state.partitions.size());
  std::sort(state.partitions.begin(), state.partitions.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return state;
}

// Why it is not there, and what else may be meant.
Task<Missing> missing_topic(Client& client, std::int16_t code, std::string name) {
  Missing missing{.name = name, .why = client::refused(code, {}, name)};
  if (missing.why.error != kafka::Error::unknown_topic_or_partition) co_return missing;
  const auto all = co_await client::metadata(client, std::nullopt, client.deadline());
  if (!all) co_return missing;
  std::vector<std::string_view> names;
  for (const auto& topic : all->topics)
    if (topic.name) names.push_back(*topic.name);
  missing.near = core::closest(name, names);
  co_return missing;
}

// Keeps only the partitions a selector names; says which of them there are not.
void keep_partitions(TopicState& topic, const Selector& selector, std::vector<Missing>& missing) {
  if (selector.partitions().empty()) return;
  std::set<std::int32_t> there;
  for (const PartitionState& partition : topic.partitions) there.insert(partition.number);
  for (const std::int32_t number : selector.partitions())
    if (!there.contains(number)) missing.push_back(missing_partition(topic.name, number));
  std::erase_if(topic.partitions, [&](const PartitionState& p) { return !selector.has(p.number); });
}

// What two selectors mean of one topic, together.
void add_partitions(TopicState& topic, const TopicState& more) {
  auto& all = topic.partitions;
  all.insert(all.end(), more.partitions.begin(), more.partitions.end());
  std::ranges::sort(all, {}, &PartitionState::number);
  const auto same = [](const auto& a, const auto& b) { return a.number == b.number; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
}

}  // namespace

std::optional<std::int64_t> TopicState::offsets() const {
  return sum(*this, [](const PartitionState& p) { return p.offsets(); });
}

std::optional<std::int64_t> TopicState::bytes() const {
  return sum(*this, [](const PartitionState& p) { return p.bytes; });
}

std::vector<Selector> selectors(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

Task<Answer<Selection>> select(Client& client, std::vector<Selector> selectors, bool internal) {
  Selection selection;
  std::vector<std::string> names;
  for (const Selector& selector : selectors) {
    selection.by_pattern |= selector.is_pattern();
    if (!selector.is_pattern() && std::find(names.begin(), names.end(), selector.topic()) == names.end())
      names.push_back(selector.topic());
  }
  std::optional<std::vector<std::string>> asked;
  if (!selection.by_pattern && !selectors.empty()) asked = names;
  const auto metadata = co_await client::metadata(client, std::move(asked), client.deadline());
  if (!metadata) co_return metadata.error();
  std::map<std::string, TopicState> found;
  std::map<std::string, std::int16_t> errors;
  for (const auto& topic : metadata->topics) {
    if (topic.error_code == 0 || !topic.partitions.empty())
      found.emplace(topic.name.value_or(""), state_of(topic));
    else
      errors.emplace(topic.name.value_or(""), topic.error_code);
  }
  std::map<std::string, TopicState> chosen;
  for (const auto& [name, state] : found)
    if (selectors.empty() && (internal || !state.internal)) chosen.emplace(name, state);
  for (const Selector& selector : selectors) {
    bool any_found = false;
    for (const auto& [name, state] : found) {
      if (!selector.matches(name) || (selector.is_pattern() && state.internal && !internal)) continue;
      any_found = true;
      TopicState meant = state;
      keep_partitions(meant, selector, selection.missing);
      const auto [before, fresh] = chosen.try_emplace(name, meant);
      if (!fresh) add_partitions(before->second, meant);
    }
    if (any_found) continue;
    if (selector.is_pattern()) {
      selection.missing.push_back({.what = Missing::What::topics, .name = selector.text()});
      continue;
    }
    const auto error = errors.find(selector.topic());
    const std::int16_t code =
        error == errors.end() ? kafka::number_of(kafka::Error::unknown_topic_or_partition) : error->second;
    auto missing = co_await missing_topic(client, code, selector.topic());
    selection.missing.push_back(std::move(missing));
  }
  for (auto& [name, state] : chosen) selection.topics.push_back(std::move(state));
  co_return selection;
}

// ---- more about topics ----

namespace {

std::vector<client::OffsetQuery> queries_for(const std::vector<TopicState>& topics,
                                             client::Milliseconds timestamp) {
  std::vector<client::OffsetQuery> queries;
  for (const TopicState& topic : topics)
    for (const PartitionState& partition : topic.partitions)
      queries.push_back({{topic.name, partition.number}, timestamp});
  return queries;
}

// Every partition's in order; each status is a failure when they could not be asked. Who has no leader is not
// waited for.
Task<std::vector<client::OffsetAnswer>> ask_offsets(Client& client, const std::vector<TopicState>& topics,
                                                    client::Milliseconds timestamp, bool committed = false) {
  std::vector<client::OffsetQuery> queries;
  std::vector<std::size_t> places;
  std::vector<client::OffsetAnswer> all;
  for (const TopicState& topic : topics)
    for (const PartitionState& partition : topic.partitions) {
      const kafka::Error error = kafka::Error::leader_not_available;
      all.emplace_back().status = client::refused(kafka::number_of(error), {}, topic.name);
      if (partition.leader < 0) continue;
      places.push_back(all.size() - 1);
      queries.push_back({{topic.name, partition.number}, timestamp});
    }
  auto answers = co_await client::list_offsets(client, std::move(queries), client.deadline(), committed);
  for (std::size_t i = 0; i < places.size(); i++) {
    if (answers)
      all[places[i]] = std::move((*answers)[i]);
    else
      all[places[i]].status = answers.error();
  }
  co_return all;
}

}  // namespace

Task<void> add_offsets(Client& client, std::vector<TopicState>& topics) {
  const auto starts = co_await ask_offsets(client, topics, client::earliest);
  const auto stable = co_await ask_offsets(client, topics, client::latest, true);
  const auto ends = co_await ask_offsets(client, topics, client::latest);
  std::size_t i = 0;
  for (TopicState& topic : topics)
    for (PartitionState& partition : topic.partitions) {
      if (starts[i].status) partition.start = starts[i].offset;
      if (stable[i].status) partition.stable = stable[i].offset;
      if (ends[i].status) partition.end = ends[i].offset;
      i++;
    }
}

Task<void> add_last_writes(Client& client, std::vector<TopicState>& topics) {
  const auto newest = co_await ask_offsets(client, topics, client::max_timestamp);
  std::size_t i = 0;
  for (TopicState& topic : topics)
    for (std::size_t n = 0; n < topic.partitions.size(); n++, i++)
      if (newest[i].status && newest[i].timestamp >= 0)
        topic.last_write_ms = std::max(topic.last_write_ms.value_or(-1), newest[i].timestamp);
}

Task<void> add_sizes(Client& client, std::vector<TopicState>& topics) {
  const auto directories = co_await client::describe_log_dirs(client, std::nullopt, client.deadline());
  if (!directories) co_return;
  std::map<std::pair<std::string, std::int32_t>, std::map<client::BrokerId, std::int64_t>> sizes;
  for (const client::LogDirs& broker : *directories) {
    if (!broker.answer) continue;
    for (const auto& directory : broker.answer->results)
      for (const auto& topic : directory.topics)
        for (const auto& partition : topic.partitions)
          if (!partition.is_future_key)
            sizes[{topic.name, partition.partition_index}][broker.broker.id] = partition.partition_size;
  }
  for (TopicState& topic : topics)
    for (PartitionState& partition : topic.partitions) {
      const auto found = sizes.find({topic.name, partition.number});
      if (found == sizes.end()) continue;
      const auto leader = found->second.find(partition.leader);
      partition.bytes = leader == found->second.end() ? found->second.begin()->second : leader->second;
    }
}

Task<Answer<OffsetsAt>> offsets_at(Client& client, const std::vector<TopicState>& topics,
                                   std::int64_t time_ms) {
  const auto answers = co_await client::list_offsets(client, queries_for(topics, time_ms), client.deadline());
  if (!answers) co_return answers.error();
  OffsetsAt found;
  for (const TopicState& topic : topics)
    for (const PartitionState& partition : topic.partitions) {
      const client::OffsetAnswer& answer = (*answers)[found.size()];
      if (!answer.status) co_return answer.status.error();
      found.push_back(answer.offset >= 0 ? std::optional(answer.offset) : partition.end);
    }
  co_return found;
}

// ---- settings ----

std::string as_setting(std::string_view key, std::string_view synonym, const std::string& value) {
  constexpr std::int64_t minute_ms = 60'000, hour_ms = 60 * minute_ms;
  if (!key.ends_with(".ms")) return value;
  const std::int64_t unit_ms = synonym.ends_with(".hours")     ? hour_ms
                               : synonym.ends_with(".minutes") ? minute_ms
                                                               : 1;
  const auto number = core::parse_integer(value, -1, INT64_MAX / unit_ms);
  return !number || *number < 0 ? value : std::to_string(*number * unit_ms);
}

Task<Answer<Settings>> settings_of(Client& client, std::vector<std::string> topics) {
  kafka::DescribeConfigsRequest request;
  request.include_synonyms = true;
  for (const std::string& topic : topics) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kafka::topic_resource;
    resource.resource_name = topic;
  }
  Settings all;
  if (topics.empty()) co_return all;
  const auto answer = co_await client::describe_configs(client, std::move(request), client.deadline());
  if (!answer) co_return answer.error();
  for (const auto& result : answer->results) {
    if (result.error_code != 0)
      co_return client::refused(result.error_code, {}, result.resource_name,
                                result.error_message.value_or(""));
    for (const auto& config : result.configs) {
      Setting setting{
          config.name, config.value.value_or(""), {}, config.config_source == 1, config.is_sensitive};
      const std::size_t next = setting.overridden ? 1 : 0;
      if (config.synonyms.size() > next)
        setting.fallback =
            as_setting(config.name, config.synonyms[next].name, config.synonyms[next].value.value_or(""));
      if (setting.fallback.empty())
        if (const auto* key = core::find_topic_config(config.name)) setting.fallback = key->default_value;
      all[result.resource_name].push_back(std::move(setting));
    }
  }
  co_return all;
}

bool has_effect(std::string_view key) {
  const core::TopicConfigKey* known = core::find_topic_config(key);
  return !known || known->effective;
}

}  // namespace mq::admin
