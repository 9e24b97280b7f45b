// SPDX-License-Identifier: Apache-2.0
#include "core/group/configs.h"

namespace mq::core {

const ConfigMap& GroupConfigs::of(std::string_view group) const {
  static const ConfigMap none;
  const auto found = all_.find(group);
  return found == all_.end() ? none : found->second;
}

ConsumerLimits GroupConfigs::limits(std::string_view group) const {
  return consumer_limits_of(config_, of(group));
}

void GroupConfigs::set(const std::string& id, ConfigMap own) {
  if (own.empty())
    all_.erase(id);
  else
    all_[id] = std::move(own);
  const GroupPtr group = registry_.find(id);
  if (group && group->consumer) group->consumer->limit(limits(id));
}

}  // namespace mq::core
