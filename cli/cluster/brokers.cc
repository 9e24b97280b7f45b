// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/brokers.h"

#include <algorithm>

#include "core/config/broker_config.h"
#include "core/config/scalars.h"

namespace mq::cli {

core::BrokerId parse_broker(const std::string& word) {
  const auto id = core::parse_integer(word, 0, INT32_MAX);
  if (!id) throw UsageError(in_quotes(word) + " is no number of a broker", "who is there: mq broker list");
  return static_cast<core::BrokerId>(*id);
}

std::vector<admin::BrokerState> brokers_named(client::Cluster& cluster,
                                              const std::vector<std::string>& words) {
  std::vector<core::BrokerId> wanted;
  for (const std::string& word : words) wanted.push_back(parse_broker(word));
  std::vector<admin::BrokerState> all = must(cluster.run(admin::brokers), "broker");
  for (const core::BrokerId id : wanted)
    if (std::ranges::find(all, id, &admin::BrokerState::id) == all.end())
      throw FailureError({.exit = Exit::not_found,
                          .message = "there is no broker " + std::to_string(id),
                          .target = std::to_string(id),
                          .hint = "who is there: mq broker list"});
  if (!wanted.empty())
    std::erase_if(all, [&](const admin::BrokerState& broker) {
      return std::ranges::find(wanted, broker.id) == wanted.end();
    });
  return all;
}

void notice_silent(const Context& context, const std::vector<admin::BrokerState>& brokers) {
  for (const admin::BrokerState& broker : brokers) {
    const std::string name = "broker " + std::to_string(broker.id);
    if (!broker.runs)
      context.notice(name + " is down");
    else if (!broker.dirs)
      context.notice(name + " did not say how full its disk is");
  }
}

std::string human_broker_setting(std::string_view key, const std::string& wire) {
  const std::string_view topic_key = core::topic_key_for(key);
  return core::is_dynamic(key) && !topic_key.empty() ? human_setting(topic_key, wire) : wire;
}

}  // namespace mq::cli
