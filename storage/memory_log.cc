// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_log.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "storage/error.h"

namespace mq::storage {

void MemoryLog::append(Batch batch, Appended done) {
  state_->waiting.emplace_back(std::move(batch), std::move(done));
  if (state_->waiting.size() > 1) return;
  asio::post(loop_, [this, state = std::weak_ptr(state_)] {
    if (state.lock()) complete();
  });
}

// First the log moves, then every caller hears of it.
void MemoryLog::complete() {
  const auto state = state_;  // a caller may let go of the log
  auto group = std::exchange(state->waiting, {});
  const error_code failure = state->failure;
  for (auto& [batch, done] : group) {
    if (failure) continue;
    end_ = batch.last + 1;
    state->bytes += batch.size;
    state->batches.push_back(std::move(batch));
  }
  for (auto& [batch, done] : group)
    if (done) done(failure);
}

std::deque<Batch>::const_iterator MemoryLog::find(Offset from) const {
  const auto ends_before = [](const Batch& batch, Offset offset) { return batch.last < offset; };
  return std::lower_bound(state_->batches.begin(), state_->batches.end(), from, ends_before);
}

Task<Result<Read>> MemoryLog::read(Offset from, std::size_t bytes_max, Offset until) {
  if (from < start_ || from > end_) co_return Errc::offset_out_of_range;
  Read read;
  read.next = from;
  for (auto batch = find(from); batch != state_->batches.end(); ++batch) {
    if (batch->last >= until || (read.size > 0 && read.size + batch->size > bytes_max)) break;
    read.pieces.push_back({batch->memory, nullptr, 0, batch->size});
    read.size += batch->size;
    read.next = batch->last + 1;
  }
  co_return std::move(read);
}

Task<Result<Offset>> MemoryLog::at_time(std::int64_t timestamp) {
  const auto reaches = [timestamp](const Batch& batch) { return batch.time_max >= timestamp; };
  const auto found = std::find_if(find(start_), state_->batches.cend(), reaches);
  co_return found == state_->batches.cend() ? end_ : std::max(found->first, start_);
}

Task<Result<Offset>> MemoryLog::at_time_max() {
  const auto older = [](const Batch& a, const Batch& b) { return a.time_max < b.time_max; };
  const auto found = std::max_element(find(start_), state_->batches.cend(), older);
  co_return found == state_->batches.cend() ? end_ : std::max(found->first, start_);
}

Task<Result<std::vector<Range>>> MemoryLog::ranges(Offset from, Grain, std::size_t count_max) {
  std::vector<Range> ranges;
  for (auto batch = find(std::max(from, start_)); batch != state_->batches.cend(); ++batch) {
    if (ranges.size() == count_max) break;
    ranges.push_back({batch->first, batch->last, batch->time_max, -1, batch->size, 1, false});
  }
  co_return std::move(ranges);
}

Task<error_code> MemoryLog::truncate(Offset end) {
  complete();
  auto& batches = state_->batches;
  for (; !batches.empty() && batches.back().last >= end; batches.pop_back()) {
    state_->bytes -= batches.back().size;
    end = std::min(end, batches.back().first);  // a batch that spans it goes whole
  }
  end_ = std::min(end_, end);
  start_ = std::min(start_, end_);
  co_return error_code{};
}

Task<error_code> MemoryLog::trim(Offset start) {
  complete();
  auto& batches = state_->batches;
  start_ = std::max(start_, start);
  end_ = std::max(end_, start_);
  for (; !batches.empty() && batches.front().last < start_; batches.pop_front())
    state_->bytes -= batches.front().size;
  co_return error_code{};
}

}  // namespace mq::storage
