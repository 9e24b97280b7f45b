// SPDX-License-Identifier: Apache-2.0
// What the commands about brokers share.
#pragma once

#include <string>
#include <vector>

#include "cli/cluster/cluster.h"
#include "core/admin/brokers.h"

namespace mq::cli {

core::BrokerId parse_broker(const std::string& word);  // throws UsageError

// Those that are named, or all there are; by id. Throws a failure for one that nobody knows.
std::vector<admin::BrokerState> brokers_named(client::Cluster& cluster,
                                              const std::vector<std::string>& words);

// Notices that these do not run, or did not say how full they are.
void notice_silent(const Context& context, const std::vector<admin::BrokerState>& brokers);

// A setting's value as people write it: 7d for 604800000 where it is a time.
std::string human_broker_setting(std::string_view key, const std::string& wire);

}  // namespace mq::cli
