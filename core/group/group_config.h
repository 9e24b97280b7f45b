// SPDX-License-Identifier: Apache-2.0
// The configs that a single group can have, under Kafka's names: one table, and what a group gets from it and
// from the broker's settings. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/config/topic_config.h"
#include "core/group/consumer_group.h"

namespace mq::core {

// All of them, by name. `own`: what was configured of the group.
std::vector<ConfigEntry> describe_group(const Config& config, const ConfigMap& own);

bool is_group_config(std::string_view name);
// What is wrong with setting `name` to `value` (a wire value): unknown, or not valid; nothing when fine.
std::optional<std::string> validate_group_config(std::string_view name, std::string_view value);

// Values that do not parse (written by another version) count as not there.
ConsumerLimits consumer_limits_of(const Config& config, const ConfigMap& own);

}  // namespace mq::core
