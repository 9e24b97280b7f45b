// SPDX-License-Identifier: Apache-2.0
#include "storage/batch_index.h"

#include <algorithm>

#include "storage/keys.h"

namespace mq::storage {
namespace {

constexpr std::size_t read_extents_max = 4096;
constexpr std::size_t places_min = 4, places_max = 256;  // room made in advance

}  // namespace

void BatchIndex::restore(const PartitionRow& row) {
  start_ = row.start;
  sealed_end_ = row.end;
  end_ = std::max(row.start, row.end);
  bytes_ = sealed_bytes_ = row.bytes;
}

void BatchIndex::lose(Offset from, Offset to) {
  lost_.emplace_back(from, to);
  end_ = std::max(end_, to);
}

// ---------------------------------------------------------------------------------------------- what became
// durable

bool BatchIndex::append(const Batch& batch, std::uint32_t position, const std::shared_ptr<Active>& segment) {
  const bool first = runs_.empty() || runs_.back().segment != segment;
  if (first) {
    auto places = std::make_shared<std::vector<Place>>();
    const std::size_t before = runs_.empty() ? 0 : runs_.back().count;
    places->reserve(std::clamp(before, places_min, places_max));  // it will go on as it did
    runs_.push_back({segment, std::move(places)});
  }
  const auto offsets = static_cast<std::uint32_t>(batch.last - batch.first);
  runs_.back().add({batch.first, batch.time_max, position, static_cast<std::uint32_t>(batch.size), offsets});
  end_ = batch.last + 1;
  bytes_ += batch.size;
  return first;
}

std::optional<Offset> BatchIndex::truncate(Offset end) {
  truncations_++;
  if (end >= end_) return std::nullopt;
  for (Run& run : runs_) bytes_ -= std::min(bytes_, run.truncate(end));
  for (auto& [from, to] : lost_) to = std::min(to, end);
  std::erase_if(lost_, [](const auto& range) { return range.first >= range.second; });
  end_ = end;
  start_ = std::min(start_, end_);
  if (end >= sealed_end_) return std::nullopt;
  return std::exchange(sealed_end_, end);
}

std::optional<Offset> BatchIndex::trim(Offset start) {
  if (start <= start_) return std::nullopt;
  const bool sealed = start_ < sealed_end_;
  start_ = start;
  end_ = std::max(end_, start);
  for (Run& run : runs_) bytes_ -= std::min(bytes_, run.trim(start));
  std::erase_if(lost_, [start](const auto& range) { return range.second <= start; });
  return sealed ? std::optional(sealed_end_) : std::nullopt;
}

// ---------------------------------------------------------------------------------------------- for a read

BatchIndex::Limits BatchIndex::limits(Offset from) const {
  Limits limits{end_};
  for (const auto& [begin, end] : lost_) {
    if (from >= begin && from < end) limits.corrupt = true;
    if (from < begin) limits.end = std::min(limits.end, begin);
  }
  return limits;
}

Offset BatchIndex::readable_from(Offset from) const {
  for (const auto& [begin, end] : lost_)
    if (from >= begin && from < end) return end;
  return from;
}

std::optional<Offset> BatchIndex::first_lost() const {
  const auto first = std::min_element(lost_.begin(), lost_.end());
  return first == lost_.end() ? std::nullopt : std::optional(first->first);
}

Read BatchIndex::plan(Offset from, Offset limit, std::size_t bytes_max, std::vector<Extent>& extents) const {
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

std::optional<Offset> BatchIndex::at_time(std::int64_t timestamp) const {
  for (const Run& run : runs_)
    for (const Place& place : from_offset(run.batches(), start_))
      if (place.time_max >= timestamp) return std::max(place.first, start_);
  return std::nullopt;
}

std::optional<BatchIndex::Newest> BatchIndex::newest(std::optional<Newest> sealed) const {
  std::optional<Newest> newest = sealed;
  for (const Run& run : runs_)
    for (const Place& place : from_offset(run.batches(), start_))
      if (!newest || place.time_max > newest->second) newest = {place.first, place.time_max};
  return newest;
}

void BatchIndex::add_ranges(Offset from, Grain grain, std::size_t count_max,
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

Offset BatchIndex::boundary(Offset end) const {
  for (const Run& run : runs_)
    if (const auto rest = from_offset(run.batches(), end); !rest.empty())
      return std::min(end, rest.front().first);
  return end;
}

// ---------------------------------------------------------------------------------------------- for sealing

const Run* BatchIndex::run(const Active& segment) const {
  for (const Run& run : runs_)
    if (run.segment.get() == &segment) return &run;
  return nullptr;
}

PartitionRow BatchIndex::row(const Active& segment) const {
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

BatchIndex::Changed BatchIndex::sealed(const Active& segment, std::size_t count, std::size_t skip) {
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

void BatchIndex::forgot(std::uint64_t sealed_bytes) {
  bytes_ -= std::min(bytes_, sealed_bytes);
  sealed_bytes_ -= std::min(sealed_bytes_, sealed_bytes);
}

}  // namespace mq::storage
