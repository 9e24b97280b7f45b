// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/compaction.h"

#include <algorithm>
#include <cstring>

#include "core/partition/mistakes.h"
#include "core/partition/wrapping.h"
#include "net/kafka/record_batch.h"
#include "net/kafka/varint.h"

namespace mq::core {
namespace {

constexpr std::int16_t codec_bits = 7, horizon_bit = 1 << 6;

double ratio(double dirty, double clean) {
  return dirty + clean > 0 ? dirty / (dirty + clean) : 0;
}

// What of the bytes lies where.
struct Bytes {
  double clean = 0, ready = 0, not_sealed = 0;
  bool any_dirty = false;
  Offset ready_end = 0;
  Timestamp blocked_until = end_of_time;  // by min.compaction.lag.ms, or an open transaction
};

Bytes count(const CompactionRules& rules, const CompactionView& view) {
  Bytes bytes;
  bytes.ready_end = view.clean;
  for (const storage::Range& range : view.segments) {
    auto dirty = static_cast<double>(range.bytes);
    if (range.first < view.clean) {
      const auto offsets = static_cast<double>(range.last - range.first + 1);
      dirty *= static_cast<double>(std::max<Offset>(range.last + 1 - view.clean, 0)) / offsets;
      bytes.clean += static_cast<double>(range.bytes) - dirty;
    }
    if (range.last < view.clean) continue;
    bytes.any_dirty = true;
    if (range.last >=
        view.stable) {  // a transaction is open there: it is looked at again when it may be over
      bytes.blocked_until = view.now;
      return bytes;
    }
    const Timestamp allowed =
        rules.lag_ms_min > 0 ? time_after(time_of(range, view.now), rules.lag_ms_min) : 0;
    if (allowed > view.now) {
      bytes.blocked_until = allowed;
      return bytes;
    }
    if (!range.sealed) {
      bytes.not_sealed += dirty;
    } else {
      bytes.ready += dirty;
      bytes.ready_end = range.last + 1;
    }
  }
  return bytes;
}

// How many more dirty bytes make it worth it.
std::uint64_t room(const CompactionRules& rules, double dirty, double clean) {
  constexpr double least = 4 << 10;
  if (rules.dirty_ratio_min >= 1) return UINT64_MAX;
  const double wanted = clean * rules.dirty_ratio_min / (1 - rules.dirty_ratio_min);
  return static_cast<std::uint64_t>(std::max(wanted - dirty, 0.0) + least);
}

// A record as its bytes lie there.
struct Raw {
  net::Bytes whole, after_time;  // with its length; from the offset on
  std::int8_t attributes = 0;
  std::int64_t time_delta = 0;
  std::int32_t offset_delta = 0;
  std::optional<net::Bytes> key;
  bool has_value = false;
};

class RawRecords {
 public:
  RawRecords(const kafka::BatchHead& head, net::Bytes batch) : left_(batch.subspan(kafka::BatchHead::bytes)) {
    count_ = head.record_count;
    if (head.codec() == kafka::Codec::none || left_.empty()) return;
    auto plain = kafka::decompress(head.codec(), left_, kafka::unpacked_bytes_max(left_.size()));
    ok_ = plain.has_value();
    if (!ok_) return;
    unpacked_ = std::move(*plain);
    left_ = unpacked_.bytes();
  }

  // Valid as long as this and the batch are.
  std::optional<Raw> next() {
    if (!ok_ || count_ == 0) {
      ok_ = ok_ && left_.empty();
      return {};
    }
    Raw raw;
    kafka::Cursor frame(left_);
    const net::Bytes body = frame.bytes(frame.varint());
    kafka::Cursor fields(body);
    raw.attributes = fields.byte();
    raw.time_delta = fields.varlong();
    raw.after_time = body.last(fields.left());
    raw.offset_delta = fields.varint();
    if (const std::int32_t size = fields.varint(); size >= 0) raw.key = fields.bytes(size);
    raw.has_value = fields.varint() >= 0;
    ok_ = frame.ok() && fields.ok();
    if (!ok_) return {};
    raw.whole = left_.first(left_.size() - frame.left());
    left_ = left_.last(frame.left());
    count_--;
    return raw;
  }
  bool ok() const { return ok_; }

 private:
  net::Slice unpacked_;
  net::Bytes left_;
  std::int32_t count_ = 0;
  bool ok_ = true;
};

std::byte* put(std::byte* to, net::Bytes bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

// The records back to back; their times count from `base` on.
std::vector<std::byte> written(const std::vector<Raw>& records, std::int64_t old_base, std::int64_t base) {
  constexpr std::size_t longer_by_max = 16;  // another delta, and the length of that
  std::size_t size = 0;
  for (const Raw& record : records) size += record.whole.size() + longer_by_max;
  std::vector<std::byte> bytes(size);
  std::byte* at = bytes.data();
  for (const Raw& record : records) {
    if (base == old_base) {
      at = put(at, record.whole);
      continue;
    }
    const std::int64_t delta = wrapping_difference(wrapping_sum(old_base, record.time_delta), base);
    const std::size_t body = 1 + kafka::varint_size(delta) + record.after_time.size();
    at = kafka::put_varint(at, static_cast<std::int64_t>(body));
    *at++ = static_cast<std::byte>(record.attributes);
    at = put(kafka::put_varint(at, delta), record.after_time);
  }
  bytes.resize(static_cast<std::size_t>(at - bytes.data()));
  return bytes;
}

// A batch with these records only, packed as before; nothing when it cannot be.
std::optional<net::Slice> rebuilt(kafka::BatchHead head, const std::vector<Raw>& records,
                                  std::optional<Timestamp> horizon) {
  if (!head.log_append_time()) {
    head.max_timestamp = -1;
    for (const Raw& record : records)
      head.max_timestamp = std::max(head.max_timestamp, wrapping_sum(head.base_timestamp, record.time_delta));
  }
  const std::int64_t base = horizon.value_or(head.base_timestamp);
  const auto plain = written(records, head.base_timestamp, base);
  auto packed = kafka::compress(head.codec(), plain, 0, kafka::BatchHead::bytes);
  if (!packed) return {};
  if (horizon) head.attributes = static_cast<std::int16_t>(head.attributes | horizon_bit);
  head.base_timestamp = base;
  head.record_count = static_cast<std::int32_t>(records.size());
  head.batch_length = static_cast<std::int32_t>(packed->size - kafka::BatchHead::size_before_length);
  head.put(packed->data.get());
  kafka::write_checksum(packed->data.get(), packed->size);
  return std::move(*packed);
}

// When the tombstones of a batch, or a marker, may go; nothing: no pass has seen them yet.
std::optional<Timestamp> horizon_of(const kafka::BatchHead& head) {
  if (head.attributes & horizon_bit) return head.base_timestamp;
  return {};
}

}  // namespace

Timestamp time_of(const storage::Range& range, Timestamp now) {
  if (range.time_max >= 0) return std::min(range.time_max, now);
  return range.written_ms >= 0 ? range.written_ms : now;
}

std::optional<CompactionRules> CompactionRules::of(const TopicConfig& config) {
  if (!config.compacts) return {};
  return CompactionRules{config.cleanable_dirty_ratio_min, config.compaction_lag_ms_min,
                         config.compaction_lag_ms_max, config.delete_retention_ms, config.segment_ms};
}

Judgement judge(const CompactionRules& rules, const CompactionView& view) {
  const Bytes bytes = count(rules, view);
  const Timestamp overdue = time_after(view.oldest_dirty, rules.lag_ms_max);
  const auto worth = [&](double dirty) {
    return dirty > 0 && (ratio(dirty, bytes.clean) > rules.dirty_ratio_min || overdue <= view.now);
  };
  if (worth(bytes.ready)) return {Judgement::Act::compact, bytes.ready_end};

  Judgement wait;
  const double dirty = bytes.ready + bytes.not_sealed;
  if (bytes.not_sealed > 0 && worth(dirty)) {
    const Timestamp due = time_after(view.oldest_unsealed, std::min(rules.segment_ms, rules.lag_ms_max));
    if (due <= view.now) return {Judgement::Act::seal};
    wait.due = std::min(due, bytes.blocked_until);
    return wait;
  }
  if (!bytes.any_dirty) {
    wait.room = 0;  // the first batch says how long it may wait
    return wait;
  }
  wait.due = bytes.blocked_until;
  if (dirty > 0 && overdue != end_of_time) wait.due = std::min(wait.due, overdue);
  if (bytes.blocked_until == end_of_time) wait.room = room(rules, dirty, bytes.clean);
  return wait;
}

bool map_keys(net::Bytes batch, CompactionPass& pass, bool first) {
  const auto head = kafka::BatchHead::parse(batch);
  if (!head || head->is_control() || pass.aborted(*head)) return true;
  RawRecords records(*head, batch);
  while (const auto record = records.next()) {
    if (!record->key || pass.newest.put(*record->key, head->base_offset + record->offset_delta)) continue;
    pass.end = first ? head->last_offset() + 1 : head->base_offset;
    return false;
  }
  return true;
}

net::Bytes Survivors::of(net::Bytes batch) {
  const auto head = kafka::BatchHead::parse(batch);
  if (!head || head->base_offset >= pass_->end) return batch;
  begins_epoch_ = head->partition_leader_epoch > epoch_ && !makes(Mistake::forgets_compacted_epochs);
  epoch_ = std::max(epoch_, head->partition_leader_epoch);
  if (head->is_control()) return of_marker(*head, batch);
  if (head->is_transactional()) open_.insert(head->producer_id);
  if (pass_->aborted(*head)) return head_of(*head, batch);

  const auto horizon = horizon_of(*head);
  std::vector<Raw> kept;
  bool tombstones = false;
  RawRecords records(*head, batch);
  while (const auto record = records.next()) {
    if (!record->key) continue;
    if (pass_->newest.find(*record->key) > head->base_offset + record->offset_delta) continue;
    if (!record->has_value && horizon && *horizon <= pass_->now) continue;
    tombstones = tombstones || !record->has_value;
    kept.push_back(*record);
  }
  if (!records.ok()) return batch;
  if (kept.empty()) return head_of(*head, batch);
  std::optional<Timestamp> new_horizon;
  if (tombstones && !horizon) new_horizon = time_after(pass_->now, pass_->delete_retention_ms);
  const auto gone = static_cast<std::size_t>(head->record_count) - kept.size();
  if (gone == 0 && !new_horizon) return batch;
  auto anew = rebuilt(*head, kept, new_horizon);
  if (!anew) return batch;
  records_gone_ += gone;
  answer_ = std::move(*anew);
  return answer_.bytes();
}

net::Bytes Survivors::of_marker(const kafka::BatchHead& head, net::Bytes batch) {
  const bool seen = open_.erase(head.producer_id) > 0;
  if (head.record_count == 0) return head_of(head, batch);
  if (seen) return batch;
  const auto horizon = horizon_of(head);
  if (horizon) return *horizon <= pass_->now ? head_of(head, batch) : batch;
  RawRecords records(head, batch);
  const auto marker = records.next();
  if (!marker) return batch;
  auto anew = rebuilt(head, {*marker}, time_after(pass_->now, pass_->delete_retention_ms));
  if (!anew) return batch;
  answer_ = std::move(*anew);
  return answer_.bytes();
}

// The head alone while it says the last sequence of its producer, where an epoch begins, or where the log
// ends; or nothing.
net::Bytes Survivors::head_of(const kafka::BatchHead& head, net::Bytes batch) {
  records_gone_ += static_cast<std::size_t>(std::max(head.record_count, 0));
  const auto producer = pass_->last_of_producer.find(head.producer_id);
  const bool last = producer != pass_->last_of_producer.end() && producer->second == head.last_offset();
  if (!last && !begins_epoch_ && head.last_offset() != pass_->newest_last) return {};
  if (head.record_count == 0) return batch;
  kafka::BatchHead empty = head;
  empty.attributes = static_cast<std::int16_t>(head.attributes & ~(codec_bits | horizon_bit));
  empty.base_timestamp = empty.max_timestamp = -1;
  empty.record_count = 0;
  empty.batch_length = kafka::BatchHead::bytes - kafka::BatchHead::size_before_length;
  answer_ = {
      std::shared_ptr<std::byte>(new std::byte[kafka::BatchHead::bytes], std::default_delete<std::byte[]>()),
      kafka::BatchHead::bytes};
  empty.put(answer_.data.get());
  kafka::write_checksum(answer_.data.get(), answer_.size);
  return answer_.bytes();
}

}  // namespace mq::core
