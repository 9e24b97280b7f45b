// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/controller.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/loop/pace.h"
#include "core/metadata/entries.h"

namespace mq::core {

using kafka::Error;

std::int32_t default_replication_factor(const Catalog& catalog, std::optional<std::int32_t> wanted) {
  constexpr std::int32_t usual = 3;
  if (catalog.is_alone()) return 1;
  std::int32_t brokers = 0;
  for (const auto& [broker, registration] : catalog.registrations())
    if (catalog.intent(broker) != BrokerIntent::decommission) brokers++;
  return std::clamp(wanted.value_or(usual), 1, std::max(brokers, 1));
}

Task<Error> Controller::commit(MetadataChange change) {
  const Committed committed = co_await store_.commit(std::move(change));
  if (committed.outcome != Committed::Outcome::done) {
    if (committed.outcome != Committed::Outcome::conflict)
      spdlog::error("metadata could not be stored: {}", committed.why);
    co_return Error::kafka_storage_error;
  }
  co_await loader_.applied(committed.revision);
  co_return Error::none;
}

bool Controller::is_hosted(const Topic& topic) const {
  if (!catalog_.is_alone()) return true;  // its replicas are wherever the entries say
  return partitions_.of(topic.id).size() == static_cast<std::size_t>(topic.partitions);
}

Task<std::vector<Controller::Answer>> Controller::check(const std::vector<NewTopic>& wanted) const {
  Pace pace(co_await asio::this_coro::executor, clock_);
  std::vector<Answer> answers;
  answers.reserve(wanted.size());
  std::map<std::string, std::string> taken;  // by this request: folded name → name
  std::size_t partitions = catalog_.partition_count();
  for (const NewTopic& topic : wanted) {
    if (pace.due()) co_await pace.give_way();
    const TopicPtr twin = catalog_.twin_of(topic.name);
    const auto twin_here = taken.find(folded(topic.name));
    const auto quoted = "topic \"" + topic.name + "\"";
    Answer& answer = answers.emplace_back();
    if (!is_topic_name(topic.name))
      answer = {Error::invalid_topic_exception,
                "\"" + topic.name + "\" is not a topic name: 1 to 249 of a-z A-Z 0-9 . _ -"};
    else if (catalog_.find(topic.name))
      answer = {Error::topic_already_exists, quoted + " already exists"};
    else if (twin || twin_here != taken.end())
      answer = {Error::invalid_topic_exception, quoted + " collides with \"" +
                                                    (twin ? twin->name : twin_here->second) +
                                                    "\": '.' and '_' count as the same"};
    else if (topic.partitions < 1)
      answer = {Error::invalid_partitions, quoted + " needs at least one partition"};
    else if (partitions + static_cast<std::size_t>(topic.partitions) > partitions_max)
      answer = {Error::invalid_partitions,
                "this broker holds at most " + std::to_string(partitions_max) + " partitions"};
    else if (!catalog_.is_alone() &&
             targets(topic.replication_factor).size() < static_cast<std::size_t>(topic.replication_factor))
      answer = {Error::invalid_replication_factor,
                quoted + " is to have " + std::to_string(topic.replication_factor) + " replicas; there are " +
                    std::to_string(targets(1).size()) + " brokers for them"};
    if (answer.error != Error::none) continue;
    partitions += static_cast<std::size_t>(topic.partitions);
    taken[folded(topic.name)] = topic.name;
  }
  co_return answers;
}

Task<std::vector<Controller::Answer>> Controller::create(std::vector<NewTopic> wanted) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  std::vector<Answer> answers = co_await check(wanted);
  Pace pace(co_await asio::this_coro::executor, clock_);
  MetadataChange change;
  std::vector<Uuid> ids(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); i++) {
    if (answers[i].error != Error::none) continue;
    if (pace.due()) co_await pace.give_way();
    const std::string key = topic_key(wanted[i].name);
    const Uuid id = ids[i] = random_uuid(clock_);
    if (!catalog_.is_alone()) {
      const Error error = co_await place_partitions(wanted[i], id);
      if (error != Error::none) answers[i] = {error, "where its partitions go could not be stored"};
      if (error != Error::none) continue;
    }
    change.guards.push_back({Guard::Kind::absent, key});
    change.puts[key] = to_json(TopicEntry{id, wanted[i].partitions, wanted[i].replication_factor});
    if (!wanted[i].overrides.empty())
      change.puts[config_key(topic_kind, wanted[i].name)] = config_to_json(wanted[i].overrides);
  }
  if (change.puts.empty()) co_return answers;
  const Error error = co_await commit(std::move(change));
  if (error != Error::none && !catalog_.is_alone()) co_await loader_.changed();  // who was quicker?
  for (std::size_t i = 0; i < wanted.size(); i++) {
    Answer& answer = answers[i];
    if (answer.error != Error::none) continue;
    answer.topic = catalog_.find(wanted[i].name);
    const bool is_ours = answer.topic && answer.topic->id == ids[i];
    if (is_ours && is_hosted(*answer.topic)) continue;
    const bool is_others = answer.topic && !is_ours;
    answer = {
        is_others ? Error::topic_already_exists : Error::kafka_storage_error,
        is_others ? "topic \"" + wanted[i].name + "\" already exists" : "the topic could not be stored"};
    if (is_others) co_await forget_partitions(ids[i], wanted[i].partitions);  // it never comes
  }
  co_return answers;
}

// Those that run, unless there are too few of them; who is to be decommissioned gets no more.
std::vector<PlacementTarget> Controller::targets(std::int32_t replication_factor) const {
  std::vector<PlacementTarget> running, all;
  for (const auto& [broker, live] : catalog_.live()) {
    if (catalog_.intent(broker) == BrokerIntent::decommission) continue;
    const PlacementTarget target{broker, live.entry.rack};
    all.push_back(target);
    if (live.entry.status == LiveEntry::Status::running) running.push_back(target);
  }
  return running.size() >= static_cast<std::size_t>(replication_factor) ? running : all;
}

// Invisible until the entry of the topic is there.
Task<Error> Controller::place_partitions(const NewTopic& topic, Uuid id, std::int32_t first) {
  const auto placed = place(targets(topic.replication_factor), topic.partitions - first,
                            topic.replication_factor, clock_.random());
  if (placed.empty()) co_return Error::invalid_replication_factor;
  const int min_isr = insync_replicas_min(catalog_.effective(topic.overrides), topic.replication_factor);
  MetadataChange change;
  for (std::int32_t i = first; i < topic.partitions; i++) {
    PartitionState state =
        initial_state(placed[static_cast<std::size_t>(i - first)], min_isr, catalog_.registrations());
    const std::string key = partition_key(id, i);
    // What an earlier try left of a partition that nobody has seen yet is overwritten.
    const EntryVersion left = known_version({id, i});
    if (left == 0)
      change.guards.push_back({Guard::Kind::absent, key});
    else
      change.guards.push_back({Guard::Kind::unchanged, key, left});
    change.puts[key] = to_json(state);
    if (change.puts.size() < MetadataChange::entries_max && i + 1 < topic.partitions) continue;
    const Error error = co_await commit(std::exchange(change, {}));
    if (error != Error::none) co_return error;
  }
  co_return Error::none;
}

Task<Error> Controller::remove(std::string name) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  MetadataChange change;
  std::int32_t partitions = 0;
  Uuid id{};
  {
    const TopicPtr topic = catalog_.find(name);  // not held: its partitions go one by one
    if (!topic) co_return Error::unknown_topic_or_partition;
    change.guards.push_back({Guard::Kind::unchanged, topic_key(name), topic->version});
    change.erases.push_back(topic_key(name));
    if (!topic->overrides.empty()) change.erases.push_back(config_key(topic_kind, name));
    partitions = topic->partitions;
    id = topic->id;
  }
  const Error error = co_await commit(std::move(change));
  if (error == Error::none && !catalog_.is_alone()) co_await forget_partitions(id, partitions);
  co_return error;
}

// Nobody sees them any more. What a failure leaves takes a little room and is in nobody's way.
Task<void> Controller::forget_partitions(Uuid id, std::int32_t partitions) {
  MetadataChange change;
  for (std::int32_t i = 0; i < partitions; i++) {
    change.erases.push_back(partition_key(id, i));
    if (change.erases.size() < MetadataChange::entries_max && i + 1 < partitions) continue;
    const Committed committed = co_await store_.commit(std::exchange(change, {}));
    if (committed.outcome == Committed::Outcome::done) continue;
    spdlog::warn("what was known of partitions of a topic that is gone stays: {}", committed.why);
    co_return;
  }
}

EntryVersion Controller::known_version(const Catalog::PartitionId& id) const {
  const auto known = catalog_.states().find(id);
  return known == catalog_.states().end() ? 0 : known->second.version;
}

Task<Controller::Answer> Controller::add_partitions(std::string name, std::int32_t total) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  const TopicPtr topic = catalog_.find(name);
  if (!topic) co_return Answer{Error::unknown_topic_or_partition, "topic \"" + name + "\" does not exist"};
  if (total <= topic->partitions)
    co_return Answer{Error::invalid_partitions, "topic \"" + name + "\" has " +
                                                    std::to_string(topic->partitions) +
                                                    " partitions already; the number can only grow"};
  const auto more = static_cast<std::size_t>(total - topic->partitions);
  if (catalog_.partition_count() + more > partitions_max)
    co_return Answer{Error::invalid_partitions, "too many partitions for this broker"};
  if (!catalog_.is_alone()) {
    const NewTopic grown{name, total, topic->overrides, topic->replication_factor};
    const Error error = co_await place_partitions(grown, topic->id, topic->partitions);
    if (error != Error::none) co_return Answer{error, "where the new partitions go could not be stored"};
  }
  MetadataChange change;
  change.guards.push_back({Guard::Kind::unchanged, topic_key(name), topic->version});
  change.puts[topic_key(name)] = to_json(TopicEntry{topic->id, total, topic->replication_factor});
  const Error error = co_await commit(std::move(change));
  TopicPtr grown = catalog_.find(name);
  if (error != Error::none || !grown || !is_hosted(*grown))
    co_return Answer{Error::kafka_storage_error, "the partitions could not be stored"};
  co_return Answer{Error::none, {}, std::move(grown)};
}

Task<Error> Controller::configure(std::string_view kind, std::string name, ConfigMap values) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  MetadataChange change;
  if (kind == topic_kind) {
    const TopicPtr topic = catalog_.find(name);
    if (!topic) co_return Error::unknown_topic_or_partition;
    change.guards.push_back({Guard::Kind::unchanged, topic_key(name), topic->version});
  }
  const std::string key = config_key(kind, name);
  const EntryVersion version = catalog_.config_version(kind, name);
  if (version == 0 && values.empty()) co_return Error::none;
  if (version == 0)
    change.guards.push_back({Guard::Kind::absent, key});
  else
    change.guards.push_back({Guard::Kind::unchanged, key, version});
  if (values.empty())
    change.erases.push_back(key);
  else
    change.puts[key] = config_to_json(values);
  co_return co_await commit(std::move(change));
}

}  // namespace mq::core
