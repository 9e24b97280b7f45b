// SPDX-License-Identifier: Apache-2.0
// What the commands share that say what is wanted of a broker.
#pragma once

#include "cli/cluster/brokers.h"
#include "cli/cluster/moving.h"

namespace mq::cli {

extern const Table intent_table;
json::object intent_row(core::BrokerId broker, std::string_view action);
// Asks, unless it is plain, and sets it. Nothing: it is set.
std::optional<Exit> set_intent(Context& context, const Arguments& arguments, client::Cluster& cluster,
                               const json::object& row, core::BrokerId broker, core::BrokerIntent intent,
                               std::string summary);

}  // namespace mq::cli
