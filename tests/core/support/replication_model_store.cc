// SPDX-License-Identifier: Apache-2.0
// The model's metadata store, with whoever writes to it: leaders, controller, brokers that start.
#include <algorithm>

#include "tests/core/support/replication_story.h"

namespace mq::core {

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

}  // namespace mq::core
