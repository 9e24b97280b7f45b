// SPDX-License-Identifier: Apache-2.0
// Who produced what to one partition, as far as telling a duplicate from a gap needs it (KIP-98, KIP-360),
// and in which transaction. Pure: no I/O, no clock, no threads. Every rule of idempotence is here.
#pragma once

#include <boost/container/deque.hpp>
#include <boost/container/static_vector.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/partition/transactions.h"
#include "net/kafka/control_batch.h"
#include "net/kafka/error.h"

namespace mq::core {

// What the first batch of a producer that is not known must be numbered.
enum class FirstSequence { any, zero };
// What epoch a marker must carry: that of the transaction it ends, or (KIP-890's second version) a later one.
enum class MarkerEpoch { of_transaction, later };

class Producers {
 public:
  static constexpr std::size_t batches_max = 5;          // clients keep at most five in flight
  static constexpr std::size_t producers_max = 100'000;  // then the one silent for longest is forgotten

  static constexpr std::size_t uncommitted_max = 4096;  // changes that can be undone, of what is durable

  static constexpr Timestamp expiration_ms = 24 * 3'600'000;  // unless it is set

  struct Batch {
    std::int32_t first_sequence = 0, last_sequence = 0;
    Offset first = 0, last = 0;
    Timestamp time = -1;  // what an acknowledgement of it said
    bool operator==(const Batch&) const = default;
  };
  struct Producer {
    std::int16_t epoch = -1;
    Timestamp seen = 0;  // the broker's clock at its last batch, never the record's
    boost::container::static_vector<Batch, batches_max> batches;  // the newest, oldest first; of this epoch
    std::int32_t resumes_at = 0;                // with this sequence, when no batch is known
    std::optional<std::int32_t> refused_until;  // what we refused or lost of it ends before this sequence
    std::int32_t coordinator_epoch = -1;        // of its newest marker
    bool operator==(const Producer&) const = default;
  };
  struct Verdict {
    kafka::Error error = kafka::Error::none;
    std::optional<Batch> duplicate;  // it is in the log already: answer this
  };

  // Judges a batch with a producer id against all that was appended before it, durable or not. What a
  // coordinator writes for a producer has no sequence. `kafka_storage_error`: the batch is in order, but
  // follows one that we refused and that has not come again; `out_of_order_sequence_number` is the producer's
  // own mistake.
  Verdict check(const kafka::BatchHead& head, FirstSequence first = FirstSequence::any) const;
  // Whether a transaction may be ended so: the newest coordinator, an epoch that is not older. A later one is
  // demanded only while a transaction is open; otherwise it is the same marker once more.
  kafka::Error check_marker(ProducerId producer, std::int16_t epoch, const kafka::Marker& marker,
                            MarkerEpoch wanted = MarkerEpoch::of_transaction) const;

  // Transaction verification (KIP-890): whoever is about to write the first batch of a transaction asks its
  // coordinator, and a marker that comes in between ends what was asked for. Several may ask at a time.
  using Verification = std::uint64_t;
  Verification begin_verification(ProducerId producer);
  bool is_verified(ProducerId producer, Verification verification) const;
  void end_verification(ProducerId producer) { verifying_.erase(producer); }  // it may not

  // The batch got `first` in the log. Called before it is durable, and at recovery for what is. Now and then,
  // when somebody new comes, those silent for too long are forgotten: no timer has to.
  void appended(const kafka::BatchHead& head, Offset first, Timestamp now);
  void ended(const kafka::BatchHead& head, const kafka::Marker& marker, Offset offset, Timestamp now);
  // The log takes nothing now: the batch, which was in order, has to come again before what was sent behind
  // it.
  void refused(const kafka::BatchHead& head, Timestamp now);
  // Everything before `high_watermark` is committed and will not be undone. Whether a transaction is over by
  // that. Of what is not, but is durable up to `durable_end`, the newest uncommitted_max changes are kept.
  bool advance(Offset high_watermark, Offset durable_end);
  // Batches that reached `end` are not in the log any more, because they never were committed: as if they had
  // never come. False: what was before them is not known apart, because some were committed or there were too
  // many; all of this has to be read from the log anew.
  bool truncate(Offset end);
  // The same because the log could not write them: each producer goes on with the first batch that it lost,
  // which what it sent behind must not overtake.
  void failed(Offset end, Timestamp now);
  // The batch that was to lie at `first` does not, although there is something behind it.
  void lost(Offset first);
  void trim(Offset start) { transactions_.trim(start); }
  void expire_after(Timestamp silent_ms) { expiration_ms_ = silent_ms; }
  void expire(Timestamp seen_before);  // not those with an open transaction

  bool empty() const { return producers_.empty() && transactions_.empty(); }
  std::size_t size() const { return producers_.size(); }
  const std::unordered_map<ProducerId, Producer>& all() const { return producers_; }
  const Transactions& transactions() const { return transactions_; }

  // Nothing before `first` can be undone any more. For who has many to keep an eye on.
  void forget_undo_before(Offset first);

 private:
  friend class StoredPartition;  // snapshot.cc: as bytes and back

  // What one batch changed: a producer as it was before it.
  struct Undo {
    Offset first = 0, last = 0;
    ProducerId producer = -1;
    std::optional<Producer> before;  // nothing: it was not known
    // For a producer's own batch, what it was numbered.
    std::int16_t epoch = -1;
    std::int32_t sequence = -1, next_sequence = -1;
    bool operator==(const Undo&) const = default;
  };

  void make_room(Timestamp now);
  Producer& find_or_add(ProducerId id, std::int16_t epoch, Timestamp now);
  void note_undo(const kafka::BatchHead& head, Offset first);
  void refused(ProducerId id, std::int16_t epoch, std::int32_t sequence, std::int32_t next_sequence,
               Timestamp now);
  static std::int32_t expected(const Producer& producer);
  Timestamp expiration_ms_ = expiration_ms;
  std::size_t sweep_at_ = 64;
  std::unordered_map<ProducerId, Producer> producers_;
  Transactions transactions_;
  Verification verifications_ = 0;
  std::unordered_map<ProducerId, Verification> verifying_;  // until a marker, or the first batch
  boost::container::deque<Undo> undo_;                      // oldest first; costs nothing while it is empty
  Offset undoable_from_ = 0;  // of batches that reached this or more, all is in undo_
};

// Sequences count records, wrap from 2^31 - 1 to 0 and are never negative.
std::int32_t sequence_after(std::int32_t sequence, std::int32_t records);
// How many records lie between them, were `to` ahead of `from`.
std::int32_t sequences_between(std::int32_t from, std::int32_t to);

}  // namespace mq::core
