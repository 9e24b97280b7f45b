// SPDX-License-Identifier: Apache-2.0
#include "core/partition/producers.h"

#include <algorithm>

#include "core/partition/mistakes.h"

namespace mq::core {

using kafka::Error;

std::int32_t sequence_after(std::int32_t sequence, std::int32_t records) {
  return static_cast<std::int32_t>((std::int64_t{sequence} + records) & 0x7fffffff);
}

std::int32_t sequences_between(std::int32_t from, std::int32_t to) {
  return static_cast<std::int32_t>((std::int64_t{to} - from) & 0x7fffffff);
}

std::int32_t Producers::expected(const Producer& producer) {
  return producer.batches.empty() ? producer.resumes_at
                                  : sequence_after(producer.batches.back().last_sequence, 1);
}

Producers::Verdict Producers::check(const kafka::BatchHead& head, FirstSequence first) const {
  const auto found = producers_.find(head.producer_id);
  if (!head.is_transactional() && transactions_.open(head.producer_id)) return {Error::invalid_txn_state, {}};
  if (found == producers_.end()) {  // forgotten or new: any sequence may be its first here
    if (first == FirstSequence::zero && head.base_sequence > 0)
      return {Error::out_of_order_sequence_number, {}};
    return {};
  }
  const Producer& producer = found->second;
  if (head.producer_epoch < producer.epoch) return {Error::invalid_producer_epoch, {}};
  if (head.base_sequence < 0) return {};  // a coordinator's
  if (head.producer_epoch > producer.epoch) {
    if (head.base_sequence != 0) return {Error::out_of_order_sequence_number, {}};
    return {};
  }
  const std::int32_t last = sequence_after(head.base_sequence, head.last_offset_delta);
  for (const Batch& batch : producer.batches)
    if (batch.first_sequence == head.base_sequence && batch.last_sequence == last)
      return {Error::none, batch};
  const std::int32_t next = expected(producer);
  if (head.base_sequence == next) return {};
  const bool follows_refused = producer.refused_until && sequences_between(next, head.base_sequence) <=
                                                             sequences_between(next, *producer.refused_until);
  return {follows_refused ? Error::kafka_storage_error : Error::out_of_order_sequence_number, {}};
}

Error Producers::check_marker(ProducerId id, std::int16_t epoch, const kafka::Marker& marker,
                              MarkerEpoch wanted) const {
  if (id < 0) return Error::invalid_producer_id_mapping;
  if (epoch < 0) return Error::invalid_producer_epoch;
  const auto found = producers_.find(id);
  if (found == producers_.end()) return Error::none;
  if (marker.coordinator_epoch < found->second.coordinator_epoch && !makes(Mistake::takes_any_coordinator))
    return Error::transaction_coordinator_fenced;
  // One of this epoch ended the transaction before: what is open by now is the next one.
  const bool is_late = wanted == MarkerEpoch::later && epoch == found->second.epoch && transactions_.open(id);
  return is_late || epoch < found->second.epoch ? Error::invalid_producer_epoch : Error::none;
}

Producers::Producer& Producers::find_or_add(ProducerId id, std::int16_t epoch, Timestamp now) {
  if (!producers_.contains(id)) make_room(now);
  Producer& producer = producers_[id];
  if (producer.epoch != epoch) {
    producer.batches.clear();
    producer.resumes_at = 0;
    producer.refused_until.reset();
  }
  producer.epoch = epoch;
  producer.seen = now;
  return producer;
}

void Producers::note_undo(const kafka::BatchHead& head, Offset first) {
  Undo& undo = undo_.emplace_back();
  undo.first = first;
  undo.last = first + head.last_offset_delta;
  undo.producer = head.producer_id;
  if (const auto known = producers_.find(head.producer_id); known != producers_.end())
    undo.before = known->second;
  if (head.base_sequence < 0) return;
  undo.epoch = head.producer_epoch;
  undo.sequence = head.base_sequence;
  undo.next_sequence = sequence_after(head.base_sequence, head.last_offset_delta + 1);
}

Producers::Verification Producers::begin_verification(ProducerId producer) {
  return verifying_.try_emplace(producer, verifications_ + 1).second ? ++verifications_
                                                                     : verifying_.at(producer);
}

bool Producers::is_verified(ProducerId producer, Verification verification) const {
  const auto found = verifying_.find(producer);
  return found != verifying_.end() && found->second == verification;
}

void Producers::appended(const kafka::BatchHead& head, Offset first, Timestamp now) {
  note_undo(head, first);
  verifying_.erase(head.producer_id);
  Producer& producer = find_or_add(head.producer_id, head.producer_epoch, now);
  if (head.is_transactional()) transactions_.begin(head.producer_id, first);
  if (head.base_sequence < 0) return;
  const std::int32_t last = sequence_after(head.base_sequence, head.last_offset_delta);
  const Timestamp time = head.log_append_time() ? head.max_timestamp : -1;
  if (producer.batches.size() == batches_max) producer.batches.erase(producer.batches.begin());
  producer.batches.push_back({head.base_sequence, last, first, first + head.last_offset_delta, time});
  const bool all_came_again =
      producer.refused_until &&
      sequences_between(head.base_sequence, *producer.refused_until) <= head.last_offset_delta + 1;
  if (all_came_again) producer.refused_until.reset();
}

void Producers::refused(const kafka::BatchHead& head, Timestamp now) {
  if (head.producer_id < 0 || head.base_sequence < 0) return;
  refused(head.producer_id, head.producer_epoch, head.base_sequence,
          sequence_after(head.base_sequence, head.last_offset_delta + 1), now);
}

void Producers::refused(ProducerId id, std::int16_t epoch, std::int32_t sequence, std::int32_t next_sequence,
                        Timestamp now) {
  const bool is_new = !producers_.contains(id);
  Producer& producer = find_or_add(id, epoch, now);
  if (is_new) producer.resumes_at = sequence;
  const std::int32_t next = expected(producer);
  if (!producer.refused_until ||
      sequences_between(next, *producer.refused_until) < sequences_between(next, next_sequence))
    producer.refused_until = next_sequence;
}

void Producers::ended(const kafka::BatchHead& head, const kafka::Marker& marker, Offset offset,
                      Timestamp now) {
  note_undo(head, offset);
  verifying_.erase(head.producer_id);
  Producer& producer = find_or_add(head.producer_id, head.producer_epoch, now);
  producer.coordinator_epoch = marker.coordinator_epoch;
  // Whoever ends a transaction has the answer to all that it sent. What comes with the number of one of those
  // batches is new, and no duplicate: its producer would be told that something is there which was aborted.
  // (Kafka tells it so.)
  producer.resumes_at = expected(producer);
  producer.batches.clear();
  transactions_.end(head.producer_id, marker.commit, offset);
}

bool Producers::advance(Offset high_watermark, Offset durable_end) {
  forget_undo_before(high_watermark);
  while (undo_.size() > uncommitted_max && undo_.front().last < durable_end)
    forget_undo_before(undo_.front().last + 1);
  return transactions_.advance(high_watermark);
}

void Producers::forget_undo_before(Offset first) {
  while (!undo_.empty() && undo_.front().last < first) undo_.pop_front();
  undoable_from_ = std::max(undoable_from_, first);
}

bool Producers::truncate(Offset end) {
  transactions_.truncate(end);
  for (; !undo_.empty() && undo_.back().last >= end; undo_.pop_back()) {
    Undo& undo = undo_.back();
    if (makes(Mistake::keeps_truncated_producers)) continue;
    if (undo.before)
      producers_[undo.producer] = std::move(*undo.before);
    else
      producers_.erase(undo.producer);
  }
  const bool all = end >= undoable_from_ || empty();
  undoable_from_ = std::min(undoable_from_, end);
  return all;
}

void Producers::failed(Offset end, Timestamp now) {
  std::vector<Undo> lost;
  for (const Undo& undo : undo_)
    if (undo.last >= end && undo.sequence >= 0) lost.push_back(undo);
  truncate(end);
  for (const Undo& batch : lost)
    refused(batch.producer, batch.epoch, batch.sequence, batch.next_sequence, now);
}

void Producers::lost(Offset first) {
  for (auto& [id, producer] : producers_) {
    auto& batches = producer.batches;
    const auto is_lost = [first](const Batch& batch) { return batch.first == first; };
    batches.erase(std::remove_if(batches.begin(), batches.end(), is_lost), batches.end());
  }
}

void Producers::expire(Timestamp seen_before) {
  std::erase_if(producers_, [&](const auto& entry) {
    return entry.second.seen < seen_before && !transactions_.open(entry.first);
  });
}

void Producers::make_room(Timestamp now) {
  if (producers_.size() >= sweep_at_) {
    expire(now - expiration_ms_);
    sweep_at_ = std::max<std::size_t>(64, 2 * producers_.size());
  }
  if (producers_.size() < producers_max) return;
  auto oldest = producers_.end();
  for (auto at = producers_.begin(); at != producers_.end(); ++at)
    if (!transactions_.open(at->first) &&
        (oldest == producers_.end() || at->second.seen < oldest->second.seen))
      oldest = at;
  if (oldest != producers_.end()) producers_.erase(oldest);
}

}  // namespace mq::core
