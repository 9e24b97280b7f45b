// SPDX-License-Identifier: Apache-2.0
#include "core/partition/partition.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "core/error.h"
#include "core/loop/run_on.h"
#include "storage/error.h"
#include "storage/gather.h"

namespace mq::core {

using kafka::Error;

namespace {

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
      next_(log_->end()) {
  producers_.expire_after(producer_expiration_ms_);
}

Error Partition::refusal() const {
  if (closed_) return Error::unknown_topic_or_partition;
  if (!failed_.empty()) return Error::kafka_storage_error;
  return Error::none;
}

void Partition::append(net::Slice batch, std::function<void(Appended)> done, FirstSequence first_sequence) {
  if (closed_) return done({refusal(), -1, -1});
  const auto head = kafka::BatchHead::parse(batch.bytes());
  if (!head) return done({Error::corrupt_message, -1, -1});
  const auto verdict =
      head->producer_id >= 0 ? producers_.check(*head, first_sequence) : Producers::Verdict{};
  if (verdict.duplicate) return answer_when_durable(*verdict.duplicate, std::move(done));
  const Error error = verdict.error == Error::none ? refusal() : verdict.error;
  if (error == Error::kafka_storage_error) producers_.refused(*head, clock_.wall_ms());
  if (error != Error::none) return done({error, -1, -1});
  const Offset first = next_;  // two producers can never get the same offset: nothing suspends in here
  if (head->producer_id >= 0) producers_.appended(*head, first, clock_.wall_ms());
  submit(batch, *head, first, std::move(done));
}

void Partition::append_marker(ProducerId producer, std::int16_t epoch, kafka::Marker marker,
                              std::function<void(Appended)> done, MarkerEpoch wanted) {
  Error error = refusal();
  if (error == Error::none) error = producers_.check_marker(producer, epoch, marker, wanted);
  if (error != Error::none) return done({error, -1, -1});
  const net::Slice batch = kafka::marker_batch(producer, epoch, marker, clock_.wall_ms());
  const auto head = *kafka::BatchHead::parse(batch.bytes());
  const Offset first = next_;
  producers_.ended(head, marker, first, clock_.wall_ms());
  submit(batch, head, first, std::move(done));
}

void Partition::submit(const net::Slice& batch, const kafka::BatchHead& head, Offset first,
                       std::function<void(Appended)> done) {
  next_ = first + head.last_offset_delta + 1;
  kafka::stamp(batch.data.get(), first, leader_epoch_);
  epochs_.seen(leader_epoch_, first);
  const Timestamp time = head.log_append_time() ? head.max_timestamp : -1;
  in_flight_++;
  log_->append(to_storage(batch, head, first), [self = shared_from_this(), first, time, size = batch.size,
                                                done = std::move(done)](error_code error) {
    if (!error) self->appended_bytes_ += size;
    self->appended(error, first, time, done);
  });
}

void Partition::appended(error_code error, Offset first, Timestamp time,
                         const std::function<void(Appended)>& done) {
  in_flight_--;
  if (error) failed_.push_back(first);
  if (!failed_.empty() && in_flight_ == 0) go_on();
  if (error) {
    done({to_kafka(error), -1, -1});
  } else {
    advance();
    done({Error::none, first, time});
    waiters_.wake_all();
    tell_grown();
  }
  answer_duplicates();
}

// The log knows where it ends. What failed does not lie before that, if the log keeps its contract; if not,
// at least nobody is told that it does.
void Partition::go_on() {
  next_ = log_->end();
  producers_.truncate(next_);
  epochs_.truncate(next_);
  for (const Offset first : failed_)
    if (first < next_) {
      spdlog::critical("partition {}: the log took what was behind a batch that it refused, at offset {}",
                       number_, first);
      producers_.lost(first);
    }
  failed_.clear();
}

// A marker holds from when it is durable.
void Partition::advance() {
  producers_.advance(log_->end());
  if (last_stable_offset() == stable_) return;
  stable_ = last_stable_offset();
  stable_waiters_.wake_all();
}

void Partition::recover(Producers producers, Epochs epochs) {
  epochs_ = std::move(epochs);
  epochs_.trim(start());
  producers_ = std::move(producers);
  producers_.expire_after(producer_expiration_ms_);
  producers_.trim(start());
  advance();
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

void Partition::answer_when_durable(const Producers::Batch& batch, std::function<void(Appended)> done) {
  if (batch.last < log_->end()) return done({Error::none, batch.first, batch.time});
  duplicates_.push_back({batch, std::move(done)});
}

void Partition::answer_duplicates() {
  if (duplicates_.empty()) return;
  const bool all = in_flight_ == 0;  // whatever is not durable now never will be
  for (Duplicate& duplicate : std::exchange(duplicates_, {})) {
    if (duplicate.batch.last < log_->end())
      duplicate.done({Error::none, duplicate.batch.first, duplicate.batch.time});
    else if (all)
      duplicate.done({Error::kafka_storage_error, -1, -1});
    else
      duplicates_.push_back(std::move(duplicate));
  }
}

Task<error_code> Partition::trim(Offset start) {
  const error_code error = co_await log_->trim(start);
  if (error) co_return error;
  producers_.trim(log_->start());
  epochs_.trim(log_->start());
  waiters_.wake_all();
  stable_waiters_.wake_all();
  co_return error;
}

namespace {

error_code read_error(const kafka::RecordReader& records) {
  return records.error() ? error_code(kafka::make_error_code(Error::corrupt_message)) : error_code{};
}

// Nothing is found where the batch's header claims a larger time than any record has that was not trimmed.
Result<Partition::At> first_reaching(kafka::RecordReader& records, Offset start, Timestamp timestamp) {
  while (const kafka::Record* record = records.next())
    if (record->offset >= start && record->timestamp >= timestamp)
      return Partition::At{record->offset, record->timestamp};
  if (const error_code error = read_error(records)) return error;
  return Partition::At{};
}

Result<Partition::At> first_largest(kafka::RecordReader& records, Offset start) {
  Partition::At largest;
  while (const kafka::Record* record = records.next())
    if (record->offset >= start && record->timestamp > largest.time)
      largest = {record->offset, record->timestamp};
  if (const error_code error = read_error(records)) return error;
  return largest;
}

}  // namespace

Task<Result<Partition::At>> Partition::at_time(Timestamp timestamp, asio::any_io_executor workers) {
  const auto base = co_await log_->at_time(timestamp);
  if (!base) co_return base.error();
  Look look = [timestamp](kafka::RecordReader& records, Offset start) {
    return first_reaching(records, start, timestamp);
  };
  co_return co_await look_into(*base, std::move(look), workers);
}

Task<Result<Partition::At>> Partition::at_time_max(asio::any_io_executor workers) {
  const auto base = co_await log_->at_time_max();
  if (!base) co_return base.error();
  co_return co_await look_into(*base, first_largest, workers);
}

Task<Result<Partition::At>> Partition::look_into(Offset base, Look look, asio::any_io_executor workers) {
  if (base >= end()) co_return At{};
  auto read = co_await log_->read(base, 1);
  if (!read) co_return read.error();
  if (read->size == 0) co_return At{};
  auto work = [read = std::move(*read), start = start(), look = std::move(look)]() -> Result<At> {
    const auto bytes = storage::gather(read);
    if (!bytes) return bytes.error();
    kafka::RecordReader records(*bytes);
    return look(records, start);
  };
  co_return co_await run_on(workers, std::move(work));
}

std::string Partition::snapshot() const {
  if (producers_.empty() && epochs_.is_trivial()) return {};
  Producers producers = producers_;
  producers.truncate(log_->end());
  producers.advance(log_->end());
  Epochs epochs = epochs_;
  epochs.truncate(log_->end());
  return producers.snapshot(log_->end(), epochs);
}

void Partition::close() {
  closed_ = true;
  waiters_.wake_all();
  stable_waiters_.wake_all();
}

}  // namespace mq::core
