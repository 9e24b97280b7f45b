// SPDX-License-Identifier: Apache-2.0
#include "storage/rebuild.h"

#include <algorithm>
#include <set>

#include "storage/env.h"
#include "storage/error.h"
#include "storage/logger.h"
#include "storage/recovery.h"
#include "storage/restore.h"

namespace mq::storage {
namespace {

// Segment files by number: whether there is a .log, and a .ldb.
std::map<std::uint32_t, std::pair<bool, bool>> segments_in(FileSystem& files, const Path& dir) {
  std::map<std::uint32_t, std::pair<bool, bool>> found;
  const auto names = files.list(dir);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto number = static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
    if (number > 0 && name.ends_with(".log")) found[number].first = true;
    if (number > 0 && name.ends_with(".ldb")) found[number].second = true;
  }
  return found;
}

}  // namespace

Rebuild::Rebuild(FileSystem& files, Path data, Start start)
    : files_(files), data_(std::move(data)), start_(std::move(start)), env_(make_env(files)) {}

bool Rebuild::has_segments(FileSystem& files, const Path& dir) {
  for (const auto& [number, has] : segments_in(files, dir)) {
    if (has.second) return true;
    auto file = files.open(segment_path(dir, number, ".log"), FileSystem::Mode::read);
    const auto begin = file ? read_begin(**file, number) : Result<std::optional<Begin>>(std::nullopt);
    if (begin && *begin) return true;
  }
  return false;
}

// After an error a store answers nothing until it is opened again: what it has of something else can be
// whole.
void Rebuild::salvage() {
  if (!files_.exists(data_ / "meta" / "CURRENT")) return;
  for (const std::string_view prefix : {keys::core, keys::removed, keys::quarantine}) {
    const auto old = Store::open(files_, data_ / "meta");
    if (!old) return;
    if (const error_code error = copy_rows(**old, prefix, change_.puts))
      logger().error("what meta has under {} cannot be read: {}", prefix, error.message());
  }
}

Result<std::unique_ptr<Store>> Rebuild::run() {
  salvage();
  error_code error = set_aside();
  if (!error) error = read_tables();
  if (!error) error = place_runs();
  if (error) return error;
  for (const auto& [number, row] : segments_) change_.puts[keys::segment(number)] = packed(row);
  auto store = Store::open(files_, data_ / "meta");
  if (!store) return store;
  if ((error = (*store)->commit(change_))) return error;
  logger().warn("meta was made anew from {} tables and {} segments", tables_.size(), segments_.size());
  return store;
}

error_code Rebuild::set_aside() {
  if (!files_.exists(data_ / "meta")) return {};
  for (int n = 1;; n++) {
    const Path aside = data_ / ("meta.damaged-" + std::to_string(n));
    if (files_.exists(aside)) continue;
    logger().error("meta is lost, damaged or older than the journal: what is there is set aside as {}",
                   aside.string());
    const error_code error = files_.rename(data_ / "meta", aside);
    return error ? error : files_.sync_dir(data_);
  }
}

// ---------------------------------------------------------------------------------------------- segments

error_code Rebuild::read_tables() {
  found_ = segments_in(files_, data_ / "journal");
  for (const auto& [number, has] : found_)
    if (has.second) read_table(number);
  restore_tables();
  std::erase_if(tables_, [&](const Table& table) { return replaced_.contains(table.number); });
  std::sort(tables_.begin(), tables_.end(), [](const Table& a, const Table& b) { return a.order < b.order; });
  for (Table& table : tables_)
    if (const error_code error = read_core_rows(table)) return error;
  bool newest = true;
  for (auto found = found_.rbegin(); found != found_.rend(); ++found) {
    const std::uint32_t number = found->first;
    const bool open = found->second.first && !has_table(number) && !replaced_.contains(number);
    if (open) add_open(number, newest);
    newest = newest && open && !segments_.contains(number);  // behind it are only some that were made ready
  }
  return {};
}

bool Rebuild::has_table(std::uint32_t number) const {
  return std::ranges::any_of(tables_, [number](const Table& table) { return table.number == number; });
}

void Rebuild::read_table(std::uint32_t number) {
  const Path dir = data_ / "journal";
  const bool has_file = found_.at(number).first;
  Table table;
  table.number = table.order = number;
  auto sealed = Sealed::open(*env_, dir, number, {});
  const auto text = sealed ? (*sealed)->summary() : Result<std::string>(sealed.error());
  auto summary = text ? Summary::decode(*text) : std::nullopt;
  if (!summary) {
    logger().error("{} cannot be read", segment_path(dir, number, ".ldb").string());
    incomplete_ = incomplete_ || !has_file;
    return;
  }
  table.row.seed = summary->seed;
  table.row.has_file = has_file;
  const auto bytes = files_.size(segment_path(dir, number, ".ldb"));
  table.row.disk_bytes = (bytes ? *bytes : 0) + (has_file ? summary->end : 0);
  table.sealed = std::move(*sealed);
  table.summary = std::move(*summary);
  for (const std::uint32_t old : table.summary.replaced) {
    replaced_.insert(old);
    table.order = std::min(table.order, old);
  }
  for (const std::uint32_t source : table.summary.sources) table.order = std::min(table.order, source);
  tables_.push_back(std::move(table));
}

// Segments are sealed in order: one before another that was sealed had a table, too, and its .log has what
// was in it.
void Rebuild::restore_tables() {
  std::uint32_t newest = 0;
  for (const Table& table : tables_)
    if (table.summary.sources.empty() && table.summary.replaced.empty())
      newest = std::max(newest, table.number);
  for (auto& [number, has] : found_) {
    if (number >= newest || !has.first || has_table(number) || replaced_.contains(number)) continue;
    const Path path = segment_path(data_ / "journal", number, ".ldb");
    const auto restored = restore_table(*env_, files_, data_ / "journal", number);
    const bool is_whole = restored && *restored == Restored::whole;
    incomplete_ = incomplete_ || !is_whole;
    if (!restored) {
      logger().error("{} is lost and cannot be made anew: {}", path.string(), restored.error().message());
      continue;
    }
    logger().warn("{} was lost and is made anew from its .log{}", path.string(),
                  is_whole ? "" : ", as far as that is whole");
    has.second = true;
    read_table(number);
  }
}

error_code Rebuild::read_core_rows(const Table& table) {
  return table.sealed->visit_all([&](PartitionNumber partition, Offset, std::string_view value) {
    if (partition != 0) return false;
    if (auto rows = decode_rows(value)) add_rows(change_, std::move(*rows));
    segments_[table.number].core_rows = 1;
    return true;
  });
}

// The newest may be shorter than it was made; others may have been sealed once, and cut to size.
void Rebuild::add_open(std::uint32_t number, bool newest) {
  auto file = files_.open(segment_path(data_ / "journal", number, ".log"), FileSystem::Mode::read);
  const auto size = file ? (*file)->size() : Result<std::uint64_t>(file.error());
  const auto begin = file ? read_begin(**file, number) : Result<std::optional<Begin>>(file.error());
  if (!begin || !size) {
    incomplete_ = true;
    return;
  }
  if (!*begin) return;  // nothing was written to it, or nobody can tell what
  SegmentRow row;
  const auto made = newest ? size_as_made(**file, number) : Result<std::uint64_t>(0);
  if (!made) incomplete_ = true;
  row.seed = (*begin)->seed;
  row.disk_bytes = std::max(*size, made ? *made : 0);
  segments_[number] = row;
}

// ---------------------------------------------------------------------------------------------- partitions

// Whether what `a` has of a partition counts rather than what `b` has: it took it over from there, or was
// written later.
bool Rebuild::beats(const Table& a, const Table& b) {
  const auto took = [](const Table& table, const Table& source) {
    const auto& sources = table.summary.sources;
    return std::find(sources.begin(), sources.end(), source.number) != sources.end();
  };
  return took(a, b) || (a.order > b.order && !took(b, a));
}

// Truncations that came after a run was sealed, and what another segment has instead.
void Rebuild::apply_truncations(std::vector<std::pair<const Table*, Catalogue::Run>>& runs) const {
  for (auto& [table, run] : runs)
    for (const Table& later : tables_)
      for (const auto& [partition, end] : later.summary.truncations)
        if (partition == run.partition && later.order > table->order && later.number > table->number)
          run.last = std::min(run.last, end - 1);
  for (auto& [table, run] : runs)
    for (const auto& [other, instead] : runs)
      if (instead.row.first <= run.last && instead.last >= run.row.first && beats(*other, *table))
        run.last = std::min(run.last, instead.row.first - 1);
  std::erase_if(runs, [](const auto& entry) { return entry.second.last < entry.second.row.first; });
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.second.row.first < b.second.row.first; });
}

error_code Rebuild::place_runs() {
  std::map<PartitionNumber, std::vector<std::pair<const Table*, Catalogue::Run>>> partitions;
  std::map<PartitionNumber, Offset> starts;
  for (Table& table : tables_) {
    for (const auto& run : table.summary.runs) partitions[run.partition].emplace_back(&table, run);
    for (const auto& [partition, end] : table.summary.truncations) {  // below a start it takes that along
      Offset& start = starts[partition];
      start = std::min(start, end);
    }
    for (const auto& [partition, start] : table.summary.trims)
      starts[partition] = std::max(starts[partition], start);
  }
  std::map<std::uint32_t, SegmentRow> rows;
  for (const Table& table : tables_) rows[table.number] = table.row;
  PartitionNumber highest = 0;
  for (auto& [partition, runs] : partitions) {
    apply_truncations(runs);
    highest = std::max(highest, partition);
    PartitionRow row{starts[partition], starts[partition], 0};
    std::erase_if(runs, [&](const auto& entry) { return entry.second.last < row.start; });
    if (!runs.empty() && row.start == 0) row.start = runs.front().second.row.first;
    Offset expected = runs.empty() ? 0 : runs.front().second.row.first;
    for (const auto& [table, run] : runs) {
      change_.puts[keys::catalogue_row(partition, run.last)] = packed(run.row);
      SegmentRow& segment = rows[table->number];
      segment.rows++;
      segment.bytes += run.row.bytes;
      segment.living += run.row.bytes;
      row.bytes += run.row.bytes;
      if (incomplete_ && run.row.first > expected)
        change_.puts[keys::quarantined(partition, expected)] = keys::big_endian(run.row.first);
      expected = row.end = run.last + 1;
      if (const error_code error = give_starts(*table, run)) return error;
    }
    change_.puts[keys::partition(partition)] = packed(row);
  }
  for (auto& [number, row] : rows) {
    row.state = SegmentRow::sealed;
    row.core_rows = segments_[number].core_rows;
    segments_[number] = row;
  }
  change_.puts[std::string(keys::next)] = packed(static_cast<PartitionNumber>(highest + 1));
  return {};
}

error_code Rebuild::give_starts(const Table& table, const Catalogue::Run& run) {
  if (!start_) return {};
  std::shared_ptr<File> file;
  if (table.row.has_file) {
    auto opened = files_.open(segment_path(data_ / "journal", table.number, ".log"), FileSystem::Mode::read);
    if (opened) file = std::move(*opened);
  }
  return table.sealed->visit(run.partition, run.row.first, [&](const Sealed::Entry& entry) {
    if (entry.last > run.last) return false;
    if (entry.lost()) return true;
    std::array<std::byte, batch_start_bytes> start;  // large batches only lie in the file
    if (!entry.batch.empty()) {
      start_(run.partition, entry.batch.first(std::min(entry.batch.size(), start.size())));
    } else if (file) {
      const auto got = file->read(start, entry.position);
      if (got && *got >= batch_head_bytes) start_(run.partition, std::span(start).first(*got));
    }
    return true;
  });
}

}  // namespace mq::storage
