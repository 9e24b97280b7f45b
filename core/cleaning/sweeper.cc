// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/sweeper.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/loop/pace.h"
#include "core/partition/mistakes.h"

namespace mq::core {
namespace {

constexpr std::int64_t first_look_ms = 30'000;            // after a start there are more urgent things
constexpr std::int64_t compaction_interval_ms = 15'000;   // Kafka's log.cleaner.backoff.ms
constexpr std::int64_t sleep_ms_max = 30 * 86'400'000LL;  // then the wall clock is asked again
constexpr std::int64_t clock_jump_ms_max = 3'600'000;
constexpr std::size_t segments_looked_at_max = 100'000;

// By how much a partition may be larger than it should before it is looked at: not for every batch.
std::uint64_t slack_bytes(std::int64_t limit) {
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(limit) / 8, 64 << 10);
}

}  // namespace

Sweeper::Sweeper(asio::io_context& loop, const Clock& clock, Milliseconds interval,
                 std::shared_ptr<Compactor> compactor)
    : loop_(loop),
      clock_(clock),
      interval_ms_(interval.count()),
      started_(clock.now()),
      started_ms_(clock.wall_ms()),
      compactor_(std::move(compactor)),
      alarm_(clock.alarm(loop)) {}

void Sweeper::watch(const Catalog& topics, const PartitionTable& partitions, MetadataLoader& loader) {
  ticked_ = now() + std::min<std::int64_t>(first_look_ms - interval_ms_, 0);
  starting_ = true;
  for (const auto& [name, topic] : topics.all()) changed(*topic, partitions.of(topic->id));
  starting_ = false;
  loader.on_change([self = weak_from_this()](const Topic& topic, PartitionTable::Partitions some) {
    if (const auto sweeper = self.lock()) sweeper->changed(topic, some);
  });
}

void Sweeper::stop() {
  stopped_ = true;
  queue_.clear();
  alarm_->cancel();
  if (compactor_) compactor_->stop();
}

void Sweeper::changed(const Topic& topic, PartitionTable::Partitions partitions) {
  const Retention keep = Retention::of(topic.config);
  const auto compaction = compactor_ ? CompactionRules::of(topic.config) : std::nullopt;
  for (const auto& partition : partitions) {
    if (!partition) continue;
    if (partition->closed() && compactor_) compactor_->forget(partition->number());
    if (partition->closed() || (keep.keeps_all() && !compaction)) {
      watched_.erase(partition->number());
      continue;
    }
    const auto [at, is_new] = watched_.try_emplace(partition->number(), Watched{partition, keep, compaction});
    Watched& watched = at->second;
    if (!is_new && watched.keep == keep && watched.compaction == compaction) continue;
    watched.keep = keep;
    watched.compaction = compaction;
    const bool empty = partition->start() == partition->end();
    if (!starting_ || empty) {
      enqueue(partition->number(), !empty);  // what comes before it is looked at came just now
    } else {
      watched.due = ticked_;
      look_at(ticked_, interval_ms_);
    }
  }
}

void Sweeper::sealed(const std::vector<PartitionNumber>& numbers) {
  for (const PartitionNumber number : numbers)
    if (const auto found = watched_.find(number); found != watched_.end() && found->second.compaction)
      enqueue(number, false);
}

void Sweeper::enqueue(PartitionNumber number, bool by_age) {
  const auto found = watched_.find(number);
  if (stopped_ || found == watched_.end()) return;
  found->second.by_age |= by_age;
  if (std::exchange(found->second.queued, true)) return;
  queue_.push_back(number);
  if (!std::exchange(working_, true)) asio::co_spawn(loop_, work(shared_from_this()), asio::detached);
}

Task<void> Sweeper::work(std::shared_ptr<Sweeper> self) {
  constexpr std::size_t steps_per_look = 16;
  Pace pace(self->loop_.get_executor(), self->clock_);
  while (!self->queue_.empty()) {
    if (pace.due(steps_per_look)) co_await pace.give_way();
    if (self->queue_.empty()) break;  // stopped meanwhile
    const PartitionNumber number = self->queue_.front();
    self->queue_.pop_front();
    co_await self->sweep(number);
  }
  self->working_ = false;
}

Task<void> Sweeper::sweep(PartitionNumber number) {
  const auto found = watched_.find(number);
  if (found == watched_.end()) co_return;
  found->second.queued = false;
  const auto age = std::exchange(found->second.by_age, false) ? Expiry::Age::counts : Expiry::Age::waits;
  const auto partition = found->second.partition.lock();
  const Retention keep = found->second.keep;
  const auto compaction = found->second.compaction;
  if (!partition || partition->closed()) co_return;

  looks_++;
  const std::uint64_t appended = partition->appended_bytes();
  Next next, other;
  if (!keep.keeps_all() && partition->leads()) next = co_await retain(partition, keep, age);
  if (!keep.keeps_all() && !partition->leads()) next.due = now();  // its leader's start is taken; it may lead
  if (compaction && !stopped_ && !partition->closed()) other = co_await compact(partition, *compaction);
  const auto again = watched_.find(number);
  if (again == watched_.end() || partition->closed() || stopped_) co_return;

  put_off(next.due, again->second.due, interval_ms_);
  put_off(other.due, again->second.compaction_due, compaction_look_ms());
  look_at(again->second.due, interval_ms_);
  look_at(again->second.compaction_due, compaction_look_ms());
  const std::uint64_t room = std::min(next.room, other.room);
  Partition::Grown grown = [self = weak_from_this()](PartitionNumber which) {
    if (const auto sweeper = self.lock()) sweeper->enqueue(which, false);
  };
  if (room == UINT64_MAX) grown = nullptr;
  partition->when_appended(appended + room, std::move(grown));
}

Task<Sweeper::Next> Sweeper::retain(PartitionPtr partition, Retention keep, Expiry::Age age) {
  const auto outlook = co_await outlook_of(partition, keep, now(), age);
  error_code error = outlook ? error_code{} : outlook.error();
  if (outlook && outlook->start) error = co_await partition->trim(*outlook->start);
  Next next;
  if (error) {
    if (!stopped_ && !partition->closed())
      spdlog::warn("partition {}: retention failed, and is tried again: {}", partition->number(),
                   error.message());
    next.due = now();
    co_return next;
  }
  next.due = outlook->due;
  const bool empty = outlook->due == end_of_time && outlook->bytes_left == 0;
  if (empty) next.room = 0;  // the first batch says when it will be too old
  if (empty || keep.bytes < 0) co_return next;
  const std::uint64_t slack = slack_bytes(keep.bytes), full = static_cast<std::uint64_t>(keep.bytes) + slack;
  next.room = std::max(slack / 2, full - std::min(full, outlook->bytes_left));
  co_return next;
}

// ---------------------------------------------------------------------------------------------- compaction

Task<Sweeper::Next> Sweeper::compact(PartitionPtr partition, CompactionRules rules) {
  const PartitionNumber number = partition->number();
  Next next;
  if (compactor_->is_busy_with(number)) co_return next;  // and says when it is done
  const auto view = co_await view_of(partition);
  if (!view) {
    next.due = now();
    co_return next;
  }
  const Judgement judgement = judge(rules, *view);
  if (judgement.act == Judgement::Act::compact) {
    compactor_->compact(partition, rules, judgement.end,
                        [self = weak_from_this()](PartitionNumber which, error_code error) {
                          const auto sweeper = self.lock();
                          if (!sweeper) return;
                          if (!error) return sweeper->enqueue(which, false);
                          const auto found = sweeper->watched_.find(which);
                          if (found == sweeper->watched_.end()) return;
                          const std::int64_t interval_ms = sweeper->compaction_look_ms();
                          sweeper->put_off(sweeper->now(), found->second.compaction_due, interval_ms);
                          sweeper->look_at(found->second.compaction_due, interval_ms);
                        });
    co_return next;
  }
  if (judgement.act == Judgement::Act::seal) {
    const error_code error = co_await compactor_->roll();
    if (error) next.due = now();
    if (!error) enqueue(number, false);
    co_return next;
  }
  next.due = judgement.due;
  next.room = judgement.room;
  co_return next;
}

Task<Result<CompactionView>> Sweeper::view_of(PartitionPtr partition) {
  CompactionView view;
  view.now = now();
  view.clean = std::max(compactor_->clean_until(partition->number()), partition->start());
  auto segments =
      co_await partition->ranges(partition->start(), storage::Grain::segment, segments_looked_at_max);
  if (!segments) co_return segments.error();
  view.stable = partition->last_stable_offset();  // not from before: the newest segment has grown meanwhile
  if (makes(Mistake::compacts_uncommitted)) view.stable = partition->end();
  view.segments = std::move(*segments);
  const auto open = std::find_if(view.segments.begin(), view.segments.end(),
                                 [](const storage::Range& range) { return !range.sealed; });
  const auto dirty = co_await partition->ranges(view.clean, storage::Grain::batch, 1);
  if (!dirty) co_return dirty.error();
  if (!dirty->empty()) view.oldest_dirty = time_of(dirty->front(), view.now);
  if (open == view.segments.end()) co_return view;
  const auto first = co_await partition->ranges(open->first, storage::Grain::batch, 1);
  if (!first) co_return first.error();
  if (!first->empty()) view.oldest_unsealed = time_of(first->front(), view.now);
  co_return view;
}

// ---------------------------------------------------------------------------------------------- time

// The wall clock, but when it runs far ahead of the time that has passed since the start: somebody set it,
// and nothing goes because of that before the next start.
Timestamp Sweeper::now() {
  const Timestamp wall = clock_.wall_ms();
  const auto passed = std::chrono::duration_cast<Milliseconds>(clock_.now() - started_);
  const Timestamp expected = started_ms_ + passed.count();
  const bool jumped = wall - expected > clock_jump_ms_max;
  if (jumped && !std::exchange(doubts_clock_, true))
    spdlog::warn("the clock is {} s ahead of the time that has passed: retention does not believe it",
                 (wall - expected) / 1000);
  return jumped ? expected : wall;
}

std::int64_t Sweeper::compaction_look_ms() const {
  return std::min(interval_ms_, compaction_interval_ms);
}

// What is overdue when it is first seen has come just now, or has failed: it waits for an interval, however
// long ago the last tick was. Seen again, it does not begin to wait anew.
void Sweeper::put_off(Timestamp found, Timestamp& due, std::int64_t interval_ms) {
  const Timestamp present = now();
  due = found <= present ? std::min(due, present + interval_ms) : found;
}

// Something is to be looked at then, or as soon after it as the interval allows.
void Sweeper::look_at(Timestamp due, std::int64_t interval_ms) {
  if (due == end_of_time || stopped_) return;
  const Timestamp at = std::max(due, ticked_ + interval_ms);
  if (at >= next_) return;
  next_ = at;
  const std::int64_t wait_ms = std::clamp<std::int64_t>(at - now(), 0, sleep_ms_max);
  alarm_->ring_at(clock_.now() + Milliseconds(wait_ms), [self = weak_from_this()] {
    if (const auto sweeper = self.lock()) sweeper->tick();
  });
}

void Sweeper::tick() {
  ticked_ = now();
  next_ = end_of_time;
  Timestamp due = end_of_time, compaction_due = end_of_time;
  for (const auto& [number, watched] : watched_) {
    if (std::min(watched.due, watched.compaction_due) <= ticked_) {
      enqueue(number, true);
      continue;
    }
    due = std::min(due, watched.due);
    compaction_due = std::min(compaction_due, watched.compaction_due);
  }
  look_at(due, interval_ms_);
  look_at(compaction_due, compaction_look_ms());
}

}  // namespace mq::core
