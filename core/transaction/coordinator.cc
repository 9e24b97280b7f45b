// SPDX-License-Identifier: Apache-2.0
#include "core/transaction/coordinator.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/loop/wait_group.h"
#include "core/transaction/records.h"
#include "storage/error.h"

namespace mq::core {

using kafka::Error;
using Status = Transaction::Status;

namespace {

constexpr std::chrono::seconds pause_after_failure{1};
constexpr Timestamp wait_ms_max = 24 * 3'600'000;  // then it is looked at again

}  // namespace

TransactionCoordinator::TransactionCoordinator(asio::io_context& loop, const Clock& clock,
                                               const Config& config, const Catalog& topics,
                                               const PartitionTable& partitions, ProducerIds& ids,
                                               InternalTopic& log)
    : loop_(loop),
      clock_(clock),
      config_(config),
      topics_(topics),
      partitions_(partitions),
      ids_(ids),
      log_(log),
      shards_(
          loop,
          [this](std::int32_t partition, Epoch epoch) { return load(shared_from_this(), partition, epoch); },
          [this](std::int32_t partition) { forget_partition(partition); }),
      alarm_(clock.alarm(loop)) {}

void TransactionCoordinator::stop() {
  stopped_ = true;
  shards_.stop();
  alarm_->cancel();
  due_.clear();
  pauses_.wake_all();
  if (others_.markers) others_.markers->stop();
  if (others_.questions) others_.questions->stop();
  for (const auto& [id, entry] : entries_) entry->waiters.wake_all();
}

Error TransactionCoordinator::serves(const std::string& id) const {
  if (stopped_) return Error::not_coordinator;
  if (!topics_.find(log_.name())) return Error::none;  // there are no ids, and nobody else has them
  if (log_.may_be_led_elsewhere(id)) return Error::not_coordinator;
  return shards_.serves(log_.partition_of(id));
}

Task<Error> TransactionCoordinator::ready(std::string id) {
  const Error missing = co_await log_.ensure();
  if (missing != Error::none) co_return missing;
  co_return serves(id);
}

TransactionCoordinator::EntryPtr TransactionCoordinator::find(const std::string& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second;
}

TransactionCoordinator::EntryPtr TransactionCoordinator::find_or_make(const std::string& id) {
  if (EntryPtr known = find(id)) return known;
  if (entries_.size() >= ids_max && !make_room()) return nullptr;
  return make(id);
}

TransactionCoordinator::EntryPtr TransactionCoordinator::make(const std::string& id) {
  auto entry = std::make_shared<Entry>();
  entry->id = id;
  entry->partition = log_.partition_of(id);
  entry->epoch = shards_.epoch(entry->partition).value_or(-1);
  return entries_[id] = entry;
}

// Forgets the first that has nothing open. False: all have.
bool TransactionCoordinator::make_room() {
  for (const auto& [at, entry] : due_) {
    if (!entry->state.expires_at(0)) continue;
    asio::co_spawn(loop_, forget(shared_from_this(), entry), asio::detached);
    return true;
  }
  return false;
}

// ---------------------------------------------------------------------------------------------- requests

Task<TransactionCoordinator::Answer> TransactionCoordinator::init(std::string id, std::int32_t timeout_ms,
                                                                  ProducerEpoch given) {
  Answer answer;
  answer.error = co_await ready(id);
  if (id.empty() || id.size() > InternalTopic::id_bytes_max) answer.error = Error::invalid_request;
  if (timeout_ms <= 0 || timeout_ms > config_.transaction_timeout_max.count())
    answer.error = Error::invalid_transaction_timeout;
  if (answer.error != Error::none) co_return answer;
  Decide decide = [given, timeout_ms](const TransactionState& state, ProducerId fresh, Timestamp now) {
    return state.init(given, timeout_ms, fresh, now);
  };
  const Step step = co_await this->step(std::move(id), Unknown::made, Ids::maybe, std::move(decide));
  answer = {step.error, step.producer};
  co_return answer;
}

Task<Error> TransactionCoordinator::add(std::string id, ProducerEpoch who,
                                        std::set<TopicPartition> partitions, ClientVersion version) {
  Decide decide = [who, version, partitions = std::move(partitions)](const TransactionState& state,
                                                                     ProducerId, Timestamp now) {
    return state.add(who, partitions, version, now);
  };
  const Step step = co_await this->step(std::move(id), Unknown::refused, Ids::never, std::move(decide));
  co_return step.error;
}

Task<TransactionCoordinator::Answer> TransactionCoordinator::end(std::string id, ProducerEpoch who,
                                                                 bool commit, ClientVersion version) {
  Decide decide = [who, commit, version](const TransactionState& state, ProducerId fresh, Timestamp now) {
    return state.end(who, commit, version, fresh, now);
  };
  const Step step = co_await this->step(std::move(id), Unknown::refused, Ids::maybe, std::move(decide));
  Answer answer{step.error, step.producer};
  co_return answer;
}

Error TransactionCoordinator::verify(const std::string& id, ProducerEpoch who,
                                     const TopicPartition& partition) const {
  if (const Error error = serves(id); error != Error::none) return error;
  const EntryPtr entry = find(id);
  return entry ? entry->state.verify(who, partition) : Error::invalid_producer_id_mapping;
}

Task<TransactionCoordinator::Addition> TransactionCoordinator::add_by_writing(
    std::string id, ProducerEpoch who, std::set<TopicPartition> partitions) {
  Addition addition;
  addition.error = serves(id);
  addition.entry = find(id);
  if (addition.error == Error::none && !addition.entry) addition.error = Error::invalid_producer_id_mapping;
  if (addition.error != Error::none) co_return addition;
  AsyncMutex::Hold hold = co_await addition.entry->writers.lock();
  addition.hold.emplace(std::move(hold));
  addition.error = co_await add(std::move(id), who, std::move(partitions), ClientVersion::second);
  co_return addition;
}

// ---------------------------------------------------------------------------------------------- steps

// Lets the state decide until it does not say that somebody else's step has to be waited for.
Task<TransactionState::Step> TransactionCoordinator::step(std::string id, Unknown unknown, Ids ids,
                                                          Decide decide) {
  const Time deadline = clock_.now() + patience;
  for (;;) {
    Step step;
    step.error = serves(id);
    if (step.error != Error::none) co_return step;
    EntryPtr entry = find(id);
    if (!entry && unknown == Unknown::made) entry = find_or_make(id);
    if (!entry) {
      const bool full = unknown == Unknown::made;
      step.error = full ? Error::coordinator_not_available : Error::invalid_producer_id_mapping;
      co_return step;
    }
    ProducerId fresh = -1;
    if (ids == Ids::maybe && entry->state.wants_id()) {
      const auto next = co_await ids_.next();
      if (!next) step.error = Error::coordinator_not_available;
      if (!next) co_return step;
      if (find(id) != entry) continue;  // forgotten meanwhile
      fresh = *next;
    }
    step = decide(entry->state, fresh, clock_.wall_ms());
    if (step.next) {
      const Error stored = co_await store(entry, *step.next);
      if (stored != Error::none) step.error = stored;
      if (stored != Error::none) co_return step;
    }
    if (step.error != Error::concurrent_transactions || clock_.now() >= deadline) co_return step;
    if (!entry->state.is_pending() && !entry->state.now().is_preparing()) continue;
    const auto waiter = std::make_shared<Waiter>(loop_, clock_, deadline);
    entry->waiters.add(waiter);
    co_await Waiter::wait(waiter);
  }
}

Task<Error> TransactionCoordinator::write(EntryPtr entry, KeyedRecord record) {
  // Stopped, the log may be gone before what is still under way.
  if (stopped_ || !is_current(*entry)) co_return Error::not_coordinator;
  const std::vector<KeyedRecord> records{std::move(record)};
  WaitGroup append;
  Error error = Error::none;
  append.add();
  log_.append(entry->partition, records, [&append, &error](Error answer) {
    error = answer;
    append.done();
  });
  co_await append.wait();
  if (error == Error::none) co_return error;
  if (error == Error::not_leader_or_follower) co_return Error::not_coordinator;
  spdlog::error("transactional id \"{}\": its state cannot be written (error {})", entry->id,
                static_cast<int>(error));
  co_return Error::coordinator_not_available;
}

Task<Error> TransactionCoordinator::store(EntryPtr entry, Transaction next) {
  KeyedRecord record = record_of(entry->id, next);
  entry->state.begin(std::move(next));
  const Error error = co_await write(entry, std::move(record));
  if (!is_current(*entry))
    co_return Error::not_coordinator;  // whoever is now has it from the log, or has not
  const bool durable = error == Error::none;
  entry->state.pending_written(durable);
  if (!durable && entry->state.now().producer.id < 0) {
    entries_.erase(entry->id);  // it never was
  } else {
    plan(entry, durable ? 0 : clock_.wall_ms() + 1000);
  }
  if (durable && entry->state.now().is_preparing())
    asio::co_spawn(loop_, finish(shared_from_this(), entry), asio::detached);
  entry->waiters.wake_all();
  co_return error;
}

// ---------------------------------------------------------------------------------------------- markers

Task<void> TransactionCoordinator::pause() {
  if (stopped_) co_return;
  const auto waiter = std::make_shared<Waiter>(loop_, clock_, clock_.now() + pause_after_failure);
  pauses_.add(waiter);
  co_await Waiter::wait(waiter);
}

// Until every partition has its marker: there is no way back.
Task<void> TransactionCoordinator::finish(Self self, EntryPtr entry) {
  const auto& partitions = entry->state.now().partitions;
  std::vector<TopicPartition> left(partitions.begin(), partitions.end());
  while (!self->stopped_ && self->is_current(*entry)) {
    left = co_await self->write_markers(entry, std::move(left));
    if (left.empty()) {
      const Step step = entry->state.complete(self->clock_.wall_ms());
      if (!step.next) co_return;  // by now it has been
      const Error stored = co_await self->store(entry, *step.next);
      if (stored == Error::none) co_return;
    }
    co_await self->pause();
  }
}

void TransactionCoordinator::write_marker(const TopicPartition& to, ProducerEpoch producer,
                                          kafka::Marker marker, std::function<void(Error)> done,
                                          MarkerEpoch wanted) {
  const Located located = locate(partitions_, topics_.find(to.topic), to.partition);
  if (!located.leads_here()) return done(located.error());
  const bool has_offsets = to.topic == offsets_topic && offsets_ended_;
  auto written = [self = shared_from_this(), has_offsets, index = to.partition, id = producer.id, marker,
                  done = std::move(done)](Partition::Appended appended) {
    if (has_offsets && appended.error == Error::none) self->offsets_ended_(index, id, marker.commit);
    done(appended.error);
  };
  located.partition->append_marker(producer.id, producer.epoch, marker, std::move(written), wanted);
}

// ---------------------------------------------------------------------------------------------- time

Task<void> TransactionCoordinator::time_out(Self self, EntryPtr entry) {
  const Step step = entry->state.time_out(self->clock_.wall_ms());
  if (!step.next) co_return;
  spdlog::info("transactional id \"{}\": its transaction took more than {} ms and is aborted", entry->id,
               step.next->timeout_ms);
  co_await self->store(entry, *step.next);
}

Task<void> TransactionCoordinator::forget(Self self, EntryPtr entry) {
  Transaction dead = entry->state.now();
  dead.status = Status::dead;
  entry->state.begin(std::move(dead));
  const Error error = co_await self->write(entry, forgotten(entry->id));
  if (!self->is_current(*entry)) co_return;
  if (error == Error::none) {
    self->entries_.erase(entry->id);
  } else {
    entry->state.pending_written(false);
    self->plan(entry, self->clock_.wall_ms() + 1000);
  }
  entry->waiters.wake_all();
}

void TransactionCoordinator::plan(const EntryPtr& entry, Timestamp not_before) {
  if (entry->due) due_.erase({*std::exchange(entry->due, std::nullopt), entry->id});
  const auto out = entry->state.times_out_at();
  const auto at = out ? out : entry->state.expires_at(config_.transactional_id_expiration.count());
  if (!at || stopped_ || !is_current(*entry)) return;
  entry->due = std::max(*at, not_before);
  due_.emplace(std::pair(*entry->due, entry->id), entry);
  set_alarm();
}

// Not set back when what it was set for is over: it then fires once for nothing.
void TransactionCoordinator::set_alarm() {
  if (due_.empty() || stopped_) return;
  const Timestamp left_ms = due_.begin()->first.first - clock_.wall_ms();
  const auto wait = std::chrono::milliseconds(std::clamp<Timestamp>(left_ms, 0, wait_ms_max));
  alarm_->ring_by(clock_.now() + wait, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
}

void TransactionCoordinator::wake() {
  const Timestamp now = clock_.wall_ms();
  while (!due_.empty() && due_.begin()->first.first <= now) {
    const EntryPtr entry = due_.extract(due_.begin()).mapped();
    entry->due.reset();
    const auto expires = entry->state.expires_at(config_.transactional_id_expiration.count());
    if (expires && *expires <= now)
      asio::co_spawn(loop_, forget(shared_from_this(), entry), asio::detached);
    else if (!entry->state.is_pending())
      asio::co_spawn(loop_, time_out(shared_from_this(), entry), asio::detached);
  }
  set_alarm();
}

// ---------------------------------------------------------------------------------------------- loading

void TransactionCoordinator::lead(std::int32_t partition, Epoch epoch) {
  shards_.lead(partition, epoch, log_.empty(partition));
}

void TransactionCoordinator::resign(std::int32_t partition) {
  shards_.resign(partition);
}

// Of each id the newest record counts.
Task<error_code> TransactionCoordinator::load(Self self, std::int32_t partition, Epoch epoch) {
  InternalTopic::GoesOn goes_on = [raw = self.get(), partition, epoch] {
    return !raw->stopped_ && raw->shards_.is_current(partition, epoch);
  };
  std::unordered_map<std::string, Transaction> found;
  InternalTopic::Visit visit = [&found](net::Bytes key, std::optional<net::Bytes> value,
                                        const kafka::BatchHead& head, Offset) {
    auto remembered = head.is_control() ? std::nullopt : read_record(key, value);
    if (!remembered) return;
    if (remembered->transaction)
      found[remembered->id] = std::move(*remembered->transaction);
    else
      found.erase(remembered->id);
  };
  const error_code failed = co_await self->log_.replay(partition, std::move(visit), goes_on);
  if (!goes_on()) co_return make_error_code(storage::Errc::stopped);
  if (failed)
    spdlog::error("{}-{} cannot be read, its transactions are not served: {}", self->log_.name(), partition,
                  failed.message());
  else
    for (auto& [id, transaction] : found) self->loaded(id, std::move(transaction));
  co_return failed;
}

void TransactionCoordinator::forget_partition(std::int32_t partition) {
  std::vector<EntryPtr> gone;
  for (const auto& [id, entry] : entries_)
    if (entry->partition == partition) gone.push_back(entry);
  for (const EntryPtr& entry : gone) {
    if (entry->due) due_.erase({*std::exchange(entry->due, std::nullopt), entry->id});
    entries_.erase(entry->id);
    entry->waiters.wake_all();
  }
}

void TransactionCoordinator::loaded(const std::string& id, Transaction transaction) {
  const EntryPtr entry = make(id);
  entry->state = TransactionState(std::move(transaction));
  plan(entry);
  if (entry->state.now().is_preparing())
    asio::co_spawn(loop_, finish(shared_from_this(), entry), asio::detached);
}

}  // namespace mq::core
