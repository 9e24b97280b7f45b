// SPDX-License-Identifier: Apache-2.0
// What administrators change about replicas: who leads a partition, and where it is. Each is one
// compare-and-swap of the partition's state, whichever broker is asked; a move is finished by the elected
// controller. And which broker is none any more. Lives on the loop.
#pragma once

#include "core/metadata/loader.h"
#include "net/kafka/error.h"

namespace mq::core {

class ReplicaChanges {
 public:
  ReplicaChanges(MetadataStore& store, const Catalog& catalog, MetadataLoader& loader)
      : store_(store), catalog_(catalog), loader_(loader) {}

  struct Answer {
    kafka::Error error = kafka::Error::none;
    std::string message = {};
  };
  // The preferred replica leads again. Unclean: where nobody leads, the first replica that runs does, and
  // what it lacks is lost.
  enum class Election { preferred, unclean };
  Task<Answer> elect(TopicPartition partition, Election election);
  // Begins a move, or changes where it goes; nothing: it is cancelled.
  Task<Answer> move(TopicPartition partition, std::optional<std::vector<BrokerId>> target);
  // All partitions of the topic have, or will have, so many replicas: new ones will, too.
  Task<void> note_replication_factor(std::string topic);
  // Forgets a broker that does not run; the caller has seen that it is a replica of nothing. Should its
  // directory come back, it counts as a new one.
  Task<Answer> unregister(BrokerId broker);

 private:
  using Decide = std::function<Answer(const PartitionState&, PartitionState& after)>;
  Task<Answer> change(TopicPartition partition, Decide decide);
  Answer check_target(const std::vector<BrokerId>& target, const PartitionState& state) const;

  MetadataStore& store_;
  const Catalog& catalog_;
  MetadataLoader& loader_;
};

}  // namespace mq::core
