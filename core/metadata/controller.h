// SPDX-License-Identifier: Apache-2.0
// Decides about topics and configurations: checks what is wanted against the catalog, writes it to the
// metadata store, and answers when it is in effect here. Alone, a broker is its own controller. Lives on the
// loop.
#pragma once

#include <string>
#include <vector>

#include "core/loop/async_mutex.h"
#include "core/metadata/loader.h"
#include "core/metadata/placement.h"
#include "net/kafka/error.h"

namespace mq::core {

struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
  Overrides overrides;
  std::int32_t replication_factor = 1;
};

// Of a topic for which nobody says how many: `wanted`, or 3, where there are brokers for it.
std::int32_t default_replication_factor(const Catalog& catalog, std::optional<std::int32_t> wanted = {});

class Controller {
 public:
  static constexpr std::size_t partitions_max = 100'000;  // of the broker

  Controller(const Clock& clock, MetadataStore& store, const Catalog& catalog,
             const PartitionTable& partitions, MetadataLoader& loader)
      : clock_(clock), store_(store), catalog_(catalog), partitions_(partitions), loader_(loader) {}

  struct Answer {
    kafka::Error error = kafka::Error::none;
    std::string message = {};
    TopicPtr topic = {};
  };
  // One durable change for all that are possible; an answer for each, in order. kafka_storage_error: it could
  // not be stored, or not be hosted here; it may be there later.
  Task<std::vector<Answer>> create(std::vector<NewTopic> wanted);
  // What create would answer, without doing it.
  Task<std::vector<Answer>> check(const std::vector<NewTopic>& wanted) const;
  Task<kafka::Error> remove(std::string name);
  Task<Answer> add_partitions(std::string name, std::int32_t total);
  // Of the kinds in entries.h. `values` replace what was altered before; empty: nothing is any more. An
  // unknown topic has none.
  Task<kafka::Error> configure(std::string_view kind, std::string name, ConfigMap values);

 private:
  Task<kafka::Error> commit(MetadataChange change);
  // Those of the topic that begin with this index.
  Task<kafka::Error> place_partitions(const NewTopic& topic, Uuid id, std::int32_t first = 0);
  Task<void> forget_partitions(Uuid id, std::int32_t partitions);
  EntryVersion known_version(const Catalog::PartitionId& id) const;  // 0: it has no entry
  std::vector<PlacementTarget> targets(std::int32_t replication_factor) const;
  bool is_hosted(const Topic& topic) const;

  const Clock& clock_;
  MetadataStore& store_;
  const Catalog& catalog_;
  const PartitionTable& partitions_;
  MetadataLoader& loader_;
  AsyncMutex changing_;  // a change begins with what the one before it left
};

}  // namespace mq::core
