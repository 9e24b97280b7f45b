// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/replication_model.h"

#include <algorithm>

#include "tests/core/support/replication_story.h"

namespace mq::core {

void ReplicationModel::Counts::add(const Counts& other) {
  steps += other.steps;
  committed += other.committed;
  elections += other.elections;
  lost_disks += other.lost_disks;
  isr_changes += other.isr_changes;
  truncations += other.truncations;
  leaderless += other.leaderless;
}

const char* name_of(ReplicationModel::Bug bug) {
  static constexpr std::array names{"none",
                                    "watermark_ignores_proposal",
                                    "unknown_outcome_by_reading",
                                    "expansion_without_guard",
                                    "leads_on_after_restart",
                                    "counts_what_is_not_durable",
                                    "no_leader_epoch_start",
                                    "commits_below_min_isr",
                                    "truncates_to_high_watermark",
                                    "no_leader_epoch_check",
                                    "counts_diverging_fetch",
                                    "trusts_any_disk",
                                    "takes_late_answer",
                                    "elects_any_run",
                                    "elects_any_run_without_guard",
                                    "keeps_elr",
                                    "directory_noted_too_early",
                                    "starts_from_stale_state",
                                    "takes_any_run_for_the_latest",
                                    "infers_epochs_from_records",
                                    "counts_behind_failed_write"};
  static_assert(names.size() == ReplicationModel::bugs);
  return names[static_cast<std::size_t>(bug)];
}

ReplicationModel::ReplicationModel(std::uint64_t seed, Options options)
    : options_(options),
      moves_{{140, &ReplicationModel::append},
             {options.odds.flush, &ReplicationModel::flush},
             {options.odds.failed_write, &ReplicationModel::fail_write},
             {options.odds.compaction, &ReplicationModel::compact},
             {180, &ReplicationModel::fetch},
             {260, &ReplicationModel::transmit},
             {130, &ReplicationModel::store},
             {60, &ReplicationModel::change_isr},
             {30, &ReplicationModel::resolve},
             {70, &ReplicationModel::watch},
             {25, &ReplicationModel::expire},
             {40, &ReplicationModel::control},
             {options.odds.crash, &ReplicationModel::crash},
             {25, &ReplicationModel::restart},
             {25, &ReplicationModel::register_again},
             {70, &ReplicationModel::start}},
      random_(seed),
      serves_early_(options.bug == Bug::counts_what_is_not_durable || below(2) == 0),
      is_network_slow_(chance(50)) {
  const std::size_t count = 3 + below(2);
  const int min_isr = static_cast<int>(1 + below(8) % 3 % count);
  brokers_.resize(count);
  std::vector<BrokerId> replicas;
  for (std::size_t i = 0; i < count; i++) {
    Broker& broker = brokers_[i];
    broker.id = static_cast<BrokerId>(i);
    broker.epoch = revision_ += 2;
    set_registration(broker.id, Registration{broker.epoch, true});
    replicas.push_back(broker.id);
  }
  std::shuffle(replicas.begin(), replicas.end(), random_);
  revision_ += 2;
  history_.push_back(
      std::make_shared<View>(View{initial_state(replicas, min_isr, registrations_), revision_}));
  for (Broker& broker : brokers_) deliver_current(broker);
}

std::optional<ReplicationModel::Violation> ReplicationModel::run(std::int64_t steps) {
  int weights = 0;
  for (const Move& move : moves_) weights += move.weight;
  try {
    for (std::int64_t i = 0; i < steps; i++) {
      counts_.steps++;
      if (current().state.leader < 0) counts_.leaderless++;
      Broker& broker = any_of(brokers_);
      int drawn = static_cast<int>(below(static_cast<std::uint64_t>(weights)));
      for (const Move& move : moves_)
        if ((drawn -= move.weight) < 0) {
          (this->*move.make)(broker);
          break;
        }
    }
  } catch (const Violated& violation) {
    return Violation{counts_.steps, violation.what()};
  }
  return std::nullopt;
}

// ---- logs

void ReplicationModel::write(Broker& broker, Record record) {
  if (!record.is_removed()) broker.epochs.seen(record.epoch, broker.end());
  broker.log.push_back(record);
}

void ReplicationModel::append(Broker& broker) {
  if (!broker.leading || broker.end() >= static_cast<Offset>(committed_.size()) + 6) return;
  const Epoch epoch = broker.leading->leader_epoch();
  const auto [writer, is_new] = writers_.try_emplace(epoch, broker.entry());
  if (options_.check_form && writer->second != broker.entry())
    violated("two leaders write in epoch ", epoch, ": ", writer->second.broker, " and ", broker.id);
  write(broker, {epoch, ++values_});
  trace(broker.id, " appends ", broker.end() - 1, " in epoch ", epoch);
  if (!has(Bug::counts_what_is_not_durable)) return;
  broker.leading->flushed(broker.end(), Time());
  commit(broker);
}

void ReplicationModel::flush(Broker& broker) {
  if (broker.life == Broker::Life::down) return;
  broker.durable_end = broker.end();
  if (!broker.leading) return;
  broker.leading->flushed(broker.durable_end, Time());
  commit(broker);
}

// The leader goes on behind what is durable, and gives the same offsets again in its epoch. What it had
// written in this epoch nobody has seen; what it copied in an earlier one others may have.
void ReplicationModel::fail_write(Broker& broker) {
  if (!broker.leading || serves_early_) return;
  truncate(broker, broker.durable_end);
  if (!has(Bug::counts_behind_failed_write)) broker.leading->truncated(broker.end());
}

// Each replica by itself, below the high watermark; the newest record stays, so that ends agree.
void ReplicationModel::compact(Broker& broker) {
  const Offset until = std::min(broker.high_watermark, broker.durable_end - 1);
  if (broker.life == Broker::Life::down || until <= 0) return;
  const Offset last = static_cast<Offset>(below(static_cast<std::uint64_t>(until)));
  const Offset first = last - std::min(last, static_cast<Offset>(below(6)));
  trace(broker.id, " compacts ", first, " to ", last);
  for (Offset i = first; i <= last; i++) broker.log[static_cast<std::size_t>(i)] = {};
}

void ReplicationModel::truncate(Broker& broker, Offset end) {
  end = std::max<Offset>(end, 0);
  if (end >= broker.end()) return;
  trace(broker.id, " truncates ", broker.end(), " to ", end);
  if (end < broker.high_watermark && !broker.is_lossy)
    violated("broker ", broker.id, " truncates to ", end, " what is committed up to ", broker.high_watermark);
  counts_.truncations++;
  broker.log.resize(static_cast<std::size_t>(end));
  broker.epochs.truncate(end);
  broker.durable_end = std::min(broker.durable_end, end);
  broker.high_watermark = std::min(broker.high_watermark, end);
  broker.agreed = std::min(broker.agreed, end);
}

// Consumers may read up to the leader's high watermark from now on.
void ReplicationModel::commit(Broker& broker) {
  const Offset until = broker.leading->high_watermark();
  if (until <= broker.high_watermark) return;
  if (until > broker.end()) violated("high watermark ", until, " behind the log's end ", broker.end());
  for (Offset i = broker.high_watermark; i < until; i++) {
    const auto at = static_cast<std::size_t>(i);
    if (at == committed_.size()) {
      committed_.push_back(broker.log[at]);
      counts_.committed++;
    } else if (!agrees(broker, i)) {
      violated("broker ", broker.id, " commits another record at ", i);
    }
  }
  broker.high_watermark = until;
  trace(broker.id, " high watermark ", until);
  check_candidates();
}

// ---- replication

void ReplicationModel::fetch(Broker& broker) {
  if (broker.life != Broker::Life::running || broker.leading || !broker.view) return;
  const PartitionState& state = broker.view->state;
  if (state.leader < 0 || state.leader == broker.id) return;
  // It asks from its durable end, after its flush.
  if (broker.durable_end < broker.end() && !has(Bug::counts_what_is_not_durable)) return;
  const Replicas::Fetch fetch{broker.id, broker.epoch, state.leader_epoch, broker.end()};
  network_.push_back(FetchRequest{state.leader, broker.incarnation, fetch, broker.end(), broker.epochs.last(),
                                  ++broker.fetches});
}

void ReplicationModel::transmit(Broker&) {
  if (network_.empty() || (is_network_slow_ && chance(60))) return;
  const std::size_t at = below(network_.size());
  const Message message = std::exchange(network_[at], std::move(network_.back()));
  network_.pop_back();
  if (network_.size() > (is_network_slow_ ? 40 : 12)) network_.erase(network_.begin());
  if (chance(10)) return;  // lost
  if (const auto* request = std::get_if<FetchRequest>(&message))
    answer(*request);
  else if (const auto* fetched = std::get_if<FetchAnswer>(&message))
    take(*fetched);
  else
    take(std::get<StoreAnswer>(message));
}

void ReplicationModel::answer(const FetchRequest& request) {
  Broker& leader = broker_of(request.to);
  if (!leader.leading) return;
  Replicas& replicas = *leader.leading;
  Replicas::Fetch fetch = request.fetch;
  const Epoch asked_in = fetch.leader_epoch;
  if (has(Bug::no_leader_epoch_check)) fetch.leader_epoch = replicas.leader_epoch();
  if (fetch.leader_epoch != replicas.leader_epoch()) return;
  if (has(Bug::takes_any_run_for_the_latest) && registrations_.contains(fetch.broker))
    fetch.broker_epoch = registrations_.at(fetch.broker).epoch;

  const Epochs::End end = leader.epochs.end_of(request.last_epoch, replicas.leader_epoch(), leader.end());
  const bool diverges = request.from > 0 && (end.epoch < request.last_epoch || end.offset < request.from);
  FetchAnswer answer;
  answer.to = fetch.broker;
  answer.incarnation = request.incarnation;
  answer.leader_epoch = asked_in;
  answer.from = request.from;
  answer.number = request.number;
  if (!diverges || has(Bug::counts_diverging_fetch)) {
    replicas.fetched(fetch, now());
    commit(leader);
  }
  answer.high_watermark = replicas.high_watermark();
  if (diverges) {
    answer.diverging = end;
  } else {
    // What is not durable may yet be lost, and its offsets given again.
    const Offset readable = serves_early_ ? leader.end() : leader.durable_end;
    const Offset until = std::min(request.from + static_cast<Offset>(below(4)), readable);
    for (Offset i = request.from; i < readable && (i < until || leader.is_removed(i - 1)); i++)
      answer.records.push_back(leader.log[static_cast<std::size_t>(i)]);
    while (!answer.records.empty() && answer.records.back().is_removed()) answer.records.pop_back();
    const Offset next = request.from + static_cast<Offset>(answer.records.size());
    for (const Epochs::End& begin : leader.epochs.all())
      if (begin.offset >= request.from && begin.offset < next) answer.epochs.push_back(begin);
  }
  network_.push_back(std::move(answer));
}

void ReplicationModel::take(const FetchAnswer& answer) {
  Broker& broker = broker_of(answer.to);
  if (broker.life != Broker::Life::running || broker.incarnation != answer.incarnation || broker.leading)
    return;
  if (answer.number != broker.fetches && !has(Bug::takes_late_answer)) return;
  if (broker.view->state.leader_epoch != answer.leader_epoch && !has(Bug::no_leader_epoch_check)) return;
  if (broker.end() != answer.from) return;

  if (answer.diverging) {
    const Epochs::End own =
        broker.epochs.end_of(answer.diverging->epoch, broker.view->state.leader_epoch, broker.end());
    truncate(broker, std::min(answer.diverging->offset, own.offset));
    return;
  }
  if (!has(Bug::infers_epochs_from_records))
    for (const Epochs::End& begin : answer.epochs) broker.epochs.seen(begin.epoch, begin.offset);
  for (const Record& record : answer.records) write(broker, record);
  const Offset known = std::min(answer.high_watermark, broker.end());
  for (Offset i = broker.high_watermark; i < known; i++)
    if (!agrees(broker, i)) violated("broker ", broker.id, " lets another record be read at ", i);
  broker.high_watermark = std::max(broker.high_watermark, known);
  note_recovered(broker);
}

}  // namespace mq::core
