// SPDX-License-Identifier: Apache-2.0
// What is wrong with a cluster, as its metadata says it; and waiting until nothing is.
#pragma once

#include <cstddef>
#include <set>
#include <string_view>
#include <vector>

#include "core/client/client.h"

namespace mq::admin {

struct Problem {
  enum class What {
    no_controller,
    no_leader,             // or one that does not run. `brokers`: those that hold replicas and do not run
    under_replicated,      // `brokers`: those whose replicas are not in sync
    leader_not_preferred,  // the preferred replica is in sync, not drained, and another one leads
  };
  What what = What::no_controller;
  std::vector<core::TopicPartition> partitions = {};  // sorted
  std::vector<core::BrokerId> brokers = {};           // sorted
  std::vector<core::BrokerId> down = {};              // those of `brokers` that do not run

  bool critical() const;
  std::string_view name() const;  // "under_replicated"
};

struct Health {
  std::size_t brokers = 0, topics = 0, partitions = 0;
  std::vector<Problem> problems;  // one for each reason, and those of the same brokers; the worst first

  std::size_t critical() const;  // how many problems
  std::size_t warnings() const;
  bool good() const;  // every partition has a leader and all its replicas; who leads does not matter
};

// Pure. `drained`: who is not to lead.
Health health_of(const kafka::MetadataResponse& metadata, const std::set<core::BrokerId>& drained = {});

client::Task<client::Answer<Health>> health_of(client::Client& client, client::Time deadline);

// Asks again and again, also while nobody answers, until there is no problem or the deadline has passed.
client::Task<client::Answer<Health>> wait_until_healthy(client::Client& client, client::Time deadline);

}  // namespace mq::admin
