// SPDX-License-Identifier: Apache-2.0
#include "storage/partition_log.h"

#include <algorithm>

#include "storage/appender.h"
#include "storage/cleaner.h"
#include "storage/error.h"
#include "storage/readers.h"
#include "storage/run_on.h"

namespace mq::storage {

// ---------------------------------------------------------------------------------------------- appending

void PartitionLog::append(Batch batch, Appended done) {
  if (!context_) return done(Errc::stopped);
  if (refusing_) return context_->appender.refuse(std::move(done), Errc::not_found);
  if (batch.size < batch_head_bytes) return context_->appender.refuse(std::move(done), Errc::corrupt);
  const Offset end = in_flight_ > 0 ? queued_end_ : index_.end();
  const bool spans_start = end == index_.start() && batch.last >= end;
  if ((batch.first < end && !spans_start) || batch.last < batch.first)
    return context_->appender.refuse(std::move(done), Errc::offset_out_of_range);
  queued_end_ = batch.last + 1;
  Append append;
  append.partition = number_;
  append.base = batch.first;
  append.batch = std::move(batch);
  append.log = shared_from_this();
  append.refusals = refusals_known_;
  append.done = std::move(done);
  in_flight_++;
  context_->appender.submit(std::move(append));
}

// What waits behind a failure fails too, and whoever knows of it goes on from the end.
void PartitionLog::completed(const Append& append) {
  in_flight_--;
  if (!append.error) return;
  queued_end_ = index_.end();
  refusals_known_ = append.refusals;
}

void PartitionLog::appended(const Batch& batch, std::uint32_t position,
                            const std::shared_ptr<Active>& segment) {
  if (index_.append(batch, position, segment)) segment->logs.push_back(shared_from_this());
  if (!batch.memory || !context_) return;  // replayed
  if (!tail_) tail_ = std::make_shared<Tail::Part>();
  context_->tail.add(tail_, batch);
}

// ---------------------------------------------------------------------------------------------- reading

Task<Result<Read>> PartitionLog::read(Offset from, std::size_t bytes_max, Offset until) {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    if (from < index_.start() || from > index_.end()) co_return Errc::offset_out_of_range;
    BatchIndex::Limits limit = index_.limits(from);
    if (limit.corrupt) co_return Errc::corrupt;
    limit.end = std::min(limit.end, until);
    if (from >= limit.end) co_return Read{{}, 0, from};
    if (tail_ && tail_->covers(from)) co_return tail_->read(from, limit.end, bytes_max);

    const std::uint32_t truncations = index_.truncations();
    const Offset sealed_end = index_.sealed_end();
    Result<Read> read = Read{{}, 0, from};
    if (from < sealed_end) {
      if (auto known = read_ahead(from, std::min(limit.end, sealed_end), bytes_max))
        co_return std::move(*known);
      read = co_await read_sealed(from, std::min(limit.end, sealed_end), bytes_max);
    }
    const bool nothing = read && read->size == 0;
    if (nothing && sealed_end != index_.sealed_end()) continue;  // what comes next has been sealed meanwhile
    if (context_ && truncations == index_.truncations() && nothing && sealed_end < limit.end)
      read = co_await read_unsealed(std::max(from, sealed_end), limit.end, bytes_max);
    const bool moved = truncations != index_.truncations() ||
                       (read && read->size == 0 && sealed_end != index_.sealed_end()) ||
                       from < index_.start();
    if (moved) continue;
    if (!read && read.error() == Errc::corrupt && bytes_max > 0) {
      bytes_max = 0;  // what lies before something that cannot be read is a read of its own
      continue;
    }
    if (read && read->size == 0) read->next = from;
    co_return read;
  }
}

Task<Result<Read>> PartitionLog::read_unsealed(Offset from, Offset limit, std::size_t bytes_max) {
  std::vector<Extent> extents;
  Read read = index_.plan(from, limit, bytes_max, extents);
  auto pieces = pieces_of(extents, Touch::cached);
  if (!pieces && pieces.error() == boost::system::errc::operation_would_block) {
    auto bring = [extents = std::move(extents)] {
      ask_for(extents);
      return pieces_of(extents, Touch::disk);
    };
    pieces = co_await run_on(context_->readers.executor(), std::move(bring));
  }
  if (!pieces) co_return pieces.error();
  read.pieces = std::move(*pieces);
  co_return std::move(read);
}

Lookup PartitionLog::lookup(Offset limit) const {
  return {context_->catalogue, context_->sealed, number_, limit};
}

Task<Result<Read>> PartitionLog::read_sealed(Offset from, Offset limit, std::size_t bytes_max) {
  auto look = [lookup = lookup(limit), from, bytes_max] { return lookup.read(from, bytes_max); };
  const std::uint32_t truncations = index_.truncations();
  auto found = co_await run_on(context_->readers.executor(), std::move(look));
  if (!found) co_return found.error();
  if (context_ && truncations == index_.truncations())
    context_->read_ahead.put(number_, found->read.next, std::move(found->ahead));
  co_return std::move(found->read);
}

// What the last read found out about the next one, if the page cache has it: nobody waits then.
std::optional<Read> PartitionLog::read_ahead(Offset from, Offset limit, std::size_t bytes_max) {
  auto row = context_->read_ahead.take(number_, from);
  const auto file = row ? row->file.lock() : nullptr;
  if (!file) return std::nullopt;
  Read read{{}, 0, from};
  std::vector<Extent> extents;
  for (const Place& place : row->rest()) {
    if (place.last() >= limit || (read.size > 0 && read.size + place.size > bytes_max)) break;
    extents.push_back({file, place.position, place.size});
    read.size += place.size;
    read.next = place.last() + 1;
  }
  row->used += extents.size();
  auto pieces = pieces_of(extents, Touch::cached);
  if (extents.empty() || !pieces) return std::nullopt;
  read.pieces = std::move(*pieces);
  context_->read_ahead.put(number_, read.next, std::move(*row));
  return read;
}

// ---------------------------------------------------------------------------------------------- times

Task<Result<Offset>> PartitionLog::at_time(std::int64_t timestamp) {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    const std::uint32_t truncations = index_.truncations();
    const Offset sealed_end = index_.sealed_end();
    if (index_.start() < sealed_end) {
      auto look = [lookup = lookup(sealed_end), start = index_.start(), timestamp] {
        return lookup.at_time(start, timestamp);
      };
      const auto found = co_await run_on(context_->readers.executor(), std::move(look));
      if (!found) co_return found.error();
      if (truncations != index_.truncations() || (!*found && sealed_end != index_.sealed_end())) continue;
      if (*found) co_return std::max(**found, index_.start());
    }
    co_return index_.at_time(timestamp).value_or(index_.end());
  }
}

Task<Result<Offset>> PartitionLog::at_time_max() {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    const std::uint32_t truncations = index_.truncations();
    const Offset sealed_end = index_.sealed_end();
    std::optional<BatchIndex::Newest> newest;
    if (index_.start() < sealed_end) {
      auto look = [lookup = lookup(sealed_end), start = index_.start()] { return lookup.newest(start); };
      const auto found = co_await run_on(context_->readers.executor(), std::move(look));
      if (!found) co_return found.error();
      if (truncations != index_.truncations() || sealed_end != index_.sealed_end()) continue;
      newest = *found;
    }
    newest = index_.newest(newest);
    co_return newest ? std::max(newest->first, index_.start()) : index_.end();
  }
}

// ---------------------------------------------------------------------------------------------- ranges

Task<Result<std::vector<Range>>> PartitionLog::ranges(Offset from, Grain grain, std::size_t count_max) {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    from = std::max(from, index_.start());
    const std::uint32_t truncations = index_.truncations();
    const Offset sealed_end = index_.sealed_end();
    std::vector<Range> ranges;
    if (from < sealed_end) {
      auto look = [lookup = lookup(sealed_end), from, grain, count_max] {
        return lookup.ranges(from, grain, count_max);
      };
      auto found = co_await run_on(context_->readers.executor(), std::move(look));
      if (!found) co_return found.error();
      ranges = std::move(*found);
    }
    if (truncations != index_.truncations() || sealed_end != index_.sealed_end() || from < index_.start())
      continue;
    index_.add_ranges(from, grain, count_max, ranges);
    co_return std::move(ranges);
  }
}

// ---------------------------------------------------------------------------------------------- truncation
// and trim

// Where a truncation at `end` really is: a batch that spans it goes whole.
Task<Result<Offset>> PartitionLog::boundary(Offset end) {
  if (end >= index_.end()) co_return end;
  if (end < index_.sealed_end()) {
    auto look = [lookup = lookup(index_.sealed_end()), end] { return lookup.boundary(end); };
    const auto found = co_await run_on(context_->readers.executor(), std::move(look));
    co_return found;
  }
  co_return index_.boundary(end);
}

Task<error_code> PartitionLog::note(Append append) {
  append.partition = number_;
  append.log = shared_from_this();
  append.refusals = refusals_known_;
  if (in_flight_++ == 0) queued_end_ = index_.end();
  co_return co_await context_->appender.submitted(std::move(append));
}

// Where it really is can only be known while nothing is in flight.
Task<error_code> PartitionLog::truncate(Offset end) {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    if (in_flight_ > 0) {
      Append barrier;
      barrier.kind = Kind::note;
      const error_code error = co_await note(std::move(barrier));
      if (error) co_return error;
      continue;
    }
    const auto at = co_await boundary(end);
    if (!at) co_return at.error();
    if (!context_ || in_flight_ > 0) continue;
    Append append;
    append.kind = Kind::truncate;
    append.base = *at;
    co_return co_await note(std::move(append));
  }
}

void PartitionLog::truncate_at(Offset end, const std::shared_ptr<Active>& segment) {
  note_truncation(number_, end, segment->truncations, segment->trims);
  segment->logs.push_back(shared_from_this());
  const auto sealed_end = index_.truncate(end);
  if (tail_) tail_->truncate(end);
  if (!context_) return;
  context_->read_ahead.forget(number_);
  if (sealed_end) context_->cleaner.forget_from(shared_from_this(), end, *sealed_end);
}

Task<error_code> PartitionLog::trim(Offset start) {
  const auto self = shared_from_this();
  if (!context_) co_return Errc::stopped;
  if (start <= index_.start()) co_return error_code{};
  Append append;
  append.kind = Kind::trim;
  append.base = start;
  co_return co_await note(std::move(append));
}

void PartitionLog::trimmed(Offset start, const std::shared_ptr<Active>& segment) {
  segment->trims.emplace_back(number_, start);
  segment->logs.push_back(shared_from_this());
  const auto sealed_end = index_.trim(start);
  if (sealed_end && context_) context_->cleaner.forget_before(shared_from_this(), start, *sealed_end);
}

// ---------------------------------------------------------------------------------------------- for others

void PartitionLog::leave() {
  context_ = nullptr;
  index_.clear();
  tail_.reset();
}

void PartitionLog::rewritten(std::uint64_t bytes_less) {
  index_.forgot(bytes_less);
  tail_.reset();
  if (context_) context_->read_ahead.forget(number_);
}

}  // namespace mq::storage
