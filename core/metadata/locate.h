// SPDX-License-Identifier: Apache-2.0
// Where a partition is, as a request asks for it: the one look-up, and what it means for the request.
#pragma once

#include "core/metadata/catalog.h"
#include "core/metadata/partition_table.h"
#include "net/kafka/error.h"

namespace mq::core {

struct Located {
  enum class Where {
    leads_here,
    follows_here,
    elsewhere,  // or nowhere at the moment
    unknown,    // there is no such partition
  };
  Where where = Where::unknown;
  std::shared_ptr<Partition> partition = {};  // if it is here

  bool leads_here() const { return where == Where::leads_here; }
  // For what only a leader does.
  kafka::Error error() const {
    switch (where) {
      case Where::leads_here:
        return kafka::Error::none;
      case Where::follows_here:
      case Where::elsewhere:
        return kafka::Error::not_leader_or_follower;
      case Where::unknown:
        break;
    }
    return kafka::Error::unknown_topic_or_partition;
  }
};

// `topic` may be null: it is not known.
inline Located locate(const PartitionTable& partitions, const TopicPtr& topic, std::int32_t index) {
  using Where = Located::Where;
  if (!topic || !topic->has(index)) return {};
  auto partition = partitions.find(topic->id, index);
  if (!partition) return {Where::elsewhere};
  const Where where = partition->leads() ? Where::leads_here : Where::follows_here;
  return {where, std::move(partition)};
}

}  // namespace mq::core
