// SPDX-License-Identifier: Apache-2.0
#include "cli/topic/topic.h"

#include <algorithm>
#include <set>

#include "core/config/scalars.h"
#include "core/config/topic_config.h"

namespace mq::cli {

client::Options client_options(const Context& context) {
  client::Options options;
  const auto brokers = client::parse_addresses(context.brokers);
  if (!brokers || brokers->empty())
    throw UsageError("--brokers: " + in_quotes(context.brokers) + " is no list of HOST:PORT");
  options.brokers = *brokers;
  options.timeout = context.timeout;
  options.connect_timeout = std::min<client::Duration>(options.connect_timeout, context.timeout);
  const auto property = [&](const char* name) {
    const auto found = context.properties.find(name);
    return found == context.properties.end() ? std::optional<std::string>{} : found->second;
  };
  if (const auto id = property("client.id")) options.client_id = *id;
  if (const auto ms = property("request.timeout.ms")) {
    const auto value = core::parse_integer(*ms, 1, 86'400'000);
    if (!value) throw UsageError("-X request.timeout.ms: " + value.error().why);
    options.request_timeout = std::chrono::milliseconds(*value);
  }
  if (context.verbose > 0) options.log = [&context](std::string_view line) { context.detail(1, line); };
  return options;
}

// ---- state ----

std::optional<std::int64_t> PartitionState::offsets() const {
  if (!start || !end) return std::nullopt;
  return *end - *start;
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

Failure missing_topic(client::Cluster& cluster, std::int16_t code, const std::string& name) {
  Failure failure = failure_from(client::refused(code, {}, name));
  if (failure.exit != Exit::not_found) return failure;
  failure.hint = "list topics with: mq topic list";
  const auto all = cluster.metadata();
  if (!all) return failure;
  std::vector<std::string_view> names;
  for (const auto& topic : all->topics)
    if (topic.name) names.push_back(*topic.name);
  const std::string_view near = core::closest(name, names);
  if (!near.empty()) failure.hint = "did you mean " + in_quotes(near) + "?  List topics with: mq topic list";
  return failure;
}

Failure nothing_matches(const admin::Selector& selector) {
  return {.exit = Exit::not_found,
          .message = "no topic matches " + in_quotes(selector.text()),
          .target = selector.text(),
          .hint = "list topics with: mq topic list"};
}

// Keeps only the partitions a selector names; says which of them there are not.
void keep_partitions(TopicState& topic, const admin::Selector& selector, std::vector<Failure>& missing) {
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

std::vector<admin::Selector> selectors(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

Failure missing_partition(const std::string& topic, std::int32_t partition) {
  return {.exit = Exit::not_found,
          .message = "topic " + in_quotes(topic) + " has no partition " + std::to_string(partition),
          .target = topic,
          .hint = "those it has: mq topic describe " + topic};
}

Selection select(client::Cluster& cluster, const std::vector<admin::Selector>& selectors, bool internal) {
  Selection selection;
  std::vector<std::string> names;
  for (const admin::Selector& selector : selectors) {
    selection.by_pattern |= selector.is_pattern();
    if (!selector.is_pattern() && std::find(names.begin(), names.end(), selector.topic()) == names.end())
      names.push_back(selector.topic());
  }
  const bool all = selection.by_pattern || selectors.empty();
  const auto metadata = must(all ? cluster.metadata() : cluster.metadata(names));
  std::map<std::string, TopicState> found;
  std::map<std::string, std::int16_t> errors;
  for (const auto& topic : metadata.topics) {
    if (topic.error_code == 0 || !topic.partitions.empty())
      found.emplace(topic.name.value_or(""), state_of(topic));
    else
      errors.emplace(topic.name.value_or(""), topic.error_code);
  }
  std::map<std::string, TopicState> chosen;
  for (const auto& [name, state] : found)
    if (selectors.empty() && (internal || !state.internal)) chosen.emplace(name, state);
  for (const admin::Selector& selector : selectors) {
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
    const auto error = errors.find(selector.topic());
    selection.missing.push_back(
        selector.is_pattern()
            ? nothing_matches(selector)
            : missing_topic(cluster, error == errors.end() ? 3 : error->second, selector.topic()));
  }
  for (auto& [name, state] : chosen) selection.topics.push_back(std::move(state));
  return selection;
}

// ---- more about topics ----

namespace {

// One ListOffsets question for every partition; answers in that order, or nothing when it could not be asked.
std::optional<std::vector<client::OffsetAnswer>> ask_offsets(client::Cluster& cluster,
                                                             const std::vector<TopicState>& topics,
                                                             client::Milliseconds timestamp,
                                                             bool committed = false) {
  std::vector<client::OffsetQuery> queries;
  for (const TopicState& topic : topics)
    for (const PartitionState& partition : topic.partitions)
      queries.push_back({{topic.name, partition.number}, timestamp});
  const auto deadline = std::chrono::steady_clock::now() + cluster.client().options().timeout;
  auto answers = cluster.run(client::list_offsets(cluster.client(), std::move(queries), deadline, committed));
  if (!answers) return std::nullopt;
  return std::move(*answers);
}

}  // namespace

void add_count(json::object& row, std::optional<std::int64_t> offsets) {
  if (!offsets) return;
  row["offsets"] = *offsets;
  row["records"] = *offsets;
}

void add_offsets(client::Cluster& cluster, std::vector<TopicState>& topics) {
  const auto starts = ask_offsets(cluster, topics, client::earliest);
  const auto stable = ask_offsets(cluster, topics, client::latest, true);
  const auto ends = ask_offsets(cluster, topics, client::latest);
  std::size_t i = 0;
  for (TopicState& topic : topics)
    for (PartitionState& partition : topic.partitions) {
      if (starts && (*starts)[i].status) partition.start = (*starts)[i].offset;
      if (stable && (*stable)[i].status) partition.stable = (*stable)[i].offset;
      if (ends && (*ends)[i].status) partition.end = (*ends)[i].offset;
      i++;
    }
}

void add_last_writes(client::Cluster& cluster, std::vector<TopicState>& topics) {
  const auto newest = ask_offsets(cluster, topics, client::max_timestamp);
  if (!newest) return;
  std::size_t i = 0;
  for (TopicState& topic : topics)
    for (std::size_t n = 0; n < topic.partitions.size(); n++, i++) {
      const client::OffsetAnswer& answer = (*newest)[i];
      if (answer.status && answer.timestamp >= 0)
        topic.last_write_ms = std::max(topic.last_write_ms.value_or(-1), answer.timestamp);
    }
}

void add_sizes(client::Cluster& cluster, std::vector<TopicState>& topics) {
  const auto directories = cluster.describe_log_dirs();
  if (!directories) return;
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

std::map<std::string, std::vector<Setting>> settings_of(client::Cluster& cluster,
                                                        const std::vector<std::string>& topics) {
  kafka::DescribeConfigsRequest request;
  request.include_synonyms = true;
  for (const std::string& topic : topics) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kafka::topic_resource;
    resource.resource_name = topic;
  }
  std::map<std::string, std::vector<Setting>> all;
  if (topics.empty()) return all;
  const auto answer = must(cluster.describe_configs(std::move(request)));
  for (const auto& result : answer.results) {
    if (result.error_code != 0)
      throw FailureError(failure_from(
          client::refused(result.error_code, {}, result.resource_name, result.error_message.value_or(""))));
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
  return all;
}

std::vector<Setting> settings_of(client::Cluster& cluster, const std::string& topic) {
  return std::move(settings_of(cluster, std::vector<std::string>{topic})[topic]);
}

bool has_effect(std::string_view key) {
  const core::TopicConfigKey* known = core::find_topic_config(key);
  return !known || known->effective;
}

void notice_without_effect(const Context& context, const std::string& key) {
  if (!has_effect(key)) context.notice(key + " has no effect in mq: mq topic configs " + key);
}

std::string human_setting(std::string_view key, const std::string& wire) {
  const core::TopicConfigKey* known = core::find_topic_config(key);
  return known ? core::to_human(*known, wire) : wire;
}

void check_setting_key(const std::string& key) {
  if (core::find_topic_config(key)) return;
  const std::string_view near = core::suggest_topic_config(key);
  throw UsageError("unknown topic config " + in_quotes(key),
                   (near.empty() ? std::string{} : "did you mean " + in_quotes(near) + "?  ") +
                       "All keys: mq topic configs");
}

std::pair<std::string, std::string> parse_setting(const std::string& given) {
  const std::size_t equals = given.find('=');
  const std::string key = given.substr(0, equals);
  check_setting_key(key);
  const auto wire = core::to_wire(*core::find_topic_config(key), given.substr(equals + 1));
  if (!wire) throw UsageError(wire.error().why, "what it takes: mq topic configs " + key);
  return {key, *wire};
}

// ---- outcomes ----

Outcome outcome(std::string_view topic, std::string_view action, std::string_view status) {
  return {json::object{{"topic", topic}, {"action", action}, {"status", status}}, std::nullopt};
}

Outcome failed(std::string_view topic, std::string_view action, Failure failure) {
  Outcome result = outcome(topic, action, "error");
  result.row["error"] = failure.kafka.empty() ? std::string(name_of(failure.exit)) : failure.kafka;
  result.row["message"] = failure.message;
  result.failure = std::move(failure);
  return result;
}

Exit exit_of(const std::vector<Outcome>& outcomes) {
  const auto broken = [](const Outcome& o) { return o.failure.has_value(); };
  const auto first = std::find_if(outcomes.begin(), outcomes.end(), broken);
  if (first == outcomes.end()) return Exit::ok;
  return std::all_of(outcomes.begin(), outcomes.end(), broken) ? first->failure->exit : Exit::partial;
}

Exit conclude(Context& context, const Arguments& arguments, const Table& table,
              std::vector<Outcome> outcomes) {
  const bool only_good = is_human(context.output) || context.output == "name";
  std::vector<json::object> rows;
  for (const Outcome& result : outcomes)
    if (!result.failure || !only_good) rows.push_back(result.row);
  if (!rows.empty() || !only_good) print(context, arguments, table, std::move(rows));
  for (const Outcome& result : outcomes)
    if (result.failure) report(context, *result.failure);
  return exit_of(outcomes);
}

}  // namespace mq::cli
