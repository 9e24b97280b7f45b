// SPDX-License-Identifier: Apache-2.0
#include "storage/restore.h"

#include <algorithm>
#include <limits>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/recovery.h"

namespace mq::storage {
namespace {

constexpr std::size_t lost_lines_max = 100;

// What a .log says of itself, as it was when it was sealed.
class LogIndex {
 public:
  explicit LogIndex(const std::shared_ptr<SegmentFile>& segment) { sealing_.segment = segment; }
  error_code read(OldTable old);
  bool is_whole() const { return is_whole_; }  // nothing that was written to the .log is missing in it
  // Ranges that `run` has and the .log has not become entries of their own, and are added to `lost`.
  void mark_lost(const Catalogue::Run& run, std::vector<Catalogue::Run>& lost);
  Sealing sealing();

 private:
  bool has_all_of(const Catalogue::Run& run);
  void add(const Header& header, Bytes payload, std::uint32_t position);

  Sealing sealing_;
  std::map<PartitionNumber, std::vector<Place>> places_;
  bool is_whole_ = false;
};

error_code LogIndex::read(OldTable old) {
  const SegmentFile& segment = *sealing_.segment;
  const auto found = scan(segment, Known{.end = segment.size});
  if (!found) return found.error();
  const bool has_all = found->begin && found->begin->changes > 0;
  if (!has_all && old == OldTable::partly_readable) return Errc::corrupt;
  is_whole_ = has_all && found->holes.empty();
  Window window(*segment.file, segment.size);
  for (const FoundRecord& record : found->records) {
    const auto bytes = window.at(record.position, head_bytes_max);
    if (!bytes) return bytes.error();
    add(load<Header>(*bytes), bytes->subspan(sizeof(Header)), record.position + sizeof(Header));
    sealing_.end = record.position + record_bytes(record.length);
  }
  return {};
}

void LogIndex::add(const Header& header, Bytes payload, std::uint32_t position) {
  const auto forget_from = [](std::vector<Place>& places, Offset end) {
    while (!places.empty() && places.back().last() >= end) places.pop_back();
  };
  auto& places = places_[header.partition];
  switch (header.kind) {
    case Kind::batch: {
      const BatchHead batch = batch_head(payload);
      forget_from(places, batch.first);  // a later record replaces it
      const auto offsets = static_cast<std::uint32_t>(batch.last - batch.first);
      places.push_back({batch.first, batch.time_max, position, header.length, offsets, 0});
      break;
    }
    case Kind::truncate:
      forget_from(places, header.base);
      note_truncation(header.partition, header.base, sealing_.truncations, sealing_.trims);
      break;
    case Kind::trim:
      sealing_.trims.emplace_back(header.partition, header.base);
      break;
    case Kind::rows: {
      const auto count = static_cast<Offset>(sealing_.core_rows.size());
      sealing_.core_rows.push_back({count, -1, position, header.length, 0, 0});
      break;
    }
    case Kind::begin:
    case Kind::note:
      break;
  }
}

// Otherwise some are missing, or the run was trimmed or truncated.
bool LogIndex::has_all_of(const Catalogue::Run& run) {
  std::uint64_t bytes = 0, batches = 0;
  for (const Place& place : from_offset(places_[run.partition], run.row.first)) {
    if (place.first > run.last) break;
    bytes += place.size;
    batches++;
  }
  return bytes == run.row.bytes && batches == run.row.batches;
}

// Offsets of a partition follow each other in a segment, unless it was compacted or damage came between them.
void LogIndex::mark_lost(const Catalogue::Run& run, std::vector<Catalogue::Run>& lost) {
  constexpr Offset offsets_max = std::numeric_limits<std::uint32_t>::max();
  if (has_all_of(run)) return;
  std::vector<Place>& all = places_[run.partition];
  std::vector<Place> gaps;
  Offset expected = run.row.first;
  const auto gap_before = [&](Offset next) {
    if (expected < next) lost.push_back({run.partition, next - 1, {.first = expected}});
    for (; expected < next; expected = gaps.back().last() + 1)
      gaps.push_back(
          {expected, -1, 0, 0, static_cast<std::uint32_t>(std::min(next - 1 - expected, offsets_max)), 0});
  };
  for (const Place& place : from_offset(all, run.row.first)) {
    if (place.first > run.last) break;
    gap_before(place.first);
    expected = place.last() + 1;
  }
  gap_before(run.last + 1);
  if (gaps.empty()) return;
  all.insert(all.end(), gaps.begin(), gaps.end());
  std::sort(all.begin(), all.end(), [](const Place& a, const Place& b) { return a.first < b.first; });
}

Sealing LogIndex::sealing() {
  places_.erase(0);
  for (auto& [partition, places] : places_) {
    const std::size_t count = places.size();
    auto shared = std::make_shared<const std::vector<Place>>(std::move(places));
    sealing_.parts.push_back({partition, std::move(shared), 0, count, {}, nullptr});
  }
  return std::move(sealing_);
}

// The table takes the place of whatever lies there when it is durable, and not before.
error_code put_in_place(leveldb::Env& env, FileSystem& files, const Path& path, const Sealing& sealing) {
  const Path fresh = path.string() + ".new";
  const std::atomic<bool> stopping = false;
  const auto table = write_table(env, fresh, sealing, stopping);
  if (!table) return table.error();
  if (const error_code error = files.rename(fresh, path)) return error;
  return files.sync_dir(path.parent_path());
}

}  // namespace

Result<std::vector<Catalogue::Run>> restore_table(leveldb::Env& env, const SegmentFiles& files,
                                                  const Catalogue& catalogue, std::uint32_t number,
                                                  OldTable old) {
  const auto row = catalogue.segment(number);
  if (!row || !row->has_file) return Errc::corrupt;
  auto file = files.open(number, row->seed, FileSystem::Mode::read);
  if (!file) return file.error();
  LogIndex index(*file);
  if (const error_code error = index.read(old)) return error;
  const auto runs = catalogue.runs_in(number);
  if (!runs) return runs.error();
  std::vector<Catalogue::Run> lost;
  for (const Catalogue::Run& run : *runs) index.mark_lost(run, lost);

  const Path path = files.table_path(number);
  if (const error_code error = put_in_place(env, files.files, path, index.sealing())) return error;
  if (!catalogue.segment(number)) files.files.remove(path);  // forgotten meanwhile
  return lost;
}

Result<Restored> restore_table(leveldb::Env& env, FileSystem& files, const Path& dir, std::uint32_t number) {
  auto file = files.open(segment_path(dir, number, ".log"), FileSystem::Mode::read);
  if (!file) return file.error();
  const auto begin = read_begin(**file, number);
  const auto size = (*file)->size();
  if (!begin || !size) return begin ? size.error() : begin.error();
  if (!*begin) return Errc::corrupt;
  const auto segment = std::make_shared<SegmentFile>();
  segment->number = number, segment->seed = (*begin)->seed, segment->size = *size;
  segment->file = std::move(*file);
  LogIndex index(segment);
  if (const error_code error = index.read(OldTable::unreadable)) return error;
  if (const error_code error = put_in_place(env, files, segment_path(dir, number, ".ldb"), index.sealing()))
    return error;
  return index.is_whole() ? Restored::whole : Restored::in_part;
}

void log_lost(std::uint32_t segment, const std::vector<Catalogue::Run>& lost) {
  for (const Catalogue::Run& run : std::span(lost).first(std::min(lost.size(), lost_lines_max)))
    logger().error("segment {}: partition {}: offsets {} to {} cannot be read any more", segment,
                   run.partition, run.row.first, run.last);
  if (lost.size() > lost_lines_max)
    logger().error("segment {}: and {} more ranges", segment, lost.size() - lost_lines_max);
}

}  // namespace mq::storage
