// SPDX-License-Identifier: Apache-2.0
// Partitions that nobody can lead without loss: who has everything and is away, and who would lead instead.
// Tasks live on the client's loop.
#pragma once

#include <optional>
#include <vector>

#include "core/client/client.h"

namespace mq::admin {

struct Recovery {
  core::TopicPartition partition;
  std::vector<core::BrokerId> replicas = {};
  std::vector<core::BrokerId> complete = {};  // have all that was committed; none: nobody is known to
  core::BrokerId next_leader = -1;            // the first replica that runs; -1: none does
  std::optional<std::int64_t> bytes = {};     // that it has; nothing: it is not told
};
// Of these, those without leader, in their order.
client::Task<client::Answer<std::vector<Recovery>>> recoveries(client::Client& client,
                                                               std::vector<core::TopicPartition> partitions,
                                                               client::Time deadline);

}  // namespace mq::admin
