// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/elections.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/config/scalars.h"
#include "core/loop/pace.h"
#include "core/partition/mistakes.h"

namespace mq::core {

using Outcome = Committed::Outcome;

namespace {

// Nothing is waited for that an update would not tell of, but for whom an update is late.
constexpr auto look_again_after = std::chrono::seconds(1);
constexpr auto prefer_every = std::chrono::seconds(10);
constexpr auto settled_after = std::chrono::seconds(60);
constexpr std::size_t steps_at_once = 50;                            // in one change of the store
constexpr std::size_t moves_at_once = 500;                           // each time
constexpr auto pause_after_refusal = std::chrono::milliseconds(50);  // or an update, which tells why

bool is_of_broker(const std::string& config) {
  return config.starts_with(broker_kind) && config[broker_kind.size()] == '/';
}

// Who is about to stop gives it to anybody else, who is not to lead to somebody who is.
PartitionState handed_over(PartitionState state, const Registrations& registrations,
                           const std::set<BrokerId>& not_to_lead) {
  if (state.leader < 0) return state;
  const bool stops = !is_running(registrations, {state.leader, state.leader_broker_epoch});
  if (!stops && !not_to_lead.contains(state.leader)) return state;
  BrokerId to = -1;
  for (const BrokerId replica : state.replicas) {
    const ReplicaEntry* member = find_entry(state.isr, replica);
    if (!member || !is_running(registrations, *member)) continue;
    if (!not_to_lead.contains(replica)) return move_leader(std::move(state), replica, registrations);
    if (to < 0) to = replica;
  }
  return stops && to >= 0 ? move_leader(std::move(state), to, registrations) : state;
}

}  // namespace

std::optional<PartitionState> due_election(const PartitionState& state, const Registrations& registrations,
                                           const ElectionRules& rules,
                                           const std::set<BrokerId>& not_to_lead) {
  PartitionState after = fence(state, registrations);
  after = with_min_isr(std::move(after), rules.min_isr);
  after = handed_over(std::move(after), registrations, not_to_lead);
  if (auto moved = reassigned(after, registrations)) after = with_min_isr(std::move(*moved), rules.min_isr);
  if (after.leader < 0 && rules.unclean)
    if (auto any = elect_any(after, registrations)) after = std::move(*any);
  if (after == state) return std::nullopt;
  return after;
}

std::vector<PreferredStep> due_preferred(const std::map<Catalog::PartitionId, Catalog::StateEntry>& states,
                                         const Registrations& registrations, const std::set<BrokerId>& ready,
                                         std::size_t at_most) {
  std::vector<PreferredStep> steps;
  for (const auto& [id, entry] : states) {
    if (steps.size() == at_most) break;
    const PartitionState& state = entry.state;
    const BrokerId preferred = state.replicas.front();
    if (state.leader < 0 || state.leader == preferred || !ready.contains(preferred)) continue;
    PartitionState after = move_leader(state, preferred, registrations);
    if (after != state) steps.push_back({id, std::move(after)});
  }
  return steps;
}

Elections::Elections(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
                     const MetadataLoader& loader, BrokerId self)
    : loop_(loop), clock_(clock), store_(store), catalog_(catalog), loader_(loader), self_(self) {}

void Elections::run() {
  asio::co_spawn(loop_, work(shared_from_this()), asio::detached);
}

void Elections::stop() {
  stopped_ = true;
  if (const auto waiter = waiter_.lock()) waiter->wake();
}

void Elections::updated(const Catalog::Applied& update) {
  if (update.brokers) all_ = true;
  if (update.brokers) note_runs();
  const bool intents = std::ranges::any_of(update.configs, is_of_broker);
  if (intents) all_ = true;
  if (!token_) some_.clear();  // who becomes the controller judges all
  some_.insert(update.partitions.begin(), update.partitions.end());
  for (const Catalog::TopicChange& change : update.topics)  // it may want another number of replicas in sync
    for (std::int32_t i = 0; change.after && i < change.after->partitions; i++)
      some_.insert({change.after->id, i});
  if (!update.brokers && !intents && some_.empty()) return;
  if (const auto waiter = waiter_.lock()) waiter->wake();
}

bool Elections::may_campaign() const {
  return store_.session() == MetadataStore::Session::alive && loader_.broker_epoch() >= 0 &&
         is_running(catalog_.registrations(), {self_, loader_.broker_epoch()});
}

bool Elections::is_registered(const ControllerEntry& controller) const {
  const auto run = catalog_.registrations().find(controller.broker);
  return run != catalog_.registrations().end() && run->second.epoch == controller.epoch;
}

Task<void> Elections::work(Self self) {
  while (!self->stopped_) {
    const auto& controller = self->catalog_.controller();
    const bool is_ours =
        controller && controller->broker == self->self_ && controller->epoch == self->loader_.broker_epoch();
    if (self->token_ && controller && !is_ours) self->token_.reset();
    if (!controller && self->may_campaign()) co_await self->campaign();
    if (controller && !is_ours && self->may_campaign() && !self->is_registered(*controller))
      co_await self->store_.sweep(std::string(controller_entry));
    if (is_ours && !self->token_ && !makes(Mistake::forgets_it_is_controller)) co_await self->resume();
    if (self->token_) {
      std::set<PartitionId> partitions = std::exchange(self->some_, {});
      if (std::exchange(self->all_, false))
        for (const auto& [id, entry] : self->catalog_.states()) partitions.insert(id);
      co_await self->judge(std::move(partitions));
      co_await self->prefer();
    }
    if (self->stopped_) break;
    const bool has_failed = std::exchange(self->has_failed_, false);
    const bool has_work = self->token_ && (self->all_ || !self->some_.empty());
    if (has_work && !has_failed) continue;
    const Time until =
        self->clock_.now() + (has_failed ? Time::duration(pause_after_refusal) : look_again_after);
    const auto waiter = std::make_shared<Waiter>(self->loop_, self->clock_, until);
    self->waiter_ = waiter;
    co_await Waiter::wait(waiter);
  }
}

Task<void> Elections::campaign() {
  token_.reset();
  const auto held = co_await store_.hold(std::string(controller_entry),
                                         to_json(ControllerEntry{self_, loader_.broker_epoch()}));
  if (held && !*held) co_await remove_unreadable();
  if (!held || !*held) co_return;
  spdlog::info("this broker is the controller");
  token_ = **held;
  all_ = true;
}

// As it is now: what a read tells may be older. Nothing: there is none, or the store did not tell.
Task<std::optional<MetadataEntry>> Elections::read_controller() {
  const std::string key(controller_entry);
  MetadataChange change;
  change.guards.push_back({Guard::Kind::absent, key});
  const Committed committed = co_await store_.commit(std::move(change));
  const auto found = committed.found.find(key);
  co_return found == committed.found.end() ? std::nullopt : found->second;
}

// Who holds it is known by now, or soon; but what nobody can read is nobody's.
Task<void> Elections::remove_unreadable() {
  const auto entry = co_await read_controller();
  if (!entry || parse_controller(entry->value)) co_return;
  const std::string key(controller_entry);
  spdlog::error("the store's entry {} cannot be read and is removed: {}", key, quote(entry->value));
  MetadataChange removal;
  removal.guards.push_back({Guard::Kind::unchanged, key, entry->version});
  removal.erases.push_back(key);
  co_await store_.commit(std::move(removal));
}

// The entry names this very run, and yet it is not known here: the answer to who wrote it was lost, or an
// update told of a controller before that.
Task<void> Elections::resume() {
  const auto entry = co_await read_controller();
  if (!entry) co_return;
  const auto held = parse_controller(entry->value);
  if (!held || held->broker != self_ || held->epoch != loader_.broker_epoch()) co_return;
  spdlog::info("this broker is the controller, as it was");
  token_ = entry->version;
  all_ = true;
}

Task<void> Elections::judge(std::set<PartitionId> partitions) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  std::vector<Step> steps;
  const std::set<BrokerId> not_to_lead = catalog_.not_to_lead();
  for (const PartitionId& id : partitions) {
    if (pace.due()) co_await pace.give_way();
    if (stopped_ || !token_) co_return;
    const auto known = catalog_.states().find(id);
    if (known == catalog_.states().end()) continue;
    const PartitionState& state = known->second.state;
    auto after = due_election(state, catalog_.registrations(), rules_of(id, state), not_to_lead);
    if (after) steps.push_back({id, rewritten(std::move(*after)), known->second.version});
    if (steps.size() == steps_at_once) co_await send(std::exchange(steps, {}));
  }
  co_await send(std::move(steps));
}

ElectionRules Elections::rules_of(const PartitionId& id, const PartitionState& state) const {
  const TopicPtr topic = catalog_.find(id.first);
  if (!topic) return {state.min_isr};
  return {insync_replicas_min(topic->config, topic->replication_factor),
          topic->config.unclean_leader_election};
}

void Elections::note_runs() {
  std::erase_if(runs_, [&](const auto& run) {
    return !is_running(catalog_.registrations(), {run.first, run.second.epoch});
  });
  for (const auto& [broker, registration] : catalog_.registrations())
    if (registration.running) runs_.emplace(broker, Run{registration.epoch, clock_.now()});
}

// Who runs for a while, has caught up with everything, and is to lead.
std::set<BrokerId> Elections::ready() const {
  std::set<BrokerId> brokers;
  for (const auto& [broker, run] : runs_)
    if (clock_.now() - run.since >= settled_after) brokers.insert(broker);
  for (const auto& [id, entry] : catalog_.states())
    for (const BrokerId replica : entry.state.replicas)
      if (!find_entry(entry.state.isr, replica)) brokers.erase(replica);
  for (const BrokerId broker : catalog_.not_to_lead()) brokers.erase(broker);
  return brokers;
}

// A broker that is back leads again what it is preferred for.
Task<void> Elections::prefer() {
  if (clock_.now() < prefers_at_ || stopped_ || !token_) co_return;
  prefers_at_ = clock_.now() + prefer_every;
  auto due = due_preferred(catalog_.states(), catalog_.registrations(), ready(), moves_at_once);
  std::vector<Step> steps;
  for (PreferredStep& step : due) {
    const auto known = catalog_.states().find(step.id);
    if (known == catalog_.states().end()) continue;
    steps.push_back({step.id, rewritten(std::move(step.after)), known->second.version});
    if (steps.size() < steps_at_once) continue;
    co_await send(std::exchange(steps, {}));
    if (stopped_ || !token_) co_return;
  }
  co_await send(std::move(steps));
  if (!due.empty()) spdlog::info("{} leaderships go back to the replicas that are preferred", due.size());
}

// What the store takes at once; after a conflict each by itself.
Task<void> Elections::send(std::vector<Step> steps) {
  if (steps.empty()) co_return;
  const bool is_done = co_await commit(steps);
  if (is_done || steps.size() == 1) co_return;
  for (Step& step : steps) {
    std::vector<Step> single;
    single.push_back(std::move(step));
    co_await commit(std::move(single));
  }
}

// Whoever is elected runs still when it is written.
Task<bool> Elections::commit(std::vector<Step> steps) {
  MetadataChange change;
  change.guards.push_back({Guard::Kind::held_by_me, std::string(controller_entry)});
  std::set<BrokerId> leaders;
  for (const Step& step : steps) {
    const std::string key = partition_key(step.id.first, step.id.second);
    change.guards.push_back({Guard::Kind::unchanged, key, step.before});
    change.puts[key] = to_json(step.after);
    if (step.after.leader >= 0) leaders.insert(step.after.leader);
  }
  for (const BrokerId leader : leaders) {
    const auto live = catalog_.live().find(leader);
    const EntryVersion version = live == catalog_.live().end() ? 0 : live->second.version;
    change.guards.push_back({Guard::Kind::unchanged, live_key(leader), version});
  }
  const Committed committed = co_await store_.commit(std::move(change));
  if (committed.outcome == Outcome::done) co_return true;
  has_failed_ = true;
  if (committed.outcome == Outcome::conflict) {
    const auto held = committed.found.find(std::string(controller_entry));
    if (held != committed.found.end() && (!held->second || held->second->version != token_)) token_.reset();
  }
  if (steps.size() == 1 || committed.outcome != Outcome::conflict)
    for (const Step& step : steps) some_.insert(step.id);  // judged anew, from what then is known
  co_return committed.outcome != Outcome::conflict;
}

}  // namespace mq::core
