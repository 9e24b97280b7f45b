// SPDX-License-Identifier: Apache-2.0
// From one protocol to the other while members stay (KIP-848). Going up, the members of a classic group
// become members of a consumer group that go on speaking as they do; going down, they are all that is left.
// Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/group/classic.h"
#include "core/group/consumer_group.h"

namespace mq::core {

struct Upgrade {
  std::unique_ptr<ConsumerGroup> group;  // null: refused, for the reason below
  kafka::Error error = kafka::Error::none;
  std::string message = {};
};

// The classic group as a consumer group: its generation is the epoch of all, what the leader assigned is what
// each owns. Who has not been in a generation yet is left out: it comes again by itself.
Upgrade upgraded(const ClassicGroup& group, const ConsumerLimits& limits, const TopicCatalog& topics,
                 Time now);

// All members of the group, which speak the classic protocol, as a classic group has them.
std::vector<ClassicMember> classic_members(const ConsumerGroup& group, const TopicCatalog& topics);

}  // namespace mq::core
