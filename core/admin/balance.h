// SPDX-License-Identifier: Apache-2.0
// Which partitions should be on other brokers, or led by others, so that brokers carry alike. Pure: the same
// question has the same answer, whatever order it is asked in. 10,000 partitions take less than a second.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/types.h"

namespace mq::admin {

struct BalanceBroker {
  core::BrokerId broker = -1;
  std::string rack = {};
  bool runs = true;       // who does not is given nothing, and keeps what it has
  bool excluded = false;  // is to hold nothing
  bool leads = true;      // false: is not to lead for a while; it is not preferred for more than it is
  std::int64_t disk_bytes = 0, used_bytes = 0;  // of the disk; 0: not known
};

struct BalancePartition {
  core::TopicPartition partition;
  std::vector<core::BrokerId> replicas = {};  // the preferred leader first
  std::int64_t bytes = 0;                     // of one replica
  bool stays = false;                         // it counts, and is left as it is
};

// In this order: none makes an earlier one worse. What is not asked for is not made better, and what the
// first three forbid is done for none.
enum class BalanceGoal {
  racks,      // replicas of a partition in as many racks as there are
  disks,      // none fuller than it may be
  exclusion,  // nothing on brokers that are excluded
  bytes,      // of replicas, within a tenth of the mean, or 64 MiB
  counts,     // of replicas, within a tenth of the mean
  leaders,    // preferred ones: even for each topic, then in all. Copies nothing
};

struct BalanceGoals {
  std::set<BalanceGoal> wanted = {BalanceGoal::racks, BalanceGoal::disks,  BalanceGoal::exclusion,
                                  BalanceGoal::bytes, BalanceGoal::counts, BalanceGoal::leaders};
  int disk_percent_max = 80;                                             // after the moves
  std::size_t partitions_max = std::numeric_limits<std::size_t>::max();  // that change
};

struct BalanceMove {
  core::TopicPartition partition;
  std::vector<core::BrokerId> before, after;  // replicas; the same in another order: only who leads changes
  std::int64_t bytes = 0;                     // of one replica

  std::size_t added() const;  // replicas that have to be filled
};

// A replica on an excluded broker that could be nowhere else.
struct Stranded {
  enum class Why {
    stays,    // its partition is one of those that are left as they are
    brokers,  // every other broker has a replica, or does not run
    racks,    // it would have fewer racks than there are
    disks,    // the others' would be too full
  };
  core::TopicPartition partition;
  core::BrokerId broker = -1;
  Why why = Why::brokers;
};

struct BrokerLoad {
  std::size_t leaders = 0, replicas = 0;
  std::int64_t bytes = 0, used_bytes = 0;
  bool operator==(const BrokerLoad&) const = default;
};

struct BalancePlan {
  std::vector<BalanceMove> moves;  // by partition
  std::vector<Stranded> stranded;  // by partition, when `exclusion` is wanted
  std::size_t in_fewer_racks = 0;  // partitions, for a rack is excluded altogether
  std::map<core::BrokerId, BrokerLoad> before, after;

  std::int64_t bytes() const;  // that have to be copied
};

BalancePlan balance(std::vector<BalanceBroker> brokers, std::vector<BalancePartition> partitions,
                    const BalanceGoals& goals = {});

}  // namespace mq::admin
