// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/enrolment.h"

#include <spdlog/spdlog.h>

#include "core/cluster/store_patience.h"
#include "core/error.h"
#include "core/metadata/cluster_entries.h"

namespace mq::core {

using Outcome = Committed::Outcome;

namespace {

struct Enrolment : StorePatience {
  const Applicant applicant;

  Task<Enrolled> run();
  MetadataChange change_for(const MetadataUpdate& all, Enrolled& enrolled) const;
  BrokerId broker_in(const MetadataUpdate& all, MetadataChange& change) const;
};

// One that this directory was given before; or the one that is wanted; or the first that nobody ever had.
BrokerId Enrolment::broker_in(const MetadataUpdate& all, MetadataChange& change) const {
  const auto find = [&](BrokerId broker) -> std::optional<RegisteredEntry> {
    const auto found = all.entries.find(registered_key(broker));
    if (found == all.entries.end() || !found->second) return std::nullopt;
    const auto entry = parse_registered(found->second->value);
    return entry ? *entry : RegisteredEntry{};
  };
  for (const auto& [key, entry] : all.entries) {
    if (!key.starts_with(registered_entries)) continue;
    const auto broker = parse_broker_id(std::string_view(key).substr(registered_entries.size()));
    const auto registered = broker ? find(*broker) : std::nullopt;
    const bool is_wanted = !applicant.broker || applicant.broker == broker;
    if (registered && registered->directory == applicant.directory && is_wanted) return *broker;
  }
  BrokerId broker = applicant.broker.value_or(1);
  while (!applicant.broker && (find(broker) || all.entries.contains(live_key(broker)))) broker++;
  if (find(broker)) return broker;  // it takes the place of what that broker had before
  change.guards.push_back({Guard::Kind::absent, registered_key(broker)});
  change.puts[registered_key(broker)] = to_json(RegisteredEntry{Uuid{}, applicant.directory, applicant.rack});
  return broker;
}

MetadataChange Enrolment::change_for(const MetadataUpdate& all, Enrolled& enrolled) const {
  MetadataChange change;
  const std::string key(cluster_entry);
  const auto found = all.entries.find(key);
  const bool is_there = found != all.entries.end() && found->second;
  const auto cluster = is_there ? parse_cluster(found->second->value) : Result<ClusterEntry>(ClusterEntry{});
  if (!cluster) throw WrongStart(5, "what the metadata store says of the cluster (" + key + ") is damaged");
  enrolled.cluster_id = is_there ? cluster->id : applicant.cluster_id;
  if (applicant.has_topics)
    throw WrongStart(7, "this directory has topics of its own, of cluster " + applicant.cluster_id +
                            (is_there ? "; only an empty one can become a member of cluster " + cluster->id
                                      : "; mq cluster adopt makes them the cluster's"));
  if (!is_there) {
    change.guards.push_back({Guard::Kind::absent, key});
    change.puts[key] = to_json(ClusterEntry{applicant.cluster_id, clock.wall_ms()});
  }
  enrolled.broker = broker_in(all, change);
  return change;
}

// An outcome that is unknown is seen when it is tried again.
Task<Enrolled> Enrolment::run() {
  co_await reach();
  for (;;) {
    const auto all = co_await store.load();
    if (!all) {
      co_await pause(all.error().message());
      continue;
    }
    Enrolled enrolled;
    MetadataChange change = change_for(*all, enrolled);
    if (change.puts.empty()) co_return enrolled;
    const Committed committed = co_await store.commit(std::move(change));
    if (committed.outcome == Outcome::done) co_return enrolled;
    if (committed.outcome == Outcome::refused)
      throw WrongStart(5, "the cluster cannot be joined: " + committed.why);
    co_await pause(committed.why);
  }
}

// What alone stands for itself is said of each partition; its leader is elected when the broker runs, in an
// epoch above that of all it has.
PartitionState adopted_state(BrokerId self) {
  PartitionState state;
  state.replicas = {self};
  state.isr = {{self, 0}};
  state.leader_epoch = 1;
  return normalise(std::move(state));
}

std::map<std::string, std::string> adopted_entries(const Applicant& applicant, const Adoption& adoption) {
  std::map<std::string, std::string> entries;
  const std::string state = to_json(adopted_state(adoption.self));
  for (const auto& [key, entry] : adoption.own.entries) {
    if (!entry) continue;
    entries[key] = entry->value;
    if (!key.starts_with(topic_entries)) continue;
    const auto topic = parse_topic(entry->value);
    if (!topic) throw WrongStart(1, "what this directory says of " + key + " is damaged");
    for (std::int32_t i = 0; i < topic->partitions; i++) entries[partition_key(topic->id, i)] = state;
  }
  entries[registered_key(adoption.self)] =
      to_json(RegisteredEntry{adoption.incarnation, applicant.directory, applicant.rack});
  return entries;
}

// Those that are missing, in pieces: keys of partitions come before those of their topics.
Task<void> write_missing(Enrolment& enrolment, std::map<std::string, std::string> entries) {
  while (!entries.empty()) {
    const auto all = co_await enrolment.store.load();
    if (!all) {
      co_await enrolment.pause(all.error().message());
      continue;
    }
    std::erase_if(entries, [&](const auto& entry) { return all->entries.contains(entry.first); });
    while (!entries.empty()) {
      MetadataChange change;
      auto end = entries.begin();
      for (; end != entries.end() && change.puts.size() < MetadataChange::entries_max; ++end) {
        change.guards.push_back({Guard::Kind::absent, end->first});
        change.puts.insert(*end);
      }
      const Committed committed = co_await enrolment.store.commit(std::move(change));
      if (committed.outcome == Outcome::refused)
        throw WrongStart(5, "the topics cannot be adopted: " + committed.why);
      if (committed.outcome != Outcome::done) break;  // looked at anew
      entries.erase(entries.begin(), end);
    }
    if (!entries.empty()) co_await enrolment.pause("its entries cannot be written");
  }
}

// That the cluster is the one this directory makes, or made when it was asked before. Returns as which run it
// is registered.
Task<Uuid> claim(Enrolment& enrolment, const Adoption& adoption) {
  const std::string& id = enrolment.applicant.cluster_id;
  std::map<std::string, std::string> claim;
  claim[std::string(cluster_entry)] = to_json(ClusterEntry{id, enrolment.clock.wall_ms()});
  co_await write_missing(enrolment, std::move(claim));
  const auto all = co_await enrolment.store.load();
  if (!all) throw WrongStart(5, "the cluster cannot be read: " + all.error().message());
  const auto cluster = parse_cluster(all->entries.at(std::string(cluster_entry))->value);
  if (!cluster || cluster->id != id)
    throw WrongStart(7, "there is a cluster already, " + (cluster ? cluster->id : std::string("damaged")) +
                            "; topics can only be adopted by a new one");
  const auto known = all->entries.find(registered_key(adoption.self));
  if (known == all->entries.end() || !known->second) co_return adoption.incarnation;
  const auto registered = parse_registered(known->second->value);
  if (!registered || registered->directory != enrolment.applicant.directory)
    throw WrongStart(7, "broker " + std::to_string(adoption.self) + " of it is another directory");
  co_return registered->incarnation;
}

}  // namespace

Task<Uuid> adopt(asio::io_context& loop, const Clock& clock, MetadataStore& store, Applicant applicant,
                 Adoption adoption, Time::duration patience) {
  Enrolment enrolment{{loop, clock, store, clock.now() + patience}, std::move(applicant)};
  co_await enrolment.reach();
  adoption.incarnation = co_await claim(enrolment, adoption);
  auto entries = adopted_entries(enrolment.applicant, adoption);
  co_await write_missing(enrolment, std::move(entries));
  co_return adoption.incarnation;
}

Task<Enrolled> enrol(asio::io_context& loop, const Clock& clock, MetadataStore& store, Applicant applicant,
                     Time::duration patience) {
  Enrolment enrolment{{loop, clock, store, clock.now() + patience}, std::move(applicant)};
  co_return co_await enrolment.run();
}

}  // namespace mq::core
