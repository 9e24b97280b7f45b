// SPDX-License-Identifier: Apache-2.0
#include "core/client/lane.h"

#include <algorithm>

#include "net/kafka/batch_head.h"

namespace mq::client {
namespace {

constexpr std::uint64_t whole_span = 1 << 20;

// Writes another first sequence number into a finished batch. Nobody else holds it: nothing is under way.
void restamp(Sealed& batch, std::int32_t sequence) {
  auto head = kafka::BatchHead::parse(batch.batch.bytes());
  if (!head || batch.sequence == sequence) return;
  head->base_sequence = sequence;
  head->put(batch.batch.data.get());
  kafka::write_checksum(batch.batch.data.get(), batch.batch.size);
  batch.sequence = sequence;
}

}  // namespace

std::int32_t add_sequence(std::int32_t sequence, std::int32_t count) {
  return static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(count)) & 0x7fffffffu);
}

std::uint64_t Numbers::at(std::size_t i) const {
  for (const Run& run : runs_) {
    if (i < run.count) return run.first + i;
    i -= run.count;
  }
  return 0;
}

void Numbers::split(std::size_t at, Numbers& rest) {
  std::size_t i = 0;
  for (; i < runs_.size() && at >= runs_[i].count; i++) at -= runs_[i].count;
  if (i == runs_.size()) return;
  rest.runs_.assign(runs_.begin() + static_cast<std::ptrdiff_t>(i), runs_.end());
  rest.runs_.front() = {rest.runs_.front().first + at, rest.runs_.front().count - at};
  runs_[i].count = at;
  runs_.resize(i + (at > 0));
}

void Lane::close(Batch batch) {
  batch->order = next_order_;
  batch->span = whole_span;
  next_order_ += whole_span;
  if (numbered_) sequence_ = add_sequence(sequence_, batch->count);
  ready_.push_back(std::move(batch));
}

Batch Lane::take() {
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  in_flight_.insert(batch->order);
  batch->tries++;
  return batch;
}

void Lane::delivered(const Batch& batch) {
  acknowledged_ = true;
  answered(batch->order);
}

void Lane::retry(Batch batch, Time at) {
  draining_ = true;
  retry_at_ = std::max(retry_at_, at);
  const std::uint64_t order = batch->order;
  put_back(std::move(batch));
  answered(order);
}

void Lane::split(const Batch& batch, Batch head, Batch tail) {
  head->order = batch->order;
  head->span = tail->span = batch->span / 2;
  tail->order = batch->order + batch->span / 2;
  draining_ = true;
  leave_gap(batch);
  put_back(std::move(head));
  put_back(std::move(tail));
  answered(batch->order);
}

void Lane::failed(const Batch& batch) {
  if (numbered_) {
    draining_ = true;
    leave_gap(batch);
  }
  answered(batch->order);
}

std::vector<Batch> Lane::broken(const Batch& batch) {
  broken_ = true;
  answered(batch->order);
  std::vector<Batch> given_up(ready_.begin(), ready_.end());
  ready_.clear();
  return given_up;
}

void Lane::put_back(Batch batch) {
  const auto at = std::ranges::lower_bound(ready_, batch->order, {}, [](const Batch& b) { return b->order; });
  ready_.insert(at, std::move(batch));
}

void Lane::leave_gap(const Batch& batch) {
  if (!numbered_ || (renumber_from_ >= 0 && renumber_order_ < batch->order)) return;
  renumber_from_ = batch->sequence;
  renumber_order_ = batch->order;
}

void Lane::answered(std::uint64_t order) {
  in_flight_.erase(order);
  if (!in_flight_.empty() || !draining_) return;
  draining_ = false;
  if (renumber_from_ >= 0) renumber();
}

void Lane::renumber() {
  std::int32_t sequence = std::exchange(renumber_from_, -1);
  if (!ready_.empty() && ready_.front()->order < renumber_order_) sequence = ready_.front()->sequence;
  for (const Batch& batch : ready_) {
    restamp(*batch, sequence);
    sequence = add_sequence(sequence, batch->count);
  }
  sequence_ = sequence;
}

}  // namespace mq::client
