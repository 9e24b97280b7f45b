// SPDX-License-Identifier: Apache-2.0
#include "storage/catalogue.h"

#include <algorithm>
#include <set>

#include "storage/error.h"

namespace mq::storage {
namespace {

constexpr std::size_t scan_rows_max = 1000;  // at once

Result<Catalogue::Run> run_of(const std::pair<std::string, std::string>& entry) {
  const std::string_view key = std::string_view(entry.first).substr(keys::catalogue.size());
  const auto row = unpacked<CatalogueRow>(entry.second);
  if (!row || key.size() != 12) return Errc::corrupt;
  return Catalogue::Run{keys::number(key), keys::offset(key.substr(4)), *row};
}

}  // namespace

error_code Catalogue::load() {
  std::lock_guard lock(mutex_);
  manifest_.clear();
  for (std::string from;;) {
    auto rows = store_.scan(keys::segments, from, scan_rows_max);
    if (!rows) return rows.error();
    for (const auto& [key, value] : *rows) {
      const auto row = unpacked<SegmentRow>(value);
      if (!row) return Errc::corrupt;
      newest_ = keys::number(std::string_view(key).substr(keys::segments.size()));
      manifest_[newest_] = *row;
    }
    if (rows->size() < scan_rows_max) return {};
    from = rows->back().first + '\0';
  }
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

error_code Catalogue::replaced(std::uint32_t number, SegmentRow row, const std::vector<Run>& runs,
                               const std::vector<Run>& gone, const std::vector<std::uint32_t>& old) {
  std::set<std::string> kept;
  for (const Run& run : runs) kept.insert(keys::catalogue_row(run.partition, run.last));
  Store::Change change;
  for (const Run& run : gone)
    if (auto key = keys::catalogue_row(run.partition, run.last); !kept.contains(key))
      change.erases.push_back(std::move(key));
  for (const std::uint32_t segment : old) change.erases.push_back(keys::segment(segment));
  if (const error_code error = sealed(number, row, runs, std::move(change))) return error;
  std::lock_guard lock(mutex_);
  for (const std::uint32_t segment : old) manifest_.erase(segment);
  return {};
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
  for (const auto& row : *rows) {
    auto run = run_of(row);
    if (!run) return run.error();
    runs.push_back(*run);
  }
  return runs;
}

Result<Catalogue::Forgotten> Catalogue::forget_before(PartitionNumber partition, Offset start) {
  Forgotten all;
  for (Offset from = 0;;) {
    auto runs = find(partition, from, scan_rows_max);
    if (!runs) return runs.error();
    const bool more = runs->size() == scan_rows_max && runs->back().last < start;
    if (more) from = runs->back().last + 1;
    std::erase_if(*runs, [&](const Run& run) { return run.last >= start; });
    auto some = forget(*runs, {});
    if (!some) return some;
    all.bytes += some->bytes;
    all.dead.insert(all.dead.end(), some->dead.begin(), some->dead.end());
    if (!more) return all;
  }
}

Result<Catalogue::Forgotten> Catalogue::forget_from(PartitionNumber partition, Offset end) {
  Forgotten all;
  for (;;) {
    auto runs = find(partition, end, scan_rows_max);
    if (!runs) return runs.error();
    if (runs->empty()) return all;
    const bool more = runs->size() == scan_rows_max;
    Store::Change change;
    const Run first = runs->front();
    if (first.row.first < end) {  // what is before the cut stays, under a new name
      const auto offsets = static_cast<double>(first.last - first.row.first + 1);
      const double kept = static_cast<double>(end - first.row.first) / offsets;
      CatalogueRow row = first.row;
      row.bytes = static_cast<std::uint64_t>(static_cast<double>(row.bytes) * kept);
      row.batches = std::max(1u, static_cast<std::uint32_t>(row.batches * kept));
      change.puts[keys::catalogue_row(partition, end - 1)] = packed(row);
    }
    auto some = forget(*runs, std::move(change));
    if (!some) return some;
    all.bytes += some->bytes;
    all.dead.insert(all.dead.end(), some->dead.begin(), some->dead.end());
    if (!more) return all;
  }
}

// Erases the rows; `change` may put back a part of some.
Result<Catalogue::Forgotten> Catalogue::forget(const std::vector<Run>& gone, Store::Change change) {
  Forgotten forgotten;
  if (gone.empty()) return forgotten;
  std::unique_lock lock(mutex_);
  Manifest touched;
  const auto row_of = [&](std::uint32_t number) -> SegmentRow* {
    if (const auto known = manifest_.find(number); known != manifest_.end())
      return &touched.insert(*known).first->second;
    return nullptr;
  };
  for (const Run& run : gone) {
    change.erases.push_back(keys::catalogue_row(run.partition, run.last));
    forgotten.bytes += run.row.bytes;
    if (SegmentRow* segment = row_of(run.row.segment)) {
      segment->rows -= std::min(segment->rows, 1u);
      segment->living -= std::min(segment->living, run.row.bytes);
    }
  }
  for (const auto& [key, value] : change.puts) {
    const auto row = unpacked<CatalogueRow>(value);
    forgotten.bytes -= row->bytes;
    if (SegmentRow* segment = row_of(row->segment)) segment->rows++, segment->living += row->bytes;
  }
  lock.unlock();

  for (const auto& [number, row] : touched) {
    if (row.rows > 0 || row.core_rows) {
      change.puts[keys::segment(number)] = packed(row);
    } else {
      change.erases.push_back(keys::segment(number));
      forgotten.dead.push_back(number);
    }
  }
  if (const error_code error = store_.commit(change)) return error;
  lock.lock();
  for (const auto& [number, row] : touched) manifest_[number] = row;
  for (const std::uint32_t number : forgotten.dead) manifest_.erase(number);
  return forgotten;
}

}  // namespace mq::storage
