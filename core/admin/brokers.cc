// SPDX-License-Identifier: Apache-2.0
#include "core/admin/brokers.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "core/client/cluster.h"
#include "core/client/deadline.h"
#include "core/config/topic_config.h"
#include "net/kafka/messages/list_config_resources.h"
#include "net/kafka/messages/unregister_broker.h"

namespace mq::admin {

using client::Nothing;
using client::Time;
using core::BrokerId;

namespace {

// Those that are registered, as far as the broker that is asked can tell.
Task<std::vector<BrokerId>> registered(Client& client, Time deadline) {
  kafka::ListConfigResourcesRequest request;
  request.resource_types = {kafka::broker_resource};
  std::vector<BrokerId> ids;
  const auto answer = co_await client.call<kafka::ListConfigResourcesResponse>(
      client::any_broker, std::move(request), client::left_until(deadline));
  if (!answer || answer->error_code != 0) co_return ids;
  for (const auto& resource : answer->config_resources) {
    if (resource.resource_type != kafka::broker_resource) continue;
    const std::string& name = resource.resource_name;
    BrokerId id = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error == std::errc() && end == name.data() + name.size()) ids.push_back(id);
  }
  co_return ids;
}

LogDir dir_of(const kafka::DescribeLogDirsResponse::DescribeLogDirsResult& told) {
  LogDir dir;
  dir.path = told.log_dir;
  dir.writable = told.error_code == 0;
  if (told.total_bytes >= 0) dir.total_bytes = told.total_bytes;
  if (told.usable_bytes >= 0) dir.free_bytes = told.usable_bytes;
  for (const auto& topic : told.topics) {
    std::int64_t bytes = 0;
    for (const auto& partition : topic.partitions) bytes += partition.partition_size;
    dir.replicas += std::ssize(topic.partitions);
    dir.used_bytes += bytes;
    if (!topic.partitions.empty()) dir.topics.emplace_back(topic.name, bytes);
  }
  std::ranges::stable_sort(dir.topics, std::ranges::greater{}, &std::pair<std::string, std::int64_t>::second);
  return dir;
}

}  // namespace

Task<Answer<std::vector<BrokerState>>> brokers(Client& client, Time deadline) {
  const auto metadata = co_await client::metadata(client, std::nullopt, deadline);
  if (!metadata) co_return metadata.error();
  std::map<BrokerId, BrokerState> all;
  const auto named = [&all](BrokerId id) -> BrokerState& {
    BrokerState& broker = all[id];
    broker.id = id;
    return broker;
  };
  for (const auto& told : metadata->brokers) {
    BrokerState& broker = named(told.node_id);
    broker.runs = true;
    broker.is_controller = told.node_id == metadata->controller_id;
    broker.rack = told.rack.value_or("");
    const client::Broker at{told.node_id, told.host, static_cast<std::uint16_t>(told.port), {}};
    broker.address = at.address();
  }
  for (const auto& topic : metadata->topics)
    for (const auto& partition : topic.partitions) {
      if (partition.leader_id >= 0) named(partition.leader_id).leaders++;
      for (const BrokerId replica : partition.replica_nodes) named(replica).replicas++;
    }
  const auto ids = co_await registered(client, deadline);
  for (const BrokerId id : ids) named(id);
  std::vector<BrokerState> states;
  for (auto& [id, broker] : all) states.push_back(std::move(broker));
  co_return states;
}

Task<void> add_log_dirs(Client& client, std::vector<BrokerState>& brokers) {
  for (BrokerState& broker : brokers) {
    if (!broker.runs) continue;
    const auto answer = co_await client.call<kafka::DescribeLogDirsResponse>(
        broker.id, kafka::DescribeLogDirsRequest{}, client.options().timeout);
    if (!answer || answer->error_code != 0) continue;
    auto& dirs = broker.dirs.emplace();
    for (const auto& told : answer->results) dirs.push_back(dir_of(told));
  }
}

// ---- settings ----

namespace {

BrokerSetting::Source source_of(std::int8_t number) {
  switch (static_cast<core::ConfigSource>(number)) {
    case core::ConfigSource::dynamic_broker:
      return BrokerSetting::Source::broker;
    case core::ConfigSource::dynamic_default:
      return BrokerSetting::Source::cluster;
    case core::ConfigSource::static_broker:
      return BrokerSetting::Source::file;
    default:
      return BrokerSetting::Source::fallback;
  }
}

std::string resource_name(std::optional<BrokerId> broker) {
  return broker ? std::to_string(*broker) : std::string();
}

std::string target_of(std::optional<BrokerId> broker) {
  return broker ? "broker " + std::to_string(*broker) : std::string("all brokers");
}

// A broker answers for itself. Where it is has to be known first.
Task<Answer<BrokerId>> whom_to_ask(Client& client, std::optional<BrokerId> broker, Time deadline) {
  if (!broker) co_return client::any_broker;
  std::optional<std::vector<std::string>> no_topics;
  no_topics.emplace();
  const auto known = co_await client::metadata(client, std::move(no_topics), deadline);
  if (!known) co_return known.error();
  co_return *broker;
}

}  // namespace

std::string_view name_of(BrokerSetting::Source source) {
  switch (source) {
    case BrokerSetting::Source::broker:
      return "broker";
    case BrokerSetting::Source::cluster:
      return "cluster";
    case BrokerSetting::Source::file:
      return "configuration";
    case BrokerSetting::Source::fallback:
      return "default";
  }
  return "";
}

Task<Answer<std::vector<BrokerSetting>>> settings_of_broker(Client& client, std::optional<BrokerId> broker,
                                                            Time deadline) {
  kafka::DescribeConfigsRequest request;
  request.include_documentation = true;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kafka::broker_resource;
  resource.resource_name = resource_name(broker);
  const auto answer = co_await client::describe_configs(client, std::move(request), deadline);
  if (!answer) co_return answer.error();
  std::vector<BrokerSetting> settings;
  for (const auto& result : answer->results) {
    if (result.error_code != 0)
      co_return client::refused(result.error_code, {}, target_of(broker), result.error_message.value_or(""));
    for (const auto& config : result.configs)
      settings.push_back({config.name, config.is_sensitive ? std::nullopt : config.value,
                          source_of(config.config_source), config.read_only,
                          config.documentation.value_or("")});
  }
  std::ranges::sort(settings, {}, &BrokerSetting::key);
  co_return settings;
}

Task<Answer<Nothing>> alter_broker(Client& client, std::optional<BrokerId> broker,
                                   std::vector<SettingChange> changes, bool validate_only, Time deadline) {
  const auto to = co_await whom_to_ask(client, broker, deadline);
  if (!to) co_return to.error();
  kafka::IncrementalAlterConfigsRequest request;
  request.validate_only = validate_only;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kafka::broker_resource;
  resource.resource_name = resource_name(broker);
  for (SettingChange& change : changes) {
    auto& config = resource.configs.emplace_back();
    config.name = std::move(change.key);
    config.config_operation = change.operation;
    if (change.operation != kafka::op_delete) config.value = std::move(change.value);
  }
  const auto answer = co_await client.call<kafka::IncrementalAlterConfigsResponse>(
      *to, std::move(request), client::left_until(deadline));
  if (!answer) co_return answer.error();
  for (const auto& result : answer->responses)
    if (result.error_code != 0)
      co_return client::refused(result.error_code, {}, target_of(broker), result.error_message.value_or(""));
  co_return Nothing{};
}

Task<Answer<client::Nothing>> unregister(Client& client, core::BrokerId broker, client::Time deadline) {
  kafka::UnregisterBrokerRequest request;
  request.broker_id = broker;
  const auto answer = co_await client.call<kafka::UnregisterBrokerResponse>(
      client::controller, std::move(request), client::left_until(deadline));
  if (!answer) co_return answer.error();
  if (answer->error_code != 0)
    co_return client::refused(answer->error_code, {}, std::to_string(broker),
                              answer->error_message.value_or(""));
  co_return client::Nothing{};
}

}  // namespace mq::admin
