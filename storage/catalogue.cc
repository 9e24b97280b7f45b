// SPDX-License-Identifier: Apache-2.0
#include "storage/catalogue.h"

#include <algorithm>

#include "storage/error.h"

namespace mq::storage {
namespace {

// `key`: behind keys::catalogue.
Result<Catalogue::Run> run_of(std::string_view key, std::string_view value) {
  const auto row = unpacked<CatalogueRow>(value);
  if (!row || key.size() != 12) return Errc::corrupt;
  return Catalogue::Run{keys::number(key), keys::offset(key.substr(4)), *row};
}

}  // namespace

Catalogue::Run Catalogue::Run::between(Offset from, Offset limit) const {
  Run part = *this;
  part.row.first = std::max(row.first, from);
  part.last = std::min(last, limit - 1);
  if (part.row.first == row.first && part.last == last) return part;
  const auto offsets = static_cast<double>(last - row.first + 1);
  const double share = static_cast<double>(part.last - part.row.first + 1) / offsets;
  part.row.bytes = static_cast<std::uint64_t>(static_cast<double>(row.bytes) * share);
  part.row.batches = std::max(1u, static_cast<std::uint32_t>(row.batches * share));
  return part;
}

error_code Catalogue::load() {
  std::lock_guard lock(mutex_);
  manifest_.clear();
  return for_each_row(store_, keys::segments, [this](auto key, auto value) -> error_code {
    const auto row = unpacked<SegmentRow>(value);
    if (!row) return Errc::corrupt;
    newest_ = keys::number(key);
    manifest_[newest_] = *row;
    return {};
  });
}

Catalogue::Manifest Catalogue::manifest() const {
  std::lock_guard lock(mutex_);
  return manifest_;
}

std::optional<SegmentRow> Catalogue::segment(std::uint32_t number) const {
  std::lock_guard lock(mutex_);
  const auto known = manifest_.find(number);
  return known == manifest_.end() ? std::nullopt : std::optional(known->second);
}

std::uint32_t Catalogue::next_segment() {
  std::lock_guard lock(mutex_);
  return ++newest_;
}

void Catalogue::used(std::uint32_t number) {
  std::lock_guard lock(mutex_);
  newest_ = std::max(newest_, number);
}

error_code Catalogue::opened(std::uint32_t number, std::uint32_t seed, std::uint64_t disk_bytes) {
  SegmentRow row;
  row.seed = seed;
  row.disk_bytes = disk_bytes;
  Store::Change change;
  change.puts[keys::segment(number)] = packed(row);
  if (const error_code error = store_.commit(change)) return error;
  std::lock_guard lock(mutex_);
  manifest_[number] = row;
  return {};
}

error_code Catalogue::measured(std::uint32_t number, std::uint64_t disk_bytes) {
  auto row = segment(number);
  if (!row) return Errc::not_found;
  row->disk_bytes = disk_bytes;
  Store::Change change;
  change.puts[keys::segment(number)] = packed(*row);
  if (const error_code error = store_.commit(change)) return error;
  std::lock_guard lock(mutex_);
  manifest_[number] = *row;
  return {};
}

error_code Catalogue::sealed(std::uint32_t number, SegmentRow row, const std::vector<Run>& runs,
                             Store::Change change) {
  row.state = SegmentRow::sealed;
  row.rows = static_cast<std::uint32_t>(runs.size());
  row.living = 0;
  for (const Run& run : runs) {
    row.living += run.row.bytes;
    change.puts[keys::catalogue_row(run.partition, run.last)] = packed(run.row);
  }
  change.puts[keys::segment(number)] = packed(row);
  // Who finds a run in the store finds its segment here.
  std::unique_lock lock(mutex_);
  const auto known = manifest_.find(number);
  const auto before = known == manifest_.end() ? std::nullopt : std::optional(known->second);
  manifest_[number] = row;
  lock.unlock();
  const error_code error = store_.commit(change);
  if (!error) return {};
  lock.lock();
  if (before)
    manifest_[number] = *before;
  else
    manifest_.erase(number);
  return error;
}

Result<std::vector<std::uint32_t>> Catalogue::replaced(std::uint32_t number, SegmentRow row,
                                                       const std::vector<Run>& runs,
                                                       const std::vector<Run>& gone,
                                                       const std::vector<std::uint32_t>& copied) {
  row.state = SegmentRow::sealed;
  row.rows = static_cast<std::uint32_t>(runs.size());
  row.living = 0;
  Store::Change change;
  for (const Run& run : runs) {
    row.living += run.row.bytes;
    change.puts[keys::catalogue_row(run.partition, run.last)] = packed(run.row);
  }
  Manifest touched;
  {
    std::lock_guard lock(mutex_);
    release(gone, touched, change);
    for (const std::uint32_t segment : copied)
      if (SegmentRow* old = touch(segment, touched)) old->core_rows = 0;
    manifest_[number] = row;  // who finds a run in the store finds its segment here
  }
  change.puts[keys::segment(number)] = packed(row);
  auto dead = put(touched, change);
  std::map<PartitionNumber, std::int64_t> more;
  for (const Run& run : gone) more[run.partition] -= static_cast<std::int64_t>(run.row.bytes);
  for (const Run& run : runs) more[run.partition] += static_cast<std::int64_t>(run.row.bytes);
  error_code failed;
  for (const auto& [partition, bytes] : more)
    if (!failed) failed = add_bytes(partition, bytes, change);
  if (!failed) failed = store_.commit(change);
  if (failed) {
    std::lock_guard lock(mutex_);
    manifest_.erase(number);
    return failed;
  }
  adopt(touched, dead);
  return dead;
}

error_code Catalogue::erase(const std::vector<std::uint32_t>& numbers, Store::Change change) {
  for (const std::uint32_t number : numbers) change.erases.push_back(keys::segment(number));
  if (const error_code error = store_.commit(change)) return error;
  std::lock_guard lock(mutex_);
  for (const std::uint32_t number : numbers) manifest_.erase(number);
  return {};
}

Result<std::vector<Catalogue::Run>> Catalogue::find(PartitionNumber partition, Offset from,
                                                    std::size_t limit) const {
  auto rows = store_.scan(keys::catalogue_rows(partition), keys::catalogue_row(partition, from), limit);
  if (!rows) return rows.error();
  std::vector<Run> runs;
  for (const auto& [key, value] : *rows) {
    auto run = run_of(std::string_view(key).substr(keys::catalogue.size()), value);
    if (!run) return run.error();
    runs.push_back(*run);
  }
  return runs;
}

Result<std::vector<Catalogue::Run>> Catalogue::runs_in(std::uint32_t segment) const {
  std::vector<Run> runs;
  const error_code error = for_each_row(store_, keys::catalogue, [&](auto key, auto value) -> error_code {
    const auto run = run_of(key, value);
    if (!run) return run.error();
    if (run->row.segment == segment) runs.push_back(*run);
    return {};
  });
  return error ? Result<std::vector<Run>>(error) : runs;
}

error_code Catalogue::lost_rows(PartitionNumber partition, std::map<std::string, std::string>& rows) const {
  return copy_rows(store_, keys::quarantined(partition), rows);
}

Result<std::uint64_t> Catalogue::bytes(PartitionNumber partition) const {
  const auto text = store_.get(keys::partition(partition));
  if (!text) return text.error();
  const auto row = *text ? unpacked<PartitionRow>(**text) : PartitionRow{};
  return row ? Result<std::uint64_t>(row->bytes) : Result<std::uint64_t>(Errc::corrupt);
}

// A partition without a row has been removed, or was never in a sealed segment.
error_code Catalogue::add_bytes(PartitionNumber partition, std::int64_t more, Store::Change& change) const {
  const auto text = store_.get(keys::partition(partition));
  if (!text) return text.error();
  auto row = *text ? unpacked<PartitionRow>(**text) : std::nullopt;
  if (!row) return {};
  const auto less = static_cast<std::uint64_t>(-more);
  row->bytes =
      more < 0 ? row->bytes - std::min(row->bytes, less) : row->bytes + static_cast<std::uint64_t>(more);
  change.puts[keys::partition(partition)] = packed(*row);
  return {};
}

Result<Catalogue::Forgotten> Catalogue::forget_before(PartitionNumber partition, Offset start,
                                                      Offset counted) {
  Forgotten all;
  for (Offset from = 0;;) {
    auto runs = find(partition, from, rows_at_once);
    if (!runs) return runs.error();
    const bool more = runs->size() == rows_at_once && runs->back().last < start;
    if (more) from = runs->back().last + 1;
    std::erase_if(*runs, [&](const Run& run) { return run.last >= start && run.row.first >= start; });
    Store::Change change;
    if (!runs->empty() && runs->back().last >= start) {
      const Run left = runs->back().between(start, runs->back().last + 1);
      change.puts[keys::catalogue_row(partition, left.last)] = packed(left.row);
    }
    if (const error_code error = forget(*runs, std::move(change), counted, all)) return error;
    if (!more) return all;
  }
}

Result<Catalogue::Forgotten> Catalogue::forget_from(PartitionNumber partition, Offset end, Offset counted) {
  Forgotten all;
  for (;;) {
    auto runs = find(partition, end, rows_at_once);
    if (!runs) return runs.error();
    if (runs->empty()) return all;
    const bool more = runs->size() == rows_at_once;
    Store::Change change;
    const Run first = runs->front();
    if (first.row.first < end) {  // what is before the truncation stays, under a new name
      const Run left = first.between(first.row.first, end);
      change.puts[keys::catalogue_row(partition, left.last)] = packed(left.row);
    }
    if (const error_code error = forget(*runs, std::move(change), counted, all)) return error;
    if (!more) return all;
  }
}

// They have no rows any more that would have to say less.
Result<Catalogue::Forgotten> Catalogue::forget_all(const std::vector<PartitionNumber>& partitions,
                                                   const std::atomic<bool>& stopping) {
  constexpr std::size_t runs_per_change_max = 200'000;
  Forgotten all;
  std::vector<Run> gone;
  for (const PartitionNumber partition : partitions) {
    for (Offset from = 0; from >= 0;) {
      if (stopping) return all;
      const auto runs = find(partition, from, rows_at_once);
      if (!runs) return runs.error();
      gone.insert(gone.end(), runs->begin(), runs->end());
      from = runs->size() < rows_at_once ? -1 : runs->back().last + 1;
    }
    if (gone.size() < runs_per_change_max) continue;
    if (const error_code error = take_out(gone, {}, 0, {}, all)) return error;
    gone.clear();
  }
  if (const error_code error = take_out(gone, {}, 0, {}, all)) return error;
  return all;
}

// Of one partition. Erases the rows; `change` may put back a part of some.
error_code Catalogue::forget(const std::vector<Run>& gone, Store::Change change, Offset counted,
                             Forgotten& all) {
  if (gone.empty()) return {};
  return take_out(gone, std::move(change), counted, gone.front().partition, all);
}

// `owner`: whose row is to say less.
error_code Catalogue::take_out(const std::vector<Run>& gone, Store::Change change, Offset counted,
                               std::optional<PartitionNumber> owner, Forgotten& all) {
  if (gone.empty()) return {};
  Forgotten some;
  const auto count = [&](const CatalogueRow& row, std::uint64_t sign) {
    some.bytes += sign * row.bytes;
    if (row.first < counted) some.counted += sign * row.bytes;
  };
  Manifest touched;
  {
    std::lock_guard lock(mutex_);
    for (const Run& run : gone) count(run.row, 1);
    release(gone, touched, change);
    for (const auto& [key, value] : change.puts) {
      const auto row = unpacked<CatalogueRow>(value);
      count(*row, std::uint64_t(-1));
      if (SegmentRow* segment = touch(row->segment, touched)) segment->rows++, segment->living += row->bytes;
    }
  }
  error_code failed;
  if (owner) failed = add_bytes(*owner, -static_cast<std::int64_t>(some.bytes), change);
  if (failed) return failed;
  some.dead = put(touched, change);
  if (const error_code error = store_.commit(change)) return error;
  adopt(touched, some.dead);
  all.bytes += some.bytes;
  all.counted += some.counted;
  all.dead.insert(all.dead.end(), some.dead.begin(), some.dead.end());
  return {};
}

// ---------------------------------------------------------------------------------------------- segments
// that lose something

// With the lock held: the row as it will be.
SegmentRow* Catalogue::touch(std::uint32_t number, Manifest& touched) const {
  const auto known = manifest_.find(number);
  return known == manifest_.end() ? nullptr : &touched.insert(*known).first->second;
}

// With the lock held. A row that `change` puts anew is not erased.
void Catalogue::release(const std::vector<Run>& gone, Manifest& touched, Store::Change& change) const {
  for (const Run& run : gone) {
    std::string key = keys::catalogue_row(run.partition, run.last);
    if (!change.puts.contains(key)) change.erases.push_back(std::move(key));
    if (SegmentRow* segment = touch(run.row.segment, touched)) {
      segment->rows -= std::min(segment->rows, 1u);
      segment->living -= std::min(segment->living, run.row.bytes);
    }
  }
}

// Returns those that nobody needs: their rows go.
std::vector<std::uint32_t> Catalogue::put(const Manifest& touched, Store::Change& change) {
  std::vector<std::uint32_t> dead;
  for (const auto& [number, row] : touched) {
    if (row.rows > 0 || row.core_rows) {
      change.puts[keys::segment(number)] = packed(row);
    } else {
      change.erases.push_back(keys::segment(number));
      dead.push_back(number);
    }
  }
  return dead;
}

void Catalogue::adopt(const Manifest& touched, const std::vector<std::uint32_t>& dead) {
  std::lock_guard lock(mutex_);
  for (const auto& [number, row] : touched) manifest_[number] = row;
  for (const std::uint32_t number : dead) manifest_.erase(number);
}

}  // namespace mq::storage
