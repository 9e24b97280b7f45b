// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/enrolment.h"

#include <spdlog/spdlog.h>

#include "core/error.h"
#include "core/loop/waiter.h"
#include "core/metadata/cluster_entries.h"

namespace mq::core {

using Outcome = Committed::Outcome;

namespace {

constexpr auto pause_between_tries = std::chrono::milliseconds(500);

struct Enrolment {
  asio::io_context& loop;
  const Clock& clock;
  MetadataStore& store;
  const Applicant applicant;
  const Time deadline;

  Task<void> pause(const std::string& why);
  Task<void> reach();
  Task<Enrolled> run();
  MetadataChange change_for(const MetadataUpdate& all, Enrolled& enrolled) const;
  BrokerId broker_in(const MetadataUpdate& all, MetadataChange& change) const;
};

Task<void> Enrolment::pause(const std::string& why) {
  if (clock.now() >= deadline) throw WrongStart(5, "the cluster cannot be joined: " + why);
  const auto waiter = std::make_shared<Waiter>(loop, clock, clock.now() + pause_between_tries);
  co_await Waiter::wait(waiter);
}

Task<void> Enrolment::reach() {
  for (bool told = false;;) {
    const StoreCheck check = co_await store.check();
    for (const std::string& warning : check.warnings)
      if (check.answered) spdlog::warn("{}", warning);
    if (check.refusal.empty()) co_return;
    if (check.answered) throw WrongStart(5, check.refusal);
    if (!std::exchange(told, true)) spdlog::warn("{} It is tried again.", check.refusal);
    co_await pause(check.refusal);
  }
}

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
                            "; only an empty one can become a member of " +
                            (is_there ? "cluster " + cluster->id : "a cluster"));
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

}  // namespace

Task<Enrolled> enrol(asio::io_context& loop, const Clock& clock, MetadataStore& store, Applicant applicant,
                     Time::duration patience) {
  Enrolment enrolment{loop, clock, store, std::move(applicant), clock.now() + patience};
  co_return co_await enrolment.run();
}

}  // namespace mq::core
