// SPDX-License-Identifier: Apache-2.0
// What the members of a classic group tell each other, as bytes that the broker only passes on. Pure.
#pragma once

#include "core/client/assignors.h"
#include "net/kafka/types.h"

namespace mq::client {

kafka::Bytes subscription_bytes(const Subscriber& subscriber, const Assignor& assignor);
// Bytes that make no sense: a subscriber that wants nothing.
Subscriber parse_subscription(std::string member, std::optional<std::string> instance, net::Bytes bytes);

kafka::Bytes assignment_bytes(const std::vector<TopicPartition>& share);
std::vector<TopicPartition> parse_assignment(net::Bytes bytes);  // sorted

}  // namespace mq::client
