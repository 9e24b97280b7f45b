// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/replica_changes.h"

#include <algorithm>
#include <set>

namespace mq::core {

using kafka::Error;
using Outcome = Committed::Outcome;

namespace {

ReplicaChanges::Answer elect_preferred(const PartitionState& state, const Catalog& catalog,
                                       PartitionState& after) {
  const BrokerId preferred = state.replicas.front();
  if (state.leader == preferred) return {Error::election_not_needed, "its preferred replica leads"};
  if (catalog.intent(preferred) != BrokerIntent::serve)
    return {Error::preferred_leader_not_available, "broker " + std::to_string(preferred) + " is drained"};
  after = move_leader(state, preferred, catalog.registrations());
  if (after == state)
    return {Error::preferred_leader_not_available,
            "broker " + std::to_string(preferred) + " is not in sync, or does not run"};
  return {};
}

ReplicaChanges::Answer elect_whoever_runs(const PartitionState& state, const Registrations& registrations,
                                          PartitionState& after) {
  if (state.leader >= 0) return {Error::election_not_needed, "it has a leader"};
  auto elected = elect_any(state, registrations);
  if (!elected) return {Error::eligible_leaders_not_available, "none of its replicas runs"};
  after = std::move(*elected);
  return {};
}

}  // namespace

// Anew from what is there when somebody else was quicker.
Task<ReplicaChanges::Answer> ReplicaChanges::change(TopicPartition partition, Decide decide) {
  constexpr int tries_max = 5;
  for (int i = 0; i < tries_max; i++) {
    const TopicPtr topic = catalog_.find(partition.topic);
    if (!topic || !topic->has(partition.partition))
      co_return Answer{Error::unknown_topic_or_partition, "there is no such partition"};
    const EntryVersion version = catalog_.state_version(*topic, partition.partition);
    const PartitionState before = catalog_.state(*topic, partition.partition);
    if (before.replicas.empty()) co_return Answer{Error::unknown_topic_or_partition, "it is not known yet"};
    PartitionState after = before;
    Answer answer = decide(before, after);
    if (answer.error != Error::none || after == before) co_return answer;
    const std::string key = partition_key(topic->id, partition.partition);
    MetadataChange change;
    change.guards.push_back({Guard::Kind::unchanged, key, version});
    if (const auto live = catalog_.live().find(after.leader); live != catalog_.live().end())
      change.guards.push_back({Guard::Kind::unchanged, live_key(after.leader), live->second.version});
    change.puts[key] = to_json(rewritten(std::move(after)));
    const Committed committed = co_await store_.commit(std::move(change));
    if (committed.outcome == Outcome::done) {
      co_await loader_.applied(committed.revision);
      co_return answer;
    }
    if (committed.outcome != Outcome::conflict)
      co_return Answer{Error::request_timed_out, "the change could not be stored: " + committed.why};
    co_await loader_.changed();
  }
  co_return Answer{Error::request_timed_out, "others change it at the same time"};
}

Task<ReplicaChanges::Answer> ReplicaChanges::unregister(BrokerId broker) {
  const std::string name = "broker " + std::to_string(broker);
  if (catalog_.live().contains(broker))
    co_return Answer{Error::duplicate_broker_registration,
                     name + " runs, or did a moment ago: stop it first"};
  if (!catalog_.registered().contains(broker))
    co_return Answer{Error::broker_id_not_registered, name + " is not registered"};
  MetadataChange change;
  change.guards.push_back({Guard::Kind::absent, live_key(broker)});
  change.erases.push_back(registered_key(broker));
  // What was wanted of it is not wanted of whoever comes under its number.
  if (catalog_.config_version(broker_kind, std::to_string(broker)) != 0)
    change.erases.push_back(config_key(broker_kind, std::to_string(broker)));
  const Committed committed = co_await store_.commit(std::move(change));
  if (committed.outcome == Outcome::conflict)
    co_return Answer{Error::duplicate_broker_registration, name + " has just started"};
  if (committed.outcome != Outcome::done)
    co_return Answer{Error::request_timed_out, "the change could not be stored: " + committed.why};
  co_await loader_.applied(committed.revision);
  co_return Answer{};
}

Task<ReplicaChanges::Answer> ReplicaChanges::elect(TopicPartition partition, Election election) {
  Decide decide = [&catalog = catalog_, election](const PartitionState& state, PartitionState& after) {
    return election == Election::preferred ? elect_preferred(state, catalog, after)
                                           : elect_whoever_runs(state, catalog.registrations(), after);
  };
  co_return co_await change(std::move(partition), std::move(decide));
}

ReplicaChanges::Answer ReplicaChanges::check_target(const std::vector<BrokerId>& target,
                                                    const PartitionState& state) const {
  const Error wrong = Error::invalid_replica_assignment;
  if (target.empty()) return {wrong, "no replicas are named"};
  if (std::set(target.begin(), target.end()).size() != target.size())
    return {wrong, "a broker is named twice"};
  for (const BrokerId broker : target) {
    if (!(catalog_.is_alone() ? broker == state.leader : catalog_.registered().contains(broker)))
      return {wrong, "broker " + std::to_string(broker) + " has never been here"};
    const bool is_new =
        std::find(state.replicas.begin(), state.replicas.end(), broker) == state.replicas.end();
    if (is_new && catalog_.intent(broker) == BrokerIntent::decommission)
      return {wrong, "broker " + std::to_string(broker) + " is being decommissioned"};
  }
  return {};
}

Task<ReplicaChanges::Answer> ReplicaChanges::move(TopicPartition partition,
                                                  std::optional<std::vector<BrokerId>> target) {
  Decide decide = [this, target = std::move(target)](const PartitionState& state, PartitionState& after) {
    if (target) {
      Answer answer = check_target(*target, state);
      if (answer.error == Error::none) after = reassign(state, *target);
      return answer;
    }
    const bool moves = !state.adding.empty() || !state.removing.empty();
    if (!moves) return Answer{Error::no_reassignment_in_progress, "it does not move"};
    auto back = cancel_reassignment(state, catalog_.registrations());
    if (!back) return Answer{Error::eligible_leaders_not_available, "nobody who stays can lead it"};
    after = std::move(*back);
    return Answer{};
  };
  co_return co_await change(std::move(partition), std::move(decide));
}

Task<void> ReplicaChanges::note_replication_factor(std::string name) {
  const TopicPtr topic = catalog_.find(name);
  if (!topic || catalog_.is_alone()) co_return;
  std::set<std::size_t> sizes;
  for (std::int32_t i = 0; i < topic->partitions; i++) {
    const PartitionState state = catalog_.state(*topic, i);
    sizes.insert(state.replicas.size() - state.removing.size());
  }
  const auto factor = static_cast<std::int32_t>(*sizes.begin());
  if (sizes.size() != 1 || factor == topic->replication_factor) co_return;
  MetadataChange change;
  change.guards.push_back({Guard::Kind::unchanged, topic_key(name), topic->version});
  change.puts[topic_key(name)] = to_json(TopicEntry{topic->id, topic->partitions, factor});
  const Committed committed = co_await store_.commit(std::move(change));
  if (committed.outcome == Outcome::done) co_await loader_.applied(committed.revision);
}

}  // namespace mq::core
