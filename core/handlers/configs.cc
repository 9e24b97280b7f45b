// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <span>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "core/loop/run_on.h"
#include "core/metadata/entries.h"
#include "core/metadata/internal_topic.h"
#include "net/kafka/config_resource.h"
#include "net/kafka/messages/alter_configs.h"
#include "net/kafka/messages/describe_configs.h"
#include "net/kafka/messages/incremental_alter_configs.h"
#include "net/kafka/messages/list_config_resources.h"

namespace mq::core {

using kafka::Error;

namespace {

using enum kafka::ConfigResource;
using enum kafka::AlterConfigOp;

constexpr std::size_t names_max = 1000;  // of configs, for one resource: far more than there are
const std::vector<std::string> none;

// Whether the name of a BROKER resource means this broker, all of them (""), another one of the cluster, or
// none that is known.
enum class Which { self, all, other, nobody };
Which which_broker(const Context& context, const std::string& name) {
  if (name.empty()) return Which::all;
  if (name == std::to_string(context.broker.identity.node_id)) return Which::self;
  const Catalog& catalog = context.broker.catalog;
  const auto broker = catalog.is_alone() ? std::nullopt : parse_broker_id(name);
  const bool is_known = broker && std::to_string(*broker) == name && catalog.registered().contains(*broker);
  return is_known ? Which::other : Which::nobody;
}

// ------------------------------------------------------------------------------------------------ describe

using DescribedConfigs = kafka::DescribeConfigsResponse::DescribeConfigsResult;

void add(DescribedConfigs& result, const kafka::DescribeConfigsRequest& request,
         const kafka::DescribeConfigsRequest::DescribeConfigsResource& asked, const ConfigEntry& entry) {
  const auto& keys = asked.configuration_keys;
  const auto looked_at = std::span(keys ? *keys : none).first(std::min(keys ? keys->size() : 0, names_max));
  if (!looked_at.empty() && std::ranges::find(looked_at, entry.name) == looked_at.end()) return;
  auto& row = result.configs.emplace_back();
  row.name = entry.name;
  row.value = entry.sensitive ? std::nullopt : entry.value;
  row.read_only = entry.read_only;
  row.config_source = static_cast<std::int8_t>(entry.source);
  row.is_sensitive = entry.sensitive;
  row.config_type = static_cast<std::int8_t>(entry.type);
  if (request.include_documentation) row.documentation = entry.documentation;
  if (!request.include_synonyms) return;
  for (const ConfigSynonym& s : entry.synonyms)
    row.synonyms.push_back({s.name, s.value, static_cast<std::int8_t>(s.source)});
}

void fail(DescribedConfigs& result, Error error, std::string message) {
  result.error_code = kafka::number_of(error);
  result.error_message = std::move(message);
}

void describe(const Context& context, const kafka::DescribeConfigsRequest& request,
              const kafka::DescribeConfigsRequest::DescribeConfigsResource& asked, DescribedConfigs& result) {
  const Services& broker = context.broker;
  if (asked.resource_type == topic_resource) {
    const TopicPtr topic = broker.catalog.find(asked.resource_name);
    if (!topic && !is_topic_name(asked.resource_name))
      return fail(result, Error::invalid_topic_exception,
                  "\"" + asked.resource_name + "\" is not a topic name");
    if (!topic)
      return fail(result, Error::unknown_topic_or_partition,
                  "topic \"" + asked.resource_name + "\" does not exist");
    const TopicDefaults defaults = topic_defaults(broker.config, broker.dynamic);
    for (const TopicConfigKey& key : topic_config_keys()) {
      ConfigEntry entry = describe_topic_config(key, topic->overrides, defaults);
      if (entry.name == "min.insync.replicas")
        entry.value = std::to_string(insync_replicas_min(topic->config, topic->replication_factor));
      add(result, request, asked, entry);
    }
    return;
  }
  if (asked.resource_type == broker_resource) {
    const Which which = which_broker(context, asked.resource_name);
    if (which == Which::nobody)
      return fail(result, Error::invalid_request,
                  "this is broker " + std::to_string(broker.identity.node_id));
    const auto entries = which == Which::all ? describe_cluster_default(broker.dynamic)
                         : which == Which::other
                             ? describe_other_broker(broker.catalog.config(broker_kind, asked.resource_name))
                             : describe_broker(broker.config, broker.identity.node_id, broker.dynamic);
    for (const ConfigEntry& entry : entries) add(result, request, asked, entry);
    return;
  }
  if (asked.resource_type == group_resource) {
    if (asked.resource_name.empty()) return fail(result, Error::invalid_request, "no group is named");
    for (const ConfigEntry& entry :
         describe_group(broker.config, broker.groups.configs().of(asked.resource_name)))
      add(result, request, asked, entry);
    return;
  }
  if (asked.resource_type == broker_logger_resource) return;  // no loggers to change
  fail(result, Error::invalid_request,
       "resource type " + std::to_string(asked.resource_type) + " has no configs here");
}

// ------------------------------------------------------------------------------------------------ alter

// One wanted change of one config: set, delete, append, subtract.
struct Alteration {
  std::string name;
  std::int8_t operation = op_set;
  std::optional<std::string> value;
};
struct Alterations {
  std::int8_t resource_type = 0;
  std::string resource_name;
  std::vector<Alteration> changes;
  bool replaces_all = false;  // AlterConfigs: what is not named goes back to its default
};

Refusal apply(const Alteration& change, const TopicDefaults& defaults, Overrides& overrides) {
  const TopicConfigKey* key = find_topic_config(change.name);
  if (!key) return {Error::invalid_config, "unknown topic config \"" + change.name + "\""};
  if (change.operation == op_delete) {
    overrides.erase(change.name);
    return {};
  }
  if (!change.value) return {Error::invalid_request, "topic config \"" + change.name + "\" has no value"};
  std::string value(trim(*change.value));
  if (change.operation == op_append || change.operation == op_subtract) {
    if (key->type != ConfigType::list)
      return {Error::invalid_config, "topic config \"" + change.name + "\" is not a list"};
    const std::string now = describe_topic_config(*key, overrides, defaults).value.value_or("");
    value = change.operation == op_append ? list_append(now, value) : list_subtract(now, value);
  } else if (change.operation != op_set) {
    return {Error::invalid_request, "unknown operation " + std::to_string(change.operation)};
  }
  if (auto wrong = validate(*key, value)) return {Error::invalid_config, std::move(*wrong)};
  overrides[change.name] = std::move(value);
  return {};
}

Refusal check_names(const Alterations& wanted) {
  if (wanted.changes.size() > names_max)
    return {Error::invalid_request, "more than " + std::to_string(names_max) + " configs at a time"};
  std::set<std::string> seen;
  for (const Alteration& change : wanted.changes)
    if (!seen.insert(change.name).second)
      return {Error::invalid_request, "config \"" + change.name + "\" is named twice"};
  return {};
}

Task<Refusal> alter_topic(Context& context, Alterations wanted, bool validate_only) {
  const TopicPtr topic = context.broker.catalog.find(wanted.resource_name);
  if (!topic)
    co_return Refusal{Error::unknown_topic_or_partition,
                      "topic \"" + wanted.resource_name + "\" does not exist"};
  const TopicDefaults defaults = topic_defaults(context.broker.config, context.broker.dynamic);
  Overrides overrides = wanted.replaces_all ? Overrides{} : topic->overrides;
  for (const Alteration& change : wanted.changes)
    if (Refusal refusal = apply(change, defaults, overrides); refusal.error != Error::none) co_return refusal;
  const auto policy = overrides.find("cleanup.policy");
  if (is_internal_topic(topic->name) && (policy == overrides.end() || policy->second != "compact"))
    co_return Refusal{Error::invalid_config,
                      "\"" + topic->name + "\" is compacted: what it remembers must not grow old"};
  if (validate_only) co_return Refusal{};
  const Error error =
      co_await context.broker.controller.configure(topic_kind, wanted.resource_name, std::move(overrides));
  co_return Refusal{error, error == Error::none ? "" : "the change could not be stored"};
}

constexpr std::size_t altered_max = 1'000;  // of one resource

// Kafka says INVALID_REQUEST to whatever is wrong with a broker config.
Refusal apply_dynamic(const Alteration& change, ConfigMap& configs) {
  if (change.operation == op_delete) {
    configs.erase(change.name);
    return {};
  }
  if (!change.value) return {Error::invalid_request, "broker config \"" + change.name + "\" has no value"};
  std::string value(trim(*change.value));
  if (change.operation != op_set) {
    const TopicConfigKey* key = find_topic_config(topic_key_for(change.name));
    if (!key || key->type != ConfigType::list)
      return {Error::invalid_config, "broker config \"" + change.name + "\" is not a list"};
    const auto found = configs.find(change.name);
    const std::string now = found == configs.end() ? std::string(key->default_value) : found->second;
    value = change.operation == op_append ? list_append(now, value) : list_subtract(now, value);
  }
  if (auto wrong = validate_dynamic(change.name, value)) return {Error::invalid_request, std::move(*wrong)};
  configs[change.name] = std::move(value);
  if (configs.size() > altered_max) return {Error::invalid_request, "too many broker configs are altered"};
  return {};
}

Task<Refusal> store(Services& broker, std::string_view kind, std::string name, ConfigMap values) {
  const Error error = co_await broker.controller.configure(kind, std::move(name), std::move(values));
  co_return Refusal{error, error == Error::none ? "" : "the change could not be stored"};
}

Task<Refusal> alter_broker(Context& context, Alterations wanted, bool validate_only) {
  Services& broker = context.broker;
  const Which which = which_broker(context, wanted.resource_name);
  if (which == Which::nobody)
    co_return Refusal{Error::invalid_request, "this is broker " + std::to_string(broker.identity.node_id)};
  const bool all = which == Which::all;
  const ConfigMap before = all                     ? broker.dynamic.cluster
                           : which == Which::other ? broker.catalog.config(broker_kind, wanted.resource_name)
                                                   : broker.dynamic.broker;
  ConfigMap after = wanted.replaces_all ? ConfigMap{} : before;
  for (const Alteration& change : wanted.changes)
    if (Refusal refusal = apply_dynamic(change, after); refusal.error != Error::none) co_return refusal;
  if (all && after.contains(std::string(intent_config)))
    co_return Refusal{Error::invalid_request, std::string(intent_config) + " is of one broker, not of all"};
  if (validate_only) co_return Refusal{};
  std::string name = all ? std::string(all_brokers) : wanted.resource_name;
  Refusal failed = co_await store(broker, broker_kind, std::move(name), after);
  if (failed.error != Error::none || which == Which::other) co_return failed;
  (all ? broker.dynamic.cluster : broker.dynamic.broker) = std::move(after);
  co_await broker.loader.defaults_changed(topic_defaults(broker.config, broker.dynamic));
  co_return Refusal{};
}

Refusal apply_to_group(const Alteration& change, ConfigMap& own) {
  if (change.operation == op_delete && is_group_config(change.name)) {
    own.erase(change.name);
    return {};
  }
  const std::string value(trim(change.value.value_or("")));
  if (auto wrong = validate_group_config(change.name, value))
    return {Error::invalid_config, std::move(*wrong)};
  if (change.operation != op_set)
    return {Error::invalid_config, "group config \"" + change.name + "\" is not a list"};
  own[change.name] = value;
  return {};
}

Refusal check_group(const Services& broker, const std::string& id, const ConfigMap& own) {
  constexpr std::size_t id_bytes_max = 1024;
  if (id.empty() || id.size() > id_bytes_max)
    return {Error::invalid_request, "the name of the group is empty, or longer than 1024 bytes"};
  const ConsumerLimits limits = consumer_limits_of(broker.config, own);
  if (!own.empty() && limits.session_timeout <= limits.heartbeat_interval)
    return {Error::invalid_config,
            "consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms"};
  const auto& all = broker.groups.configs().all();
  if (!all.contains(id) && all.size() >= GroupConfigs::groups_max)
    return {Error::policy_violation, "too many groups are configured"};
  return {};
}

Task<Refusal> alter_group(Context& context, Alterations wanted, bool validate_only) {
  Services& broker = context.broker;
  const std::string& id = wanted.resource_name;
  const ConfigMap before = broker.groups.configs().of(id);
  ConfigMap after = wanted.replaces_all ? ConfigMap{} : before;
  for (const Alteration& change : wanted.changes)
    if (Refusal refusal = apply_to_group(change, after); refusal.error != Error::none) co_return refusal;
  Refusal refusal = check_group(broker, id, after);
  if (refusal.error != Error::none || validate_only) co_return refusal;
  Refusal failed = co_await store(broker, group_kind, id, after);
  if (failed.error == Error::none) broker.groups.configs().set(id, std::move(after));
  co_return failed;
}

Task<Refusal> alter(Context& context, Alterations wanted, bool validate_only) {
  if (Refusal refusal = check_names(wanted); refusal.error != Error::none) co_return refusal;
  const AsyncMutex::Hold hold = co_await context.broker.dynamic.altering.lock();
  if (wanted.resource_type == topic_resource)
    co_return co_await alter_topic(context, std::move(wanted), validate_only);
  if (wanted.resource_type == broker_resource)
    co_return co_await alter_broker(context, std::move(wanted), validate_only);
  if (wanted.resource_type == group_resource)
    co_return co_await alter_group(context, std::move(wanted), validate_only);
  co_return Refusal{
      Error::invalid_request,
      "configs of resource type " + std::to_string(wanted.resource_type) + " cannot be altered here"};
}

template <class Answer>
void fill(Answer& answer, std::int8_t type, const std::string& name, Refusal refusal) {
  answer.resource_type = type;
  answer.resource_name = name;
  answer.error_code = kafka::number_of(refusal.error);
  if (refusal.error != Error::none) answer.error_message = std::move(refusal.message);
}

constexpr std::size_t steps_per_resource = 200;  // texts of every config
}  // namespace

Task<kafka::DescribeConfigsResponse> describe_configs(Context& context,
                                                      kafka::DescribeConfigsRequest& request) {
  kafka::DescribeConfigsResponse response;
  response.results.reserve(request.resources.size());
  for (const auto& asked : request.resources) {
    const std::size_t keys = asked.configuration_keys ? asked.configuration_keys->size() : 0;
    if (context.pace.due(steps_per_resource + std::min(keys, names_max))) co_await context.pace.give_way();
    DescribedConfigs& result = response.results.emplace_back();
    result.resource_type = asked.resource_type;
    result.resource_name = asked.resource_name;
    describe(context, request, asked, result);
  }
  co_return response;
}

Task<kafka::AlterConfigsResponse> alter_configs(Context& context, kafka::AlterConfigsRequest& request) {
  kafka::AlterConfigsResponse response;
  for (auto& resource : request.resources) {
    if (context.pace.due(resource.configs.size() + 1)) co_await context.pace.give_way();
    Alterations wanted{resource.resource_type, resource.resource_name, {}, true};
    for (auto& config : std::span(resource.configs).first(std::min(resource.configs.size(), names_max + 1)))
      wanted.changes.push_back({std::move(config.name), op_set, std::move(config.value)});
    Refusal refusal = co_await alter(context, std::move(wanted), request.validate_only);
    fill(response.responses.emplace_back(), resource.resource_type, resource.resource_name,
         std::move(refusal));
  }
  co_return response;
}

Task<kafka::IncrementalAlterConfigsResponse> incremental_alter_configs(
    Context& context, kafka::IncrementalAlterConfigsRequest& request) {
  kafka::IncrementalAlterConfigsResponse response;
  for (auto& resource : request.resources) {
    if (context.pace.due(resource.configs.size() + 1)) co_await context.pace.give_way();
    Alterations wanted{resource.resource_type, resource.resource_name, {}, false};
    for (auto& config : std::span(resource.configs).first(std::min(resource.configs.size(), names_max + 1)))
      wanted.changes.push_back({std::move(config.name), config.config_operation, std::move(config.value)});
    Refusal refusal = co_await alter(context, std::move(wanted), request.validate_only);
    fill(response.responses.emplace_back(), resource.resource_type, resource.resource_name,
         std::move(refusal));
  }
  co_return response;
}

Task<kafka::ListConfigResourcesResponse> list_config_resources(Context& context,
                                                               kafka::ListConfigResourcesRequest& request) {
  kafka::ListConfigResourcesResponse response;
  const Catalog& topics = context.broker.catalog;
  const auto& types = request.resource_types;
  const auto wants = [&](std::int8_t type) {
    if (context.version == 0) return false;  // only client metrics, of which there are none
    return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
  };
  if (wants(topic_resource))
    for (TopicPtr topic = topics.after(""); topic; topic = topics.after(topic->name)) {
      if (context.pace.due()) co_await context.pace.give_way();
      response.config_resources.push_back({topic->name, topic_resource});
    }
  if (wants(broker_resource)) {
    std::set<BrokerId> brokers{context.broker.identity.node_id};
    for (const auto& [id, registered] : topics.registered()) brokers.insert(id);
    for (const BrokerId id : brokers)
      response.config_resources.push_back({std::to_string(id), broker_resource});
  }
  if (wants(group_resource))
    for (const auto& [id, own] : context.broker.groups.configs().all())
      response.config_resources.push_back({id, group_resource});
  co_return response;
}

}  // namespace mq::core
