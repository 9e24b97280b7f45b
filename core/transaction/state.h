// SPDX-License-Identifier: Apache-2.0
// One transactional id: where its transaction stands, which producer may go on with it, what comes next.
// Pure: no I/O, no clock, no threads. Every rule of transactions is here (KIP-98, KIP-360, KIP-447, KIP-890).
#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "core/partition/transactions.h"
#include "core/types.h"
#include "net/kafka/error.h"

namespace mq::core {

// A producer as it names itself.
struct ProducerEpoch {
  ProducerId id = -1;
  std::int16_t epoch = -1;
  bool operator==(const ProducerEpoch&) const = default;
};

// What is remembered of a transactional id, on disk before it counts.
struct Transaction {
  enum class Status : std::int8_t {  // numbers as Kafka stores them
    empty,
    ongoing,
    prepare_commit,
    prepare_abort,
    complete_commit,
    complete_abort,
    dead,
    prepare_epoch_fence,
  };
  ProducerEpoch producer;
  ProducerId previous_id = -1;   // before its epochs were used up
  ProducerId next_id = -1;       // once this transaction is complete
  std::int16_t last_epoch = -1;  // that may still ask again what it asked before; not stored
  std::int16_t client_version = 0;
  Status status = Status::empty;
  std::int32_t timeout_ms = 0;
  std::set<TopicPartition> partitions;
  Timestamp started = -1, updated = -1;  // of the transaction that is open, or was the last; of anything
  bool operator==(const Transaction&) const = default;

  bool is_preparing() const { return status == Status::prepare_commit || status == Status::prepare_abort; }
  bool is_exhausted() const { return producer.epoch >= epoch_usable_max; }
  static constexpr std::int16_t epoch_usable_max = INT16_MAX - 1;  // one more is left to fence with
};

std::string_view name_of(Transaction::Status status);  // "PrepareCommit"
std::optional<Transaction::Status> status_of(std::string_view name);

// Clients of the second version get a new epoch with every transaction and add partitions by writing to them.
enum class ClientVersion : std::int16_t { first = 0, second = 2 };

class TransactionState {
 public:
  // What is to be done. With `next`: `error` and `producer` are the answer once that is durable.
  struct Step {
    kafka::Error error = kafka::Error::none;
    std::optional<Transaction> next;
    ProducerEpoch producer;  // to go on with
  };

  TransactionState() = default;
  explicit TransactionState(Transaction stored);  // as it was replayed

  const Transaction& now() const { return now_; }
  // Whether the next step may need an id that nobody had, `fresh`.
  bool wants_id() const { return now_.producer.id < 0 || now_.is_exhausted(); }

  // Somebody begins to use the transactional id. `given`: what a producer that goes on had; {} is a new one,
  // which fences all others.
  Step init(ProducerEpoch given, std::int32_t timeout_ms, ProducerId fresh, Timestamp time) const;
  Step add(ProducerEpoch who, const std::set<TopicPartition>& partitions, ClientVersion version,
           Timestamp time) const;
  kafka::Error verify(ProducerEpoch who, const TopicPartition& partition) const;
  Step end(ProducerEpoch who, bool commit, ClientVersion version, ProducerId fresh, Timestamp time) const;
  Step time_out(Timestamp time) const;  // nothing to do unless it is due
  Step complete(Timestamp time) const;  // every partition has its marker

  std::optional<Timestamp> times_out_at() const;
  std::optional<Timestamp> expires_at(std::int64_t expiration_ms) const;  // when an unused id is forgotten

  // A step is on its way to the disk: whoever else comes is told to ask again.
  void begin(Transaction next) { pending_ = std::move(next); }
  void pending_written(bool durable);
  bool is_pending() const { return pending_.has_value(); }

 private:
  kafka::Error check(ProducerEpoch who) const;
  bool is_retry(ProducerEpoch who) const;
  Step continued(ProducerEpoch given, std::int32_t timeout_ms, ProducerId fresh, Timestamp time) const;
  Step end_again(bool commit, bool retry, ClientVersion version, ProducerId fresh, Timestamp time) const;
  Transaction prepared(bool commit, ClientVersion version, ProducerId fresh, Timestamp time) const;
  Transaction fenced(Timestamp time) const;

  Transaction now_;
  std::optional<Transaction> pending_;
};

}  // namespace mq::core
