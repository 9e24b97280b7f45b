// SPDX-License-Identifier: Apache-2.0
#include "storage/partition_log.h"

#include <algorithm>

#include "storage/appender.h"
#include "storage/cleaner.h"
#include "storage/error.h"
#include "storage/readers.h"
#include "storage/run_on.h"

namespace mq::storage {
namespace {

constexpr std::size_t read_extents_max = 4096;
constexpr std::size_t places_min = 4, places_max = 256;  // room made in advance

}  // namespace

// ---------------------------------------------------------------------------------------------- appending

void PartitionLog::append(Batch batch, Appended done) {
  if (!context_) return done(Errc::stopped);
  if (refusing_) return context_->appender.refuse(std::move(done), Errc::not_found);
  if (batch.size < batch_head_bytes) return context_->appender.refuse(std::move(done), Errc::corrupt);
  const Offset end = in_flight_ > 0 ? queued_end_ : end_;
  if (batch.first < end || batch.last < batch.first)
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
  queued_end_ = end_;
  refusals_known_ = append.refusals;
}

void PartitionLog::appended(const Batch& batch, std::uint32_t position,
                            const std::shared_ptr<Active>& segment) {
  if (runs_.empty() || runs_.back().segment != segment) {
    auto places = std::make_shared<std::vector<Place>>();
    const std::size_t before = runs_.empty() ? 0 : runs_.back().count;
    places->reserve(std::clamp(before, places_min, places_max));  // it will go on as it did
    runs_.push_back({segment, std::move(places)});
    segment->logs.push_back(shared_from_this());
  }
  const auto offsets = static_cast<std::uint32_t>(batch.last - batch.first);
  runs_.back().add({batch.first, batch.time_max, position, static_cast<std::uint32_t>(batch.size), offsets});
  end_ = batch.last + 1;
  bytes_ += batch.size;
  if (!batch.memory || !context_) return;  // replayed
  if (!tail_) tail_ = std::make_shared<Tail::Part>();
  context_->tail.add(tail_, batch);
}

// ---------------------------------------------------------------------------------------------- reading

PartitionLog::Limits PartitionLog::limits(Offset from) const {
  Limits limits{end_};
  for (const auto& [begin, end] : lost_) {
    if (from >= begin && from < end) limits.corrupt = true;
    if (from < begin) limits.end = std::min(limits.end, begin);
  }
  return limits;
}

Offset PartitionLog::readable_from(Offset from) const {
  for (const auto& [begin, end] : lost_)
    if (from >= begin && from < end) return end;
  return from;
}

std::optional<Offset> PartitionLog::first_lost() const {
  const auto first = std::min_element(lost_.begin(), lost_.end());
  return first == lost_.end() ? std::nullopt : std::optional(first->first);
}

Task<Result<Read>> PartitionLog::read(Offset from, std::size_t bytes_max, Offset until) {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    if (from < start_ || from > end_) co_return Errc::offset_out_of_range;
    Limits limit = limits(from);
    if (limit.corrupt) co_return Errc::corrupt;
    limit.end = std::min(limit.end, until);
    if (from >= limit.end) co_return Read{{}, 0, from};
    if (tail_ && tail_->covers(from)) co_return tail_->read(from, limit.end, bytes_max);

    const std::uint32_t truncations = truncations_;
    const Offset sealed_end = sealed_end_;
    Result<Read> read = Read{{}, 0, from};
    if (from < sealed_end) {
      if (auto known = read_ahead(from, std::min(limit.end, sealed_end), bytes_max))
        co_return std::move(*known);
      read = co_await read_sealed(from, std::min(limit.end, sealed_end), bytes_max);
    }
    const bool nothing = read && read->size == 0;
    if (nothing && sealed_end != sealed_end_) continue;  // what comes next has been sealed meanwhile
    if (context_ && truncations == truncations_ && nothing && sealed_end < limit.end)
      read = co_await read_unsealed(std::max(from, sealed_end), limit.end, bytes_max);
    const bool moved = truncations != truncations_ ||
                       (read && read->size == 0 && sealed_end != sealed_end_) || from < start_;
    if (moved) continue;
    if (!read && read.error() == Errc::corrupt && bytes_max > 0) {
      bytes_max = 0;  // what lies before something that cannot be read is a read of its own
      continue;
    }
    if (read && read->size == 0) read->next = from;
    co_return read;
  }
}

// The batches of unsealed segments that a read is to return.
Read PartitionLog::plan(Offset from, Offset limit, std::size_t bytes_max,
                        std::vector<Extent>& extents) const {
  Read read;
  read.next = from;
  for (const Run& run : runs_) {
    for (const Place& place : from_offset(run.batches(), from)) {
      const bool full = read.size > 0 && read.size + place.size > bytes_max;
      if (full || place.last() >= limit || extents.size() >= read_extents_max) return read;
      extents.push_back({run.segment->file, place.position, place.size});
      read.size += place.size;
      read.next = place.last() + 1;
    }
  }
  return read;
}

Task<Result<Read>> PartitionLog::read_unsealed(Offset from, Offset limit, std::size_t bytes_max) {
  std::vector<Extent> extents;
  Read read = plan(from, limit, bytes_max, extents);
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
  const std::uint32_t truncations = truncations_;
  auto found = co_await run_on(context_->readers.executor(), std::move(look));
  if (!found) co_return found.error();
  if (context_ && truncations == truncations_)
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
    const std::uint32_t truncations = truncations_;
    const Offset sealed_end = sealed_end_;
    if (start_ < sealed_end) {
      auto look = [lookup = lookup(sealed_end), start = start_, timestamp] {
        return lookup.at_time(start, timestamp);
      };
      const auto found = co_await run_on(context_->readers.executor(), std::move(look));
      if (!found) co_return found.error();
      if (truncations != truncations_ || (!*found && sealed_end != sealed_end_)) continue;
      if (*found) co_return std::max(**found, start_);
    }
    for (const Run& run : runs_)
      for (const Place& place : from_offset(run.batches(), start_))
        if (place.time_max >= timestamp) co_return std::max(place.first, start_);
    co_return end_;
  }
}

Task<Result<Offset>> PartitionLog::at_time_max() {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    const std::uint32_t truncations = truncations_;
    const Offset sealed_end = sealed_end_;
    std::optional<Lookup::Newest> newest;
    if (start_ < sealed_end) {
      auto look = [lookup = lookup(sealed_end), start = start_] { return lookup.newest(start); };
      const auto found = co_await run_on(context_->readers.executor(), std::move(look));
      if (!found) co_return found.error();
      if (truncations != truncations_ || sealed_end != sealed_end_) continue;
      newest = *found;
    }
    for (const Run& run : runs_)
      for (const Place& place : from_offset(run.batches(), start_))
        if (!newest || place.time_max > newest->second) newest = {place.first, place.time_max};
    co_return newest ? std::max(newest->first, start_) : end_;
  }
}

// ---------------------------------------------------------------------------------------------- ranges

Task<Result<std::vector<Range>>> PartitionLog::ranges(Offset from, Grain grain, std::size_t count_max) {
  const auto self = shared_from_this();
  for (;;) {
    if (!context_) co_return Errc::stopped;
    from = std::max(from, start_);
    const std::uint32_t truncations = truncations_;
    const Offset sealed_end = sealed_end_;
    std::vector<Range> ranges;
    if (from < sealed_end) {
      auto look = [lookup = lookup(sealed_end), from, grain, count_max] {
        return lookup.ranges(from, grain, count_max);
      };
      auto found = co_await run_on(context_->readers.executor(), std::move(look));
      if (!found) co_return found.error();
      ranges = std::move(*found);
    }
    if (truncations != truncations_ || sealed_end != sealed_end_ || from < start_) continue;
    add_unsealed(from, grain, count_max, ranges);
    co_return std::move(ranges);
  }
}

void PartitionLog::add_unsealed(Offset from, Grain grain, std::size_t count_max,
                                std::vector<Range>& ranges) const {
  for (const Run& run : runs_) {
    bool joins = false;
    for (const Place& place : from_offset(run.batches(), from)) {
      if (joins) {
        Range& range = ranges.back();
        range.last = place.last();
        range.time_max = std::max(range.time_max, place.time_max);
        range.bytes += place.size;
        range.batches++;
        continue;
      }
      if (ranges.size() == count_max) return;
      ranges.push_back({place.first, place.last(), place.time_max, -1, place.size, 1, false});
      joins = grain == Grain::segment;
    }
  }
}

// ---------------------------------------------------------------------------------------------- truncation
// and trim

// Where a truncation at `end` really is: a batch that spans it goes whole.
Task<Result<Offset>> PartitionLog::boundary(Offset end) {
  if (end >= end_) co_return end;
  if (end < sealed_end_) {
    auto look = [lookup = lookup(sealed_end_), end] { return lookup.boundary(end); };
    const auto found = co_await run_on(context_->readers.executor(), std::move(look));
    co_return found;
  }
  for (const Run& run : runs_)
    if (const auto rest = from_offset(run.batches(), end); !rest.empty())
      co_return std::min(end, rest.front().first);
  co_return end;
}

Task<error_code> PartitionLog::note(Append append) {
  append.partition = number_;
  append.log = shared_from_this();
  append.refusals = refusals_known_;
  if (in_flight_++ == 0) queued_end_ = end_;
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
  truncations_++;
  if (context_) context_->read_ahead.forget(number_);
  if (end >= end_) return;
  for (Run& run : runs_) bytes_ -= std::min(bytes_, run.truncate(end));
  if (tail_) tail_->truncate(end);
  for (auto& [from, to] : lost_) to = std::min(to, end);
  std::erase_if(lost_, [](const auto& range) { return range.first >= range.second; });
  end_ = end;
  start_ = std::min(start_, end_);
  if (end >= sealed_end_) return;
  const Offset known = std::exchange(sealed_end_, end);
  if (context_) context_->cleaner.forget_from(shared_from_this(), end, known);
}

Task<error_code> PartitionLog::trim(Offset start) {
  const auto self = shared_from_this();
  if (!context_) co_return Errc::stopped;
  if (start <= start_) co_return error_code{};
  Append append;
  append.kind = Kind::trim;
  append.base = start;
  co_return co_await note(std::move(append));
}

void PartitionLog::trimmed(Offset start, const std::shared_ptr<Active>& segment) {
  segment->trims.emplace_back(number_, start);
  segment->logs.push_back(shared_from_this());
  if (start <= start_) return;
  const bool sealed = start_ < sealed_end_;
  start_ = start;
  end_ = std::max(end_, start);
  for (Run& run : runs_) bytes_ -= std::min(bytes_, run.trim(start));
  std::erase_if(lost_, [start](const auto& range) { return range.second <= start; });
  if (sealed && context_) context_->cleaner.forget_before(shared_from_this(), start, sealed_end_);
}

// ---------------------------------------------------------------------------------------------- for others

void PartitionLog::restore(const PartitionRow& row) {
  start_ = row.start;
  sealed_end_ = row.end;
  end_ = std::max(row.start, row.end);
  bytes_ = sealed_bytes_ = row.bytes;
}

void PartitionLog::lost(Offset from, Offset to) {
  lost_.emplace_back(from, to);
  end_ = std::max(end_, to);
}

void PartitionLog::leave() {
  context_ = nullptr;
  runs_.clear();
  tail_.reset();
}

const Run* PartitionLog::run(const Active& segment) const {
  for (const Run& run : runs_)
    if (run.segment.get() == &segment) return &run;
  return nullptr;
}

PartitionRow PartitionLog::row(const Active& segment) const {
  PartitionRow row{start_, sealed_end_, sealed_bytes_};
  bool has_newer = false;
  for (const Run& run : runs_) {
    if (run.batches().empty()) continue;
    has_newer |= run.segment->file->number > segment.file->number;
    if (has_newer) break;
    row.end = run.batches().back().last() + 1;
    row.bytes += run.bytes();
  }
  if (!has_newer) row.end = std::max(row.end, end_);  // it ends in a gap, where it was truncated
  return row;
}

PartitionLog::Changed PartitionLog::sealed(const Active& segment, std::size_t count, std::size_t skip) {
  Changed changed;
  const auto run =
      std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.segment.get() == &segment; });
  if (run == runs_.end()) return changed;
  if (run->count < count) changed.truncated = (*run->places)[run->count].first;
  if (run->skip > skip) changed.trimmed = start_;
  if (!run->batches().empty()) sealed_end_ = run->batches().back().last() + 1;
  sealed_bytes_ += run->bytes();
  runs_.erase(run);
  return changed;
}

void PartitionLog::rewritten(std::uint64_t bytes_less) {
  forgot(bytes_less);
  tail_.reset();
  if (context_) context_->read_ahead.forget(number_);
}

void PartitionLog::forgot(std::uint64_t sealed_bytes) {
  bytes_ -= std::min(bytes_, sealed_bytes);
  sealed_bytes_ -= std::min(sealed_bytes_, sealed_bytes);
}

}  // namespace mq::storage
