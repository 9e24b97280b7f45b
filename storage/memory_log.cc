// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_log.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "storage/error.h"

namespace mq::storage {

// ---------------------------------------------------------------------------------------------- writes

void MemoryWrites::put(Write write) {
  if (stopped_) {
    if (write.told) write.told(Errc::stopped);
    return;
  }
  if (write.partition) write.refusals = write.partition->refusals;
  waiting_.push_back(std::move(write));
  if (syncing_.empty() && waiting_.size() == 1) sync();
}

void MemoryWrites::sync() {
  auto done = [weak = weak_from_this()] {
    if (const auto writes = weak.lock()) writes->complete();
  };
  // What comes in the same turn of the loop is of the same group.
  asio::post(loop_, [weak = weak_from_this(), done]() mutable {
    const auto writes = weak.lock();
    if (!writes || writes->stopped_) return;
    writes->syncing_ = std::exchange(writes->waiting_, {});
    if (writes->sync_)
      writes->sync_(std::move(done));
    else
      done();
  });
}

// Nothing: it may be written.
error_code MemoryWrites::refuse(const Write& write) {
  MemoryPartition* const of = write.partition.get();
  if (of && of->refusals != write.refusals) return of->refusal;  // its sender has not heard of that one
  const error_code error = failure_              ? failure_
                           : write.bytes > room_ ? make_error_code(Errc::full)
                                                 : error_code();
  if (error && of) of->refusal = error, of->refusals++;
  return error;
}

// First the logs move, then every caller hears of it.
void MemoryWrites::complete() {
  if (stopped_) return;
  auto group = std::exchange(syncing_, {});
  std::vector<error_code> results;
  for (const Write& write : group) {
    results.push_back(refuse(write));
    if (results.back()) continue;
    room_ -= write.bytes;
    write.apply();
  }
  if (!waiting_.empty()) sync();
  for (std::size_t i = 0; i < group.size(); i++)
    if (group[i].told) group[i].told(results[i]);
}

void MemoryWrites::stop() {
  stopped_ = true;
  for (auto* writes : {&syncing_, &waiting_})
    for (Write& write : std::exchange(*writes, {}))
      if (write.told) write.told(Errc::stopped);
}

Task<error_code> MemoryWrites::written(Write write) {
  using Use = asio::use_awaitable_t<Executor>;
  using Shared = std::shared_ptr<error_code>;  // an error_code as the answer itself would be thrown
  auto start = [this, write = std::move(write)](auto handler) mutable {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    write.told = [loop = loop_, shared](error_code error) {
      asio::post(loop, [shared, error] { std::move (*shared)(std::make_shared<error_code>(error)); });
    };
    put(std::move(write));
  };
  const Shared error = co_await asio::async_initiate<const Use, void(Shared)>(std::move(start), Use());
  co_return *error;
}

// ---------------------------------------------------------------------------------------------- the log

void MemoryLog::append(Batch batch, Appended done) {
  MemoryWrites::Write write{batch.size, partition_, {}, std::move(done)};
  write.apply = [partition = partition_, batch = std::move(batch)] {
    partition->end = batch.last + 1;
    partition->bytes += batch.size;
    partition->batches.push_back(batch);
    partition->notes.push_back({.batch = batch});
  };
  writes_->put(std::move(write));
}

std::deque<Batch>::const_iterator MemoryLog::find(Offset from) const {
  const auto ends_before = [](const Batch& batch, Offset offset) { return batch.last < offset; };
  return std::lower_bound(partition_->batches.begin(), partition_->batches.end(), from, ends_before);
}

Task<Result<Read>> MemoryLog::read(Offset from, std::size_t bytes_max, Offset until) {
  if (from < partition_->start || from > partition_->end) co_return Errc::offset_out_of_range;
  Read read;
  read.next = from;
  for (auto batch = find(from); batch != partition_->batches.end(); ++batch) {
    if (batch->last >= until || (read.size > 0 && read.size + batch->size > bytes_max)) break;
    read.pieces.push_back({batch->memory, nullptr, 0, batch->size});
    read.size += batch->size;
    read.next = batch->last + 1;
  }
  co_return std::move(read);
}

Task<Result<Offset>> MemoryLog::at_time(std::int64_t timestamp) {
  const auto reaches = [timestamp](const Batch& batch) { return batch.time_max >= timestamp; };
  const auto found = std::find_if(find(partition_->start), partition_->batches.cend(), reaches);
  co_return found == partition_->batches.cend() ? partition_->end : std::max(found->first, partition_->start);
}

Task<Result<Offset>> MemoryLog::at_time_max() {
  const auto older = [](const Batch& a, const Batch& b) { return a.time_max < b.time_max; };
  const auto found = std::max_element(find(partition_->start), partition_->batches.cend(), older);
  co_return found == partition_->batches.cend() ? partition_->end : std::max(found->first, partition_->start);
}

Task<Result<std::vector<Range>>> MemoryLog::ranges(Offset from, Grain, std::size_t count_max) {
  std::vector<Range> ranges;
  for (auto batch = find(std::max(from, partition_->start)); batch != partition_->batches.cend(); ++batch) {
    if (ranges.size() == count_max) break;
    ranges.push_back({batch->first, batch->last, batch->time_max, -1, batch->size, 1,
                      batch->last < partition_->sealed_end});
  }
  co_return std::move(ranges);
}

Task<error_code> MemoryLog::truncate(Offset end) {
  MemoryWrites::Write write{0, partition_, {}, {}};
  write.apply = [partition = partition_, end] {
    auto& batches = partition->batches;
    Offset at = end;
    for (; !batches.empty() && batches.back().last >= at; batches.pop_back()) {
      partition->bytes -= batches.back().size;
      at = std::min(at, batches.back().first);  // a batch that spans it goes whole
    }
    partition->end = std::min(partition->end, at);
    partition->start = std::min(partition->start, partition->end);
    partition->sealed_end = std::min(partition->sealed_end, partition->end);
    partition->notes.push_back({.truncated_to = partition->end});
  };
  co_return co_await writes_->written(std::move(write));
}

Task<error_code> MemoryLog::trim(Offset start) {
  MemoryWrites::Write write;
  write.apply = [partition = partition_, start] {
    auto& batches = partition->batches;
    partition->start = std::max(partition->start, start);
    partition->end = std::max(partition->end, partition->start);
    for (; !batches.empty() && batches.front().last < partition->start; batches.pop_front())
      partition->bytes -= batches.front().size;
    partition->notes.push_back({.trimmed_to = start});
  };
  co_return co_await writes_->written(std::move(write));
}

}  // namespace mq::storage
