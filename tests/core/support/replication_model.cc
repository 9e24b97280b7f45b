// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/replication_model.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace mq::core {
namespace {

struct Violated : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class... Parts>
[[noreturn]] void violated(const Parts&... parts) {
  throw Violated(text(parts...));
}

std::string text_of(const std::vector<ReplicaEntry>& entries) {
  std::string all;
  for (const ReplicaEntry& entry : entries) all += text(" ", entry.broker, "/", entry.epoch);
  return all;
}

std::string text_of(const PartitionState& state) {
  return text("leader ", state.leader, "/", state.leader_broker_epoch, " epoch ", state.leader_epoch, " isr",
              text_of(state.isr), " elr", text_of(state.elr), " min ", state.min_isr);
}

bool is_same_leadership(const PartitionState& a, const PartitionState& b) {
  return a.leader == b.leader && a.leader_broker_epoch == b.leader_broker_epoch;
}

}  // namespace

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

template <class... Parts>
void ReplicationModel::trace(const Parts&... parts) {
  if (!options_.tracing) return;
  events_.push_back(text(counts_.steps, " ", parts...));
  if (events_.size() > 150) events_.pop_front();
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
  broker.leading->flushed(broker.end());
  commit(broker);
}

void ReplicationModel::flush(Broker& broker) {
  if (broker.life == Broker::Life::down) return;
  broker.durable_end = broker.end();
  if (!broker.leading) return;
  broker.leading->flushed(broker.durable_end);
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

// ---- the metadata store

void ReplicationModel::submit(Transaction transaction) {
  trace(transaction.owner, " proposes on ", transaction.base, ": ", text_of(transaction.next));
  transactions_.push_back(std::move(transaction));
  if (transactions_.size() > 10) transactions_.erase(transactions_.begin());  // it never arrives
}

void ReplicationModel::store(Broker&) {
  if (transactions_.empty()) return;
  const std::size_t at = below(transactions_.size());
  const Transaction transaction = std::exchange(transactions_[at], std::move(transactions_.back()));
  transactions_.pop_back();

  const auto is_registered = [&](ReplicaEntry entry) {
    const auto found = registrations_.find(entry.broker);
    return found != registrations_.end() && found->second.epoch == entry.epoch;
  };
  const bool succeeds = transaction.base == current().version &&
                        (!transaction.registered || is_registered(*transaction.registered)) &&
                        (!transaction.running || is_running(registrations_, *transaction.running));
  if (succeeds) put(transaction.next);

  if (transaction.owner < 0 || chance(30)) return;  // nobody hears the answer
  const bool is_refused = !succeeds && current().version == transaction.base;
  const StoreAnswer answer{transaction.owner, transaction.incarnation, transaction.base,
                           is_refused,        history_.back(),         revision_};
  if (chance(50)) return take(answer);
  network_.push_back(answer);
}

void ReplicationModel::take(const StoreAnswer& answer) {
  Broker& owner = broker_of(answer.to);
  if (owner.life == Broker::Life::down || owner.incarnation != answer.incarnation) return;
  deliver(owner, answer.view, answer.until);
  if (!answer.is_refused || !owner.leading) return;
  owner.leading->refused(answer.base);
  commit(owner);
}

void ReplicationModel::put(PartitionState next) {
  const PartitionState& before = current().state;
  if (has(Bug::keeps_elr))
    for (const ReplicaEntry& entry : before.elr)
      if (!find_entry(next.isr, entry.broker) && !find_entry(next.elr, entry.broker))
        next.elr.push_back(entry);
  if (options_.check_form) check_form(before, next);
  if (!is_same_leadership(before, next)) counts_.elections++;
  if (before.isr != next.isr) counts_.isr_changes++;

  revision_ += 2;
  history_.push_back(std::make_shared<View>(View{rewritten(std::move(next)), revision_}));
  if (history_.size() > 6) history_.pop_front();
  trace("stored ", revision_, ": ", text_of(current().state));
  check_candidates();
  for (Broker& broker : brokers_) note_recovered(broker);
}

void ReplicationModel::set_registration(BrokerId broker, std::optional<Registration> registration) {
  if (registration)
    registrations_[broker] = *registration;
  else
    registrations_.erase(broker);
  past_registrations_.push_back(registrations_);
  if (past_registrations_.size() > 4) past_registrations_.pop_front();
}

void ReplicationModel::watch(Broker& broker) {
  if (broker.life == Broker::Life::down) return;
  const std::size_t at = below(history_.size());
  deliver(broker, history_[at], at + 1 < history_.size() ? history_[at + 1]->version - 1 : revision_);
}

void ReplicationModel::deliver(Broker& broker, const ViewPtr& view, StateVersion until) {
  if (broker.view && view->version < broker.view->version) return;
  broker.view = view;
  broker.view_until = std::max(broker.view_until, until);
  const PartitionState& state = view->state;
  if (broker.leading && !broker.leading->adopt(as_led(state), view->version)) {
    trace(broker.id, " leads no more");
    broker.leading.reset();
  }
  const bool leads = state.leader == broker.id && state.leader_broker_epoch == broker.epoch &&
                     broker.life == Broker::Life::running;
  if (leads && !broker.leading) lead(broker);
  if (broker.leading) commit(broker);
  if (broker.leading || !has(Bug::truncates_to_high_watermark) || state.leader_epoch <= broker.followed)
    return;
  broker.followed = state.leader_epoch;
  truncate(broker, broker.high_watermark);
}

void ReplicationModel::lead(Broker& broker) {
  const PartitionState& state = broker.view->state;
  trace(broker.id, " leads in epoch ", state.leader_epoch, " from ", broker.end());
  if (state.leader_epoch == current().state.leader_epoch) {
    bool has_all = broker.log.size() >= committed_.size();
    for (std::size_t i = 0; has_all && i < committed_.size(); i++)
      has_all = agrees(broker, static_cast<Offset>(i));
    if (!has_all) violated("broker ", broker.id, " leads and lacks what was committed");
  }
  Replicas::Log log{broker.end(), broker.durable_end, broker.high_watermark};
  if (has(Bug::no_leader_epoch_start)) log.end = log.high_watermark;
  broker.leading.emplace(broker.id, as_led(state), broker.view->version, log, now());
}

PartitionState ReplicationModel::as_led(const PartitionState& state) const {
  PartitionState led = state;
  if (has(Bug::commits_below_min_isr)) led.min_isr = 1;
  return led;
}

void ReplicationModel::change_isr(Broker& broker) {
  if (!broker.leading || broker.leading->is_pending()) return;
  Replicas& replicas = *broker.leading;
  const View& view = *broker.view;
  Transaction transaction{broker.id, broker.incarnation, view.version, {}, broker.entry(), {}};

  const bool guards = !has(Bug::expansion_without_guard) && !has(Bug::elects_any_run_without_guard);
  const auto joining = replicas.joinable(any_of(past_registrations_));
  if (!joining.empty() && chance(70)) {
    const ReplicaEntry joins = any_of(joining);
    transaction.next = expand(view.state, joins);
    if (guards) transaction.running = joins;
    if (has(Bug::watermark_ignores_proposal)) return submit(std::move(transaction));
  } else {
    // Late by the clock, or because the clock was: anybody.
    std::vector<BrokerId> late = replicas.lagging(now(), std::chrono::milliseconds(below(300)));
    if (late.empty() && chance(30)) late = {any_of(view.state.isr).broker};
    transaction.next = shrink(view.state, late);
    if (transaction.next == view.state) return;
    if (has(Bug::watermark_ignores_proposal)) {
      replicas.adopt(transaction.next, view.version + 1);
      submit(std::move(transaction));
      return commit(broker);
    }
  }
  if (!replicas.propose(transaction.next.isr)) violated("proposed although a proposal is pending");
  submit(std::move(transaction));
}

void ReplicationModel::resolve(Broker& broker) {
  if (!broker.leading || !broker.leading->is_pending()) return;
  const View& view = *broker.view;
  if (has(Bug::unknown_outcome_by_reading)) {
    broker.leading->refused(view.version);
    return commit(broker);
  }
  broker.leading->unknown(view.version);
  submit({broker.id, broker.incarnation, view.version, rewritten(view.state), {}, {}});
}

// ---- the controller

PartitionState ReplicationModel::fenced(const PartitionState& state, const Registrations& seen) const {
  if (!elects_blindly()) return fence(state, seen);
  Registrations blind;
  for (const auto* entries : {&state.isr, &state.elr})
    for (const ReplicaEntry& entry : *entries)
      if (seen.contains(entry.broker)) blind[entry.broker] = {entry.epoch, true};
  PartitionState next = fence(state, blind);
  if (!is_same_leadership(state, next) && next.leader >= 0)
    next.leader_broker_epoch = seen.at(next.leader).epoch;
  return next;
}

void ReplicationModel::control(Broker&) {
  const View& view = chance(25) ? *any_of(history_) : current();
  const Registrations& seen = chance(25) ? any_of(past_registrations_) : registrations_;
  PartitionState next = fenced(view.state, seen);
  if (next == view.state && !next.isr.empty() && chance(options_.odds.leader_moves_percent))
    next = move_leader(view.state, any_of(next.isr).broker, seen);
  if (next == view.state && chance(3)) next = with_min_isr(view.state, static_cast<int>(1 + below(3)));
  if (next == view.state) return;

  Transaction transaction{-1, 0, view.version, next, {}, {}};
  if (!is_same_leadership(view.state, next) && next.leader >= 0 && !elects_blindly())
    transaction.running = ReplicaEntry{next.leader, next.leader_broker_epoch};
  submit(std::move(transaction));
}

// ---- the life of a broker

void ReplicationModel::expire(Broker& broker) {
  if (!registrations_.contains(broker.id)) return;
  if (broker.life != Broker::Life::down && !chance(8)) return;
  trace(broker.id, " has no session any more");
  set_registration(broker.id, std::nullopt);
}

void ReplicationModel::crash(Broker& broker) {
  if (broker.life == Broker::Life::down) return;
  broker.life = Broker::Life::down;
  broker.leading.reset();
  broker.view.reset();
  broker.view_until = -1;
  broker.incarnation++;

  Offset left = broker.end();
  if (chance(60))
    left -= static_cast<Offset>(below(static_cast<std::uint64_t>(left - broker.durable_end) + 1));
  while (left > broker.durable_end && broker.is_removed(left - 1)) left--;  // a log ends with a record
  // What it had read from a leader may be committed, and yet not on its own disk.
  broker.high_watermark = std::min(broker.high_watermark, left);
  truncate(broker, left);
  // Of the high watermark it knows what it last noted.
  broker.high_watermark = static_cast<Offset>(below(static_cast<std::uint64_t>(broker.high_watermark) + 1));
  trace(broker.id, " crashes, keeps ", left);

  if (chance(options_.odds.disk_losses_percent) && may_lose_disk(broker)) lose_disk(broker);
  if (chance(30)) restart(broker);  // before anybody has noticed
}

void ReplicationModel::lose_disk(Broker& broker) {
  trace(broker.id, " loses its disk");
  counts_.lost_disks++;
  broker.is_lossy = true;
  broker.high_watermark = 0;
  truncate(broker, 0);
  broker.directory = revision_;
}

void ReplicationModel::restart(Broker& broker) {
  if (broker.life != Broker::Life::down) return;
  if (registrations_.contains(broker.id) && chance(50)) return;  // waits for its predecessor's session to end
  broker.durable_end = broker.end();
  enroll(broker);
}

// The process lives, and hears that its session is gone.
void ReplicationModel::register_again(Broker& broker) {
  if (broker.life == Broker::Life::down || registrations_.contains(broker.id)) return;
  broker.leading.reset();
  broker.incarnation++;
  enroll(broker);
}

void ReplicationModel::enroll(Broker& broker) {
  broker.life = Broker::Life::starting;
  broker.epoch = revision_ += 2;
  broker.followed = -1;
  set_registration(broker.id, Registration{broker.epoch, false});
  if (has(Bug::directory_noted_too_early) && chance(50)) broker.registered_directory = broker.directory;
  trace(broker.id, " registers as ", broker.epoch);
  if (!chance(50)) return;
  deliver_current(broker);
  start(broker);
}

PartitionState ReplicationModel::after_restart(const Broker& broker) const {
  const bool trusted = broker.directory == broker.registered_directory || has(Bug::trusts_any_disk);
  const PartitionState& state = broker.view->state;
  PartitionState next = restarted(state, broker.entry(), trusted);
  if (has(Bug::leads_on_after_restart) && state.leader == broker.id && trusted) {
    next.leader = broker.id;
    next.leader_broker_epoch = broker.epoch;
    next.leader_epoch = state.leader_epoch;
  }
  return next;
}

void ReplicationModel::start(Broker& broker) {
  if (broker.life != Broker::Life::starting || !broker.view) return;
  // What its predecessor did to the state has been seen only from here on.
  if (broker.view_until < broker.epoch && !has(Bug::starts_from_stale_state)) return;
  const PartitionState next = after_restart(broker);
  if (next != broker.view->state)
    return submit({broker.id, broker.incarnation, broker.view->version, next, broker.entry(), {}});

  const auto found = registrations_.find(broker.id);
  if (found == registrations_.end() || found->second.epoch != broker.epoch) return;
  set_registration(broker.id, Registration{broker.epoch, true});
  broker.registered_directory = broker.directory;
  broker.life = Broker::Life::running;
  trace(broker.id, " runs");
  deliver(broker, broker.view, broker.view_until);
}

// ---- what must hold

bool ReplicationModel::agrees(const Broker& broker, Offset offset) const {
  const auto at = static_cast<std::size_t>(offset);
  return broker.log[at].is_removed() || broker.log[at] == committed_[at];
}

bool ReplicationModel::is_complete(Broker& broker) {
  const Offset end = std::min(broker.durable_end, static_cast<Offset>(committed_.size()));
  while (broker.agreed < end && agrees(broker, broker.agreed)) broker.agreed++;
  return broker.agreed == static_cast<Offset>(committed_.size());
}

// Whoever may be elected has all that was committed, durably. An entry of a run before the disk was lost
// cannot be.
void ReplicationModel::check_candidates() {
  for (const auto* entries : {&current().state.isr, &current().state.elr})
    for (const ReplicaEntry& entry : *entries) {
      Broker& broker = broker_of(entry.broker);
      const bool is_inert =
          broker.is_lossy && (broker.life == Broker::Life::down || broker.epoch != entry.epoch);
      if (is_inert || is_complete(broker)) continue;
      violated("broker ", entry.broker, " is in the ", entries == &current().state.isr ? "ISR" : "ELR",
               " and has ", broker.agreed, " of ", committed_.size(), " committed");
    }
}

void ReplicationModel::check_form(const PartitionState& before, const PartitionState& next) const {
  if (next != normalise(next)) violated("not in its canonical form: ", text_of(next));
  const int rise = next.leader_epoch - before.leader_epoch;
  if (rise != (is_same_leadership(before, next) ? 0 : 1))
    violated("the leader epoch rises by ", rise, ": ", text_of(before), ", then ", text_of(next));
  for (const ReplicaEntry& entry : next.isr) {
    const auto found = registrations_.find(entry.broker);
    const bool is_registered = found != registrations_.end() && found->second.epoch == entry.epoch;
    const auto is_same = [&](const ReplicaEntry& other) { return other == entry; };
    if (std::none_of(before.isr.begin(), before.isr.end(), is_same) && !is_registered)
      violated("broker ", entry.broker, " joined the ISR and is not registered as ", entry.epoch);
  }
}

// One disk at a time, and only while somebody else may be elected.
bool ReplicationModel::may_lose_disk(const Broker& broker) const {
  bool others = false;
  for (const auto* entries : {&current().state.isr, &current().state.elr})
    for (const ReplicaEntry& entry : *entries) others = others || entry.broker != broker.id;
  return others &&
         std::none_of(brokers_.begin(), brokers_.end(), [](const Broker& each) { return each.is_lossy; });
}

void ReplicationModel::note_recovered(Broker& broker) {
  if (!broker.is_lossy || broker.life == Broker::Life::down) return;
  const ReplicaEntry* entry = find_entry(current().state.isr, broker.id);
  if (entry && entry->epoch == broker.epoch && is_complete(broker)) broker.is_lossy = false;
}

}  // namespace mq::core
