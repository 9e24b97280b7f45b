// SPDX-License-Identifier: Apache-2.0
// What was configured of single groups, there or not. The caller makes it durable. Lives on the loop.
#pragma once

#include "core/group/group_config.h"
#include "core/group/registry.h"

namespace mq::core {

class GroupConfigs {
 public:
  static constexpr std::size_t groups_max = 5'000;  // for whoever sets them to keep to

  GroupConfigs(const Config& config, const GroupRegistry& registry) : config_(config), registry_(registry) {}

  // All that is configured of it, at once also for its members; nothing: as the broker has it.
  void set(const std::string& group, ConfigMap own);
  const ConfigMap& of(std::string_view group) const;
  ConsumerLimits limits(std::string_view group) const;

  using All = std::map<std::string, ConfigMap, std::less<>>;
  const All& all() const { return all_; }

 private:
  const Config& config_;
  const GroupRegistry& registry_;
  All all_;
};

}  // namespace mq::core
