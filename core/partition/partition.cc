// SPDX-License-Identifier: Apache-2.0
#include "core/partition/partition.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/error.h"
#include "core/partition/mistakes.h"
#include "storage/error.h"
#include "storage/gather.h"

namespace mq::core {

using kafka::Error;

namespace {

// As long as clients wait for an answer of the leader before, which may stand still until then: what they
// sent to it comes again behind what they have sent here since (librdkafka: socket.timeout.ms, 60 s). The
// leader before may be this broker before it was started again: what was refused then is not known now.
constexpr auto new_leader_for = std::chrono::seconds(75);

storage::Batch to_storage(const net::Slice& batch, const kafka::BatchHead& head, Offset first) {
  return {batch.data, batch.size, first, first + head.last_offset_delta, head.max_timestamp};
}

}  // namespace

Partition::Partition(std::shared_ptr<storage::Log> log, PartitionNumber number, const Clock& clock,
                     Timestamp producer_expiration_ms)
    : log_(std::move(log)),
      number_(number),
      clock_(clock),
      producer_expiration_ms_(producer_expiration_ms),
      next_(log_->end()),
      high_watermark_(log_->start()),
      leader_high_watermark_(log_->start()) {
  producers_.expire_after(producer_expiration_ms_);
}

// ---------------------------------------------------------------------------------------------- role

void Partition::lead(BrokerId self, const PartitionState& state, StateVersion version) {
  leader_epoch_ = state.leader_epoch;
  const Offset end = truncations_.empty() ? next_ : std::min(next_, durable_end());
  replicas_.emplace(self, state, version, Replicas::Log{end, durable_end(), high_watermark_}, clock_.now());
  leads_since_ = clock_.now();
  advance();
}

bool Partition::is_new_leader() const {
  const bool is_first = replicas_->replica_count() == 1 && !was_here_;
  return !is_first && clock_.now() - leads_since_ < new_leader_for;
}

void Partition::follow(Epoch leader_epoch) {
  leader_epoch_ = leader_epoch;
  replicas_.reset();
  leader_high_watermark_ = high_watermark_;
  acknowledgements_.refuse_all(Error::not_leader_or_follower);
  wake_all();
}

void Partition::send_away() {
  acknowledgements_.refuse_all(Error::not_leader_or_follower);
  wake_all();
}

void Partition::learn_high_watermark(Offset high_watermark) {
  leader_high_watermark_ = std::max(leader_high_watermark_, high_watermark);
  advance();
}

// ------------------------------------------------------------------------------------------- appending

Error Partition::refusal(Acks acks) const {
  if (closed_) return Error::unknown_topic_or_partition;
  if (!replicas_) return Error::not_leader_or_follower;
  if (!failed_.empty() || !is_exact_ || !truncations_.empty()) return Error::kafka_storage_error;
  if (acks == Acks::all && replicas_->is_below_min_isr()) return Error::not_enough_replicas;
  return Error::none;
}

void Partition::append(net::Slice batch, const kafka::BatchHead& head, const AppendOptions& options,
                       Done done) {
  if (closed_ || !replicas_) return done({refusal(options.acks), -1, -1});
  Producers::Verdict verdict;
  if (head.producer_id >= 0)
    verdict = producers_.check(head, is_new_leader() ? FirstSequence::zero : options.first_sequence);
  // What was sent before it may have come when another led, and comes again: its producer must neither be
  // told that this one is out of order, nor have it taken as its first.
  const bool follows_refused = verdict.error == Error::out_of_order_sequence_number && is_new_leader();
  if (follows_refused) verdict.error = Error::not_leader_or_follower;
  if (verdict.duplicate) {
    const Producers::Batch& earlier = *verdict.duplicate;
    if (makes(Mistake::answers_duplicates_at_once)) return done({Error::none, earlier.first, earlier.time});
    acknowledgements_.wait(options.acks, earlier.last, {Error::none, earlier.first, earlier.time},
                           std::move(done));
    return acknowledgements_.reached(durable_end(), high_watermark_);
  }
  Error error = verdict.error == Error::none ? refusal(options.acks) : verdict.error;
  const bool is_late = options.verification && !producers_.transactions().open(head.producer_id) &&
                       !producers_.is_verified(head.producer_id, *options.verification);
  if (error == Error::none && is_late) error = Error::invalid_txn_state;
  if (error == Error::kafka_storage_error || error == Error::not_enough_replicas)
    producers_.refused(head, clock_.wall_ms());
  if (error != Error::none) return done({error, -1, -1});
  const Offset first = next_;  // two producers can never get the same offset: nothing suspends in here
  if (head.producer_id >= 0) producers_.appended(head, first, clock_.wall_ms());
  submit(batch, head, first, options.acks, std::move(done));
}

void Partition::append_marker(ProducerId producer, std::int16_t epoch, kafka::Marker marker, Done done,
                              MarkerEpoch wanted) {
  Error error = refusal(Acks::all);
  if (error == Error::none) error = producers_.check_marker(producer, epoch, marker, wanted);
  if (error != Error::none) return done({error, -1, -1});
  const net::Slice batch = kafka::marker_batch(producer, epoch, marker, clock_.wall_ms());
  const auto head = *kafka::BatchHead::parse(batch.bytes());
  const Offset first = next_;
  producers_.ended(head, marker, first, clock_.wall_ms());
  submit(batch, head, first, Acks::all, std::move(done));
}

void Partition::submit(const net::Slice& batch, const kafka::BatchHead& head, Offset first, Acks acks,
                       Done done) {
  next_ = first + head.last_offset_delta + 1;
  kafka::stamp(batch.data.get(), first, leader_epoch_);
  epochs_.seen(leader_epoch_, first);
  const Timestamp time = head.log_append_time() ? head.max_timestamp : -1;
  in_flight_++;
  const auto records = head.is_control() ? 0 : static_cast<std::uint32_t>(head.record_count);
  const Submitted submitted{first, next_ - 1, time, batch.size, acks, leader_epoch_, records};
  log_->append(to_storage(batch, head, first),
               [self = shared_from_this(), submitted, done = std::move(done)](error_code error) {
                 self->written(error, submitted, done);
               });
}

void Partition::written(error_code error, const Submitted& submitted, const Done& done) {
  in_flight_--;
  if (error) failed_.push_back(submitted.first);
  if (!failed_.empty() && in_flight_ == 0) go_on();
  if (error) return done({to_kafka(error), -1, -1});
  appended_bytes_ += submitted.size;
  if (traffic_ && submitted.records > 0) traffic_->came_in(submitted.records, submitted.size);
  const Appended answer{Error::none, submitted.first, submitted.time};
  advance();
  wake_readers();
  const bool still_leads = replicas_ && leader_epoch_ == submitted.leader_epoch;
  if (!still_leads)
    done({Error::not_leader_or_follower, -1, -1});
  else if (submitted.acks == Acks::leader || submitted.last < high_watermark_)
    done(answer);
  else
    acknowledgements_.wait(submitted.acks, submitted.last, answer, done);
  tell_grown();
}

// ------------------------------------------------------------------------------------------- replicating

void Partition::replicate(const net::Slice& batches, std::function<void(error_code)> done) {
  if (closed_ || replicas_) return done(kafka::make_error_code(Error::not_leader_or_follower));
  if (!failed_.empty() || !is_exact_ || !truncations_.empty())
    return done(kafka::make_error_code(Error::kafka_storage_error));
  struct One {
    net::Bytes bytes;
    kafka::BatchHead head;
  };
  std::vector<One> all;
  Offset next = next_;
  // The leader's log may begin within a batch, and then so does an empty one here.
  const bool is_empty = next_ == start() && in_flight_ == 0 && !makes(Mistake::refuses_batch_across_start);
  Epoch epoch = epochs_.last();
  net::Bytes rest = batches.bytes();
  while (const auto bytes = kafka::next_batch(rest)) {
    const auto head = kafka::BatchHead::parse(*bytes);
    const bool good = kafka::check_batch(*bytes, head) == Error::none && head->last_offset_delta >= 0 &&
                      head->partition_leader_epoch >= epoch && (all.empty() || head->base_offset >= next);
    if (!good) return done(kafka::make_error_code(Error::corrupt_message));
    const bool spans_start = all.empty() && is_empty && head->last_offset() >= next;
    if (head->base_offset < next && !spans_start)
      return done(kafka::make_error_code(Error::offset_out_of_range));
    next = head->last_offset() + 1;
    epoch = head->partition_leader_epoch;
    all.push_back({*bytes, *head});
  }
  if (all.empty()) return done({});
  if (makes(Mistake::counts_what_is_not_durable)) std::exchange(done, [](error_code) {})({});
  const Timestamp now = clock_.wall_ms();
  const auto left = std::make_shared<std::pair<std::size_t, error_code>>(all.size(), error_code{});
  for (const auto& [bytes, head] : all) {
    apply_batch(producers_, epochs_, number_, head, bytes, now);
    next_ = head.last_offset() + 1;
    in_flight_++;
    const auto at = static_cast<std::size_t>(bytes.data() - batches.bytes().data());
    const net::Slice batch = batches.part(at, bytes.size());
    log_->append(to_storage(batch, head, head.base_offset),
                 [self = shared_from_this(), first = head.base_offset, size = batch.size, left,
                  done](error_code error) {
                   if (!error) self->appended_bytes_ += size;
                   if (error && !left->second) left->second = error;
                   self->replicated(error, first);
                   if (--left->first == 0) done(left->second);
                 });
  }
}

void Partition::replicated(error_code error, Offset first) {
  in_flight_--;
  if (error) failed_.push_back(first);
  if (!failed_.empty() && in_flight_ == 0) go_on();
  if (error) return;
  advance();
  wake_readers();
  tell_grown();
}

Offset Partition::end() const {
  return makes(Mistake::counts_what_is_not_durable) && !leads() ? next_ : durable_end();
}

Offset Partition::durable_end() const {
  return is_truncating() ? std::min(*truncations_.begin(), log_->end()) : log_->end();
}

bool Partition::is_truncating() const {
  return !truncations_.empty() && !makes(Mistake::leads_what_it_truncates);
}

std::optional<Offset> Partition::first_lost() const {
  const bool is_behind = epochs_.last() < leader_epoch_ && high_watermark_ < durable_end();
  if (is_behind && makes(Mistake::truncates_to_high_watermark)) return high_watermark_;
  return log_->first_lost();
}

Task<error_code> Partition::truncate(Offset end) {
  const auto self = shared_from_this();
  const auto under_way = truncations_.insert(end);  // what was appended meanwhile would lie behind a gap
  const error_code error = co_await log_->truncate(end);
  truncations_.erase(under_way);
  if (error) {
    advance();
    co_return error;
  }
  next_ = log_->end();
  is_exact_ = producers_.truncate(next_) && is_exact_;
  epochs_.truncate(next_);
  high_watermark_ = std::min(high_watermark_, next_);
  leader_high_watermark_ = std::min(leader_high_watermark_, next_);
  if (replicas_)  // it was elected meanwhile
    change_replicas([this](Replicas& replicas) {
      replicas.truncated(next_);
      return true;
    });
  if (!is_exact_) co_return co_await rebuild();
  co_return error_code{};
}

// -------------------------------------------------------------------------------------- what is committed

// The log knows where it ends. What failed does not lie before that, if the log keeps its contract; if not,
// at least nobody is told that it does.
void Partition::go_on() {
  next_ = log_->end();
  if (replicas_) {
    producers_.failed(next_, clock_.wall_ms());
    change_replicas([this](Replicas& replicas) {
      replicas.truncated(next_);
      return true;
    });
  } else {
    is_exact_ = producers_.truncate(next_) && is_exact_;
  }
  epochs_.truncate(next_);
  for (const Offset first : failed_)
    if (first < next_) {
      spdlog::critical("partition {}: the log took what was behind a batch that it refused, at offset {}",
                       number_, first);
      producers_.lost(first);
    }
  failed_.clear();
  acknowledgements_.lost(next_, Error::kafka_storage_error);
}

void Partition::advance_high_watermark() {
  if (replicas_) {
    replicas_->flushed(durable_end(), clock_.now());
    high_watermark_ = std::max(high_watermark_, replicas_->high_watermark());
  } else {
    high_watermark_ = std::max(high_watermark_, std::min(leader_high_watermark_, durable_end()));
  }
}

// Whatever may have moved the end or the high watermark: whoever waits for that is told. A marker holds from
// when it is committed.
void Partition::advance() {
  const Offset before = high_watermark_;
  advance_high_watermark();
  producers_.advance(high_watermark_, durable_end());
  if (!acknowledgements_.empty()) {
    acknowledgements_.reached(durable_end(), high_watermark_);
    if (replicas_ && replicas_->is_below_min_isr())
      acknowledgements_.refuse_uncommitted(Error::not_enough_replicas_after_append);
  }
  if (high_watermark_ != before) wake_readers();
  if (last_stable_offset() == stable_) return;
  stable_ = last_stable_offset();
  stable_waiters_.wake_all();
}

void Partition::wake_readers() {
  waiters_.wake_all();
  std::erase_if(observers_, [this](const std::weak_ptr<Observer>& observer) {
    const auto alive = observer.lock();
    if (alive) alive->changed(number_);
    return !alive;
  });
}

void Partition::wake_all() {
  wake_readers();
  stable_waiters_.wake_all();
}

// --------------------------------------------------------------------------------------------- recovering

void Partition::recover(PartitionSnapshot recovered) {
  epochs_ = std::move(recovered.epochs);
  epochs_.trim(start());
  producers_ = std::move(recovered.producers);
  producers_.expire_after(producer_expiration_ms_);
  producers_.trim(start());
  is_exact_ = recovered.is_exact;
  had_snapshot_ = true;
  high_watermark_ = std::max(high_watermark_, std::min(recovered.high_watermark, log_->end()));
  advance();
}

Task<error_code> Partition::rebuild() {
  const auto self = shared_from_this();
  is_exact_ = false;
  PartitionSnapshot anew;
  Walk heads;
  heads.visit = [this, &anew, now = clock_.wall_ms()](net::Bytes batch) {
    apply_batch(anew.producers, anew.epochs, number_, *kafka::BatchHead::parse(batch), batch, now);
    anew.producers.advance(high_watermark_, log_->end());
  };
  if (const error_code error = co_await walk(std::move(heads))) co_return error;
  recover(std::move(anew));
  is_exact_ = true;
  co_return error_code{};
}

Task<error_code> Partition::walk(Walk walk) {
  constexpr std::size_t piece_bytes = 1u << 20;
  const auto self = shared_from_this();
  const Executor loop = co_await asio::this_coro::executor;
  const Offset end = durable_end();
  for (Offset at = start(); at < end; co_await asio::post(loop, use)) {
    const auto read = co_await log_->read(at, piece_bytes, end);
    if (walk.goes_on && !walk.goes_on()) co_return storage::Errc::stopped;
    if (!read && read.error() != storage::Errc::corrupt && at >= start()) co_return read.error();
    if (!read) {
      if (walk.lost && at >= start()) walk.lost(at);
      at = std::max({at + 1, start(), log_->readable_from(at)});
      continue;
    }
    if (read->size == 0) break;  // it ends in a gap
    const auto bytes = storage::gather(*read);
    if (!bytes) co_return bytes.error();
    net::Bytes rest = *bytes;
    while (const auto batch = kafka::next_batch(rest)) walk.visit(*batch);
    at = read->next;
  }
  co_return error_code{};
}

void Partition::when_appended(std::uint64_t bytes, Grown grown) {
  grown_above_ = bytes;
  grown_ = std::move(grown);
  tell_grown();
}

void Partition::tell_grown() {
  if (!grown_ || appended_bytes_ <= grown_above_) return;
  const auto tell = std::exchange(grown_, nullptr);
  tell(number_);
}

// A follower of a leader whose log begins behind the end of this one knows nothing of what lies between:
// neither who produced there, nor which transactions were ended. What it had may be of a later epoch than
// what the leader has there, when that was elected without it.
Task<error_code> Partition::trim(Offset start) {
  const bool skips = start > next_ && !makes(Mistake::keeps_skipped_transactions);
  const error_code error = co_await log_->trim(start);
  if (error) co_return error;
  next_ = std::max(next_, log_->end());  // past what was the end
  high_watermark_ = std::max(high_watermark_, log_->start());
  if (skips) {
    producers_ = Producers();
    producers_.expire_after(producer_expiration_ms_);
    epochs_ = Epochs();
  }
  producers_.trim(log_->start());
  epochs_.trim(log_->start());
  wake_all();
  co_return error;
}

std::string Partition::snapshot() {
  const bool is_nothing = producers_.empty() && epochs_.is_trivial() && is_exact_;
  if (is_nothing && !had_snapshot_) return {};
  had_snapshot_ = true;
  PartitionSnapshot snapshot{producers_, epochs_, log_->end(), high_watermark_, is_exact_};
  snapshot.producers.truncate(snapshot.covers);
  snapshot.epochs.truncate(snapshot.covers);
  return to_bytes(snapshot);
}

void Partition::close() {
  closed_ = true;
  acknowledgements_.refuse_all(Error::unknown_topic_or_partition);
  wake_all();
}

}  // namespace mq::core
