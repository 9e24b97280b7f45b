// SPDX-License-Identifier: Apache-2.0
#include "core/transaction/state.h"

#include <algorithm>
#include <array>

namespace mq::core {

using kafka::Error;
using Status = Transaction::Status;
using Step = TransactionState::Step;

namespace {

constexpr std::array<std::string_view, 8> names{"Empty",        "Ongoing",          "PrepareCommit",
                                                "PrepareAbort", "CompleteCommit",   "CompleteAbort",
                                                "Dead",         "PrepareEpochFence"};

Step refused(Error error) {
  return {error, std::nullopt, {}};
}

Step taken(Transaction next) {
  const ProducerId id = next.next_id >= 0 ? next.next_id : next.producer.id;
  const std::int16_t epoch = next.next_id >= 0 ? std::int16_t{0} : next.producer.epoch;
  return {Error::none, std::move(next), {id, epoch}};
}

Transaction completed(Transaction transaction) {
  const bool commit = transaction.status == Status::prepare_commit;
  transaction.status = commit ? Status::complete_commit : Status::complete_abort;
  transaction.partitions.clear();
  if (transaction.next_id >= 0) {
    transaction.previous_id = transaction.producer.id;
    transaction.producer = {std::exchange(transaction.next_id, -1), 0};
  }
  return transaction;
}

}  // namespace

std::string_view name_of(Status status) {
  const auto index = static_cast<std::size_t>(status);
  return index < names.size() ? names[index] : "Unknown";
}

std::optional<Status> status_of(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Status>(found - names.begin());
}

// Of a second version the epoch before is known: each transaction takes one.
TransactionState::TransactionState(Transaction stored) : now_(std::move(stored)) {
  const bool ended = now_.status != Status::empty && now_.status != Status::ongoing;
  if (now_.client_version < static_cast<std::int16_t>(ClientVersion::second) || !ended) return;
  if (now_.producer.epoch > 0)
    now_.last_epoch = static_cast<std::int16_t>(now_.producer.epoch - 1);
  else if (now_.previous_id >= 0)
    now_.last_epoch = Transaction::epoch_usable_max;
}

void TransactionState::pending_written(bool durable) {
  if (durable) now_ = std::move(*pending_);
  pending_.reset();
}

Error TransactionState::check(ProducerEpoch who) const {
  if (who.id != now_.producer.id) return Error::invalid_producer_id_mapping;
  if (who.epoch != now_.producer.epoch) return Error::producer_fenced;
  return Error::none;
}

// ---------------------------------------------------------------------------------------------- beginning

Step TransactionState::init(ProducerEpoch given, std::int32_t timeout_ms, ProducerId fresh,
                            Timestamp time) const {
  if (pending_) return refused(Error::concurrent_transactions);
  const bool known = now_.producer.epoch >= 0, continues = given.id >= 0;
  const bool was_renewed =
      given.id == now_.previous_id && given.epoch >= Transaction::epoch_usable_max;  // and never heard of it
  if (continues && known && given.id != now_.producer.id && !was_renewed)
    return refused(Error::producer_fenced);
  if (now_.is_preparing()) return refused(Error::concurrent_transactions);
  if (now_.status == Status::ongoing) {
    if (continues && given != now_.producer) return refused(Error::producer_fenced);
    Transaction next = fenced(time);
    next.last_epoch = -1;  // whoever had it is out
    return {Error::concurrent_transactions, std::move(next), {}};
  }
  return continued(given, timeout_ms, fresh, time);
}

Step TransactionState::continued(ProducerEpoch given, std::int32_t timeout_ms, ProducerId fresh,
                                 Timestamp time) const {
  const bool known = now_.producer.epoch >= 0, continues = given.id >= 0;
  const bool is_current = !continues || !known || given.epoch == now_.producer.epoch;
  if (!is_current && given.epoch != now_.last_epoch) return refused(Error::producer_fenced);
  Transaction next = now_;
  next.status = Status::empty;
  next.started = -1;
  next.timeout_ms = timeout_ms;
  next.updated = time;
  if (!is_current) return taken(std::move(next));  // its first try came through
  next.last_epoch = continues ? now_.producer.epoch : std::int16_t{-1};
  if (!known) {
    next.producer = {fresh, 0};
  } else if (now_.is_exhausted()) {
    next.previous_id = now_.producer.id;
    next.producer = {fresh, 0};
  } else {
    next.producer.epoch++;
  }
  return taken(std::move(next));
}

Step TransactionState::add(ProducerEpoch who, const std::set<TopicPartition>& partitions,
                           ClientVersion version, Timestamp time) const {
  if (const Error error = check(who); error != Error::none) return refused(error);
  if (pending_ || now_.is_preparing()) return refused(Error::concurrent_transactions);
  const bool ongoing = now_.status == Status::ongoing;
  const auto& mine = now_.partitions;
  if (ongoing && std::includes(mine.begin(), mine.end(), partitions.begin(), partitions.end())) return {};
  Transaction next = now_;
  next.status = Status::ongoing;
  next.client_version = static_cast<std::int16_t>(version);
  if (!ongoing) next.started = time;
  next.updated = time;
  next.partitions.insert(partitions.begin(), partitions.end());
  return taken(std::move(next));
}

Error TransactionState::verify(ProducerEpoch who, const TopicPartition& partition) const {
  if (const Error error = check(who); error != Error::none) return error;
  if (now_.is_preparing()) return Error::concurrent_transactions;
  if (pending_ && pending_->status != Status::ongoing) return Error::concurrent_transactions;
  if (now_.status == Status::ongoing && now_.partitions.contains(partition)) return Error::none;
  return pending_ ? Error::concurrent_transactions : Error::transaction_abortable;
}

// ---------------------------------------------------------------------------------------------- ending

// Whether its end came through, and with it the epoch after.
bool TransactionState::is_retry(ProducerEpoch who) const {
  if (who.epoch < 0 || who.epoch != now_.last_epoch) return false;
  if (who.id == now_.producer.id) return who.epoch + 1 == now_.producer.epoch;
  return who.id == now_.previous_id && now_.producer.epoch == 0;
}

Step TransactionState::end(ProducerEpoch who, bool commit, ClientVersion version, ProducerId fresh,
                           Timestamp time) const {
  const bool retry = version == ClientVersion::second && is_retry(who);
  if (const Error error = check(who); error != Error::none && !retry) return refused(error);
  if (pending_) return refused(Error::concurrent_transactions);
  if (now_.is_preparing()) {
    if (commit == (now_.status == Status::prepare_commit)) return refused(Error::concurrent_transactions);
    return refused(retry && commit ? Error::transaction_abortable : Error::invalid_txn_state);
  }
  if (now_.status != Status::ongoing) return end_again(commit, retry, version, fresh, time);
  if (retry) return refused(Error::producer_fenced);
  return taken(prepared(commit, version, fresh, time));
}

// Nothing is open: an answer that was lost, or a client of the second version that wrote nothing.
Step TransactionState::end_again(bool commit, bool retry, ClientVersion version, ProducerId fresh,
                                 Timestamp time) const {
  const bool was_commit = now_.status == Status::complete_commit,
             was_abort = now_.status == Status::complete_abort;
  const bool same = commit ? was_commit : was_abort;
  const Step again{Error::none, std::nullopt, now_.producer};
  if (version == ClientVersion::first) return same ? again : refused(Error::invalid_txn_state);
  if (retry && now_.status == Status::empty) return refused(Error::producer_fenced);
  if (retry && commit && was_abort) return refused(Error::transaction_abortable);  // it took too long
  if (retry) return same ? again : refused(Error::invalid_txn_state);
  if (commit) return refused(Error::invalid_txn_state);
  return taken(completed(prepared(false, version, fresh, time)));
}

Transaction TransactionState::prepared(bool commit, ClientVersion version, ProducerId fresh,
                                       Timestamp time) const {
  Transaction next = now_;
  next.status = commit ? Status::prepare_commit : Status::prepare_abort;
  next.client_version = static_cast<std::int16_t>(version);
  next.updated = time;
  if (now_.status != Status::ongoing) next.started = time;
  if (version == ClientVersion::first) return next;
  next.last_epoch = now_.producer.epoch;
  next.producer.epoch++;
  if (now_.is_exhausted()) next.next_id = fresh;
  return next;
}

Transaction TransactionState::fenced(Timestamp time) const {
  Transaction next = now_;
  next.status = Status::prepare_abort;
  next.updated = time;
  next.last_epoch = now_.producer.epoch;
  if (next.producer.epoch < INT16_MAX) next.producer.epoch++;
  return next;
}

// The producer hears of it when it asks with its old epoch; it is not fenced by another one.
Step TransactionState::time_out(Timestamp time) const {
  const auto at = times_out_at();
  if (!at || time < *at) return {};
  return {Error::none, fenced(time), {}};
}

Step TransactionState::complete(Timestamp time) const {
  if (pending_ || !now_.is_preparing()) return refused(Error::concurrent_transactions);
  Transaction next = completed(now_);
  next.updated = time;
  return {Error::none, std::move(next), {}};
}

std::optional<Timestamp> TransactionState::times_out_at() const {
  if (pending_ || now_.status != Status::ongoing) return std::nullopt;
  return now_.started + now_.timeout_ms;
}

std::optional<Timestamp> TransactionState::expires_at(std::int64_t expiration_ms) const {
  if (pending_ || now_.is_preparing() || now_.status == Status::ongoing) return std::nullopt;
  return now_.updated + expiration_ms;
}

}  // namespace mq::core
