// SPDX-License-Identifier: Apache-2.0
#include "core/partition/producers.h"

#include <algorithm>

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
  if (marker.coordinator_epoch < found->second.coordinator_epoch)
    return Error::transaction_coordinator_fenced;
  // One of this epoch ended the transaction before: what is open by now is the next one.
  const bool is_late = wanted == MarkerEpoch::later && epoch == found->second.epoch && transactions_.open(id);
  return is_late || epoch < found->second.epoch ? Error::invalid_producer_epoch : Error::none;
}

Producers::Producer& Producers::find_or_add(const kafka::BatchHead& head, Timestamp now) {
  if (!producers_.contains(head.producer_id)) make_room(now);
  Producer& producer = producers_[head.producer_id];
  if (producer.epoch != head.producer_epoch) {
    producer.batches.clear();
    producer.resumes_at = 0;
    producer.refused_until.reset();
  }
  producer.epoch = head.producer_epoch;
  producer.seen = now;
  return producer;
}

void Producers::appended(const kafka::BatchHead& head, Offset first, Timestamp now) {
  Producer& producer = find_or_add(head, now);
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
  const bool is_new = !producers_.contains(head.producer_id);
  Producer& producer = find_or_add(head, now);
  if (is_new) producer.resumes_at = head.base_sequence;
  const std::int32_t next = expected(producer),
                     until = sequence_after(head.base_sequence, head.last_offset_delta + 1);
  if (!producer.refused_until ||
      sequences_between(next, *producer.refused_until) < sequences_between(next, until))
    producer.refused_until = until;
}

void Producers::ended(const kafka::BatchHead& head, const kafka::Marker& marker, Offset offset,
                      Timestamp now) {
  find_or_add(head, now).coordinator_epoch = marker.coordinator_epoch;
  transactions_.end(head.producer_id, marker.commit, offset);
}

// A producer goes on with the first batch that it lost: what it sent behind that one must not overtake it.
void Producers::truncate(Offset end) {
  transactions_.truncate(end);
  for (auto& [id, producer] : producers_)
    for (auto& batches = producer.batches; !batches.empty() && batches.back().last >= end;
         batches.pop_back()) {
      if (!producer.refused_until) producer.refused_until = sequence_after(batches.back().last_sequence, 1);
      producer.resumes_at = batches.back().first_sequence;
    }
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
