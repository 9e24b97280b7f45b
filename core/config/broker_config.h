// SPDX-License-Identifier: Apache-2.0
// The broker's settings under the names Kafka gives them, as admin clients want to see them: a table. Pure;
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/config/topic_config.h"
#include "core/loop/async_mutex.h"

namespace mq::core {

// What was altered while running, by Kafka's broker config names (`log.retention.ms`).
struct DynamicConfigs {
  ConfigMap broker;     // for this broker
  ConfigMap cluster;    // for all brokers (the resource with the empty name)
  AsyncMutex altering;  // configs of anything: each alteration begins with what the one before it left
};

// Every broker config that is known, by name. `node_id` is the one in use (config.node_id may be automatic).
std::vector<ConfigEntry> describe_broker(const Config& config, std::int32_t node_id,
                                         const DynamicConfigs& dynamic);
// The same for the resource with the empty name: only what was altered for all brokers.
std::vector<ConfigEntry> describe_cluster_default(const DynamicConfigs& dynamic);
// The same of a broker that is not this one: only what was altered for it.
std::vector<ConfigEntry> describe_other_broker(const ConfigMap& altered);

bool is_broker_config(std::string_view name);
bool is_dynamic(std::string_view name);  // may be altered while running: the defaults of topic configs
std::string_view topic_key_for(std::string_view broker_name);  // log.retention.ms → retention.ms; empty: none
std::string_view suggest_broker_config(std::string_view name);  // the name probably meant; empty: none

// What is wrong with altering `name` to `value` (wire value): not dynamic, not valid, or probably misspelt;
// nothing when fine. As in Kafka also a name that nobody knows is: it is kept, and has no effect. But not one
// that promises what nobody would keep.
std::optional<std::string> validate_dynamic(std::string_view name, std::string_view value);

inline constexpr std::string_view replication_rate_config = "leader.replication.throttled.rate";
// That, as it holds for this broker: bytes a second.
std::uint64_t replication_rate(const DynamicConfigs& dynamic);

// What an administrator wants of one broker: broker.intent.
enum class BrokerIntent {
  serve,
  drain,         // leads only what nobody else can lead
  decommission,  // that, and gets no new replicas
};
inline constexpr std::string_view intent_config = "broker.intent";
BrokerIntent intent_of(const ConfigMap& altered);  // for that broker

// What topics fall back to, from the file and what was altered.
TopicDefaults topic_defaults(const Config& config, const DynamicConfigs& dynamic);

}  // namespace mq::core
