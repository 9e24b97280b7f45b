// SPDX-License-Identifier: Apache-2.0
#include "storage/replay.h"

#include "storage/error.h"
#include "storage/logger.h"

namespace mq::storage {

error_code Replay::segment(const std::shared_ptr<SegmentFile>& file, const Scan& scan) {
  const auto segment = parts_.logs.active(file);
  Window window(*file->file, scan.end);
  auto next_hole = scan.holes.begin();
  for (std::size_t i = 0; i <= scan.records.size(); i++) {
    for (; next_hole != scan.holes.end() && next_hole->before == i; ++next_hole)
      if (const error_code error = hole(*next_hole, *file)) return error;
    if (i == scan.records.size()) break;
    if (const error_code error = record(scan.records[i], window, segment)) return error;
  }
  recovery_.bytes_scanned += scan.end;
  return {};
}

error_code Replay::record(const FoundRecord& found, Window& window, const std::shared_ptr<Active>& segment) {
  const auto bytes =
      window.at(found.position, sizeof(Header) + std::min<std::size_t>(found.length, batch_start_bytes));
  if (!bytes) return bytes.error();
  const auto header = load<Header>(*bytes);
  Append append;
  append.kind = header.kind;
  append.base = header.base;
  append.partition = header.partition;
  append.position = found.position + sizeof(Header);
  append.batch.size = header.length;
  if (header.partition) {
    parts_.meta.seen(header.partition);
    const auto removed = removed_.find(header.partition);
    if (removed != removed_.end() && segment->file->number <= removed->second) return {};
    met(header.partition);
    append.log = parts_.logs.log(header.partition);
  }
  const auto covered = covered_.find(header.partition);
  const bool is_covered = covered != covered_.end() && segment->file->number <= covered->second;
  if (header.kind == Kind::batch) {
    const Bytes start = bytes->subspan(sizeof(Header));
    const BatchHead batch = batch_head(start);
    append.batch.first = batch.first, append.batch.last = batch.last, append.batch.time_max = batch.time_max;
    found_behind(*append.log, batch.first);
    recovery_.batches_scanned++;
    if (!is_covered && parts_.options.on_start) parts_.options.on_start(header.partition, start);
  }
  if (header.kind == Kind::truncate) {
    truncate(header.partition, header.base);
    if (!is_covered && parts_.options.on_truncate) parts_.options.on_truncate(header.partition, header.base);
  }
  if (header.kind == Kind::trim && !is_covered && parts_.options.on_trim)
    parts_.options.on_trim(header.partition, header.base);
  if (header.kind == Kind::rows)
    if (const error_code error = rows(found, window)) return error;
  parts_.logs.apply(append, segment);
  return {};
}

error_code Replay::rows(const FoundRecord& found, Window& window) {
  const auto payload = window.at(found.position + sizeof(Header), found.length);
  if (!payload) return payload.error();
  if (auto change = decode_rows(text_of(*payload))) add_rows(core_rows, std::move(*change));
  return {};
}

// ---------------------------------------------------------------------------------------------- damage

// A header that still fits everything around it names its batch, although its CRC is wrong; otherwise
// anybody's batches may have been there.
error_code Replay::hole(const Scan::Hole& hole, const SegmentFile& file) {
  const std::uint64_t size = hole.to - hole.from;
  logger().error("segment {}: {} bytes at {} were durable and are no records any more", file.number, size,
                 hole.from);
  Window window(*file.file, hole.to);
  const auto bytes = window.at(hole.from, head_bytes_max);
  if (!bytes) return bytes.error();
  if (bytes->size() == head_bytes_max) {
    const auto header = load<Header>(*bytes);
    const BatchHead batch = batch_head(bytes->subspan(sizeof(Header)));
    const PartitionLog* log = parts_.logs.find(header.partition);
    const bool fits = record_bytes(header.length) == size && header.kind == Kind::batch &&
                      (batch.size == header.length || batch.first == header.base);
    if (fits && log && log->end() == std::max(batch.first, header.base)) {
      suspect(header.partition, log->end(), size);
      return {};
    }
  }
  suspect_all(size);
  return {};
}

void Replay::missing(std::uint32_t segment, std::uint64_t bytes) {
  logger().error("segment {} is lost: {}", segment, parts_.segments.path(segment).string());
  missing_.push_back(segment);
  suspect_all(bytes);
}

void Replay::suspect_all(std::uint64_t bytes) {
  for (const auto& [number, log] : parts_.logs.all()) suspect(number, log->end(), bytes);
  unmet_to_ += static_cast<Offset>(bytes);
}

// How many offsets were in those bytes nobody knows. If nothing follows, more are given up than they can have
// been in anything but an extreme, for no offset may ever be given twice.
void Replay::suspect(PartitionNumber partition, Offset end, std::uint64_t bytes) {
  const auto [suspect, first] = suspects_.try_emplace(partition, Suspect{end, end});
  suspect->second.to += static_cast<Offset>(std::max<std::uint64_t>(bytes, 1));
}

// A partition may have begun in a hole.
void Replay::met(PartitionNumber partition) {
  if (unmet_to_ > 0 && !parts_.logs.find(partition)) suspects_[partition] = {0, unmet_to_};
}

void Replay::found_behind(const PartitionLog& log, Offset first) {
  const auto suspect = suspects_.find(log.number());
  if (suspect == suspects_.end()) return;
  if (first > suspect->second.from) lose(log.number(), suspect->second.from, first);
  suspects_.erase(suspect);
}

// ---------------------------------------------------------------------------------------------- lost ranges

void Replay::known_lost(PartitionNumber partition, Offset from, Offset to) {
  lost_[{partition, from}] = stored_[{partition, from}] = to;
}

// A hole is met again at every start until its segment is sealed: what it took is known by then.
void Replay::lose(PartitionNumber partition, Offset from, Offset to) {
  Offset& end = lost_[{partition, from}];
  if (end >= to) return;
  end = to;
  logger().error("partition {}: offsets {} to {} are lost", partition, from, to - 1);
}

void Replay::truncate(PartitionNumber partition, Offset end) {
  for (auto at = lost_.lower_bound({partition, 0}); at != lost_.end() && at->first.first == partition;) {
    at->second = std::min(at->second, end);
    at = at->second <= at->first.second ? lost_.erase(at) : std::next(at);
  }
}

bool Replay::is_gone(PartitionNumber partition) const {
  return removed_.contains(partition) && !parts_.logs.find(partition);
}

// Who has nothing behind a hole may have lost its end, or all it had.
error_code Replay::finish() {
  for (PartitionNumber number = 1; unmet_to_ > 0 && number < parts_.meta.next_known(); number++)
    if (!is_gone(number)) met(number);
  for (const auto& [number, range] : suspects_) lose(number, range.from, range.to);
  Store::Change change = tell_logs();
  for (const auto& [number, log] : parts_.logs.all())
    if (!log->index().lost().empty()) recovery_.damaged.push_back(number);
  std::sort(recovery_.damaged.begin(), recovery_.damaged.end());
  if (change.puts.empty() && change.erases.empty() && missing_.empty()) return {};
  return parts_.catalogue.erase(missing_, std::move(change));
}

// Returns what meta has to be told. Of what was trimmed or removed nothing is kept.
Store::Change Replay::tell_logs() {
  Store::Change change;
  std::erase_if(lost_, [this](const auto& range) {
    const PartitionNumber number = range.first.first;
    if (is_gone(number)) return true;
    const auto log = parts_.logs.log(number);
    if (range.second <= log->start()) return true;
    log->index().lose(range.first.second, range.second);
    return false;
  });
  for (const auto& [at, to] : lost_)
    if (const auto stored = stored_.find(at); stored == stored_.end() || stored->second != to)
      change.puts[keys::quarantined(at.first, at.second)] = keys::big_endian(to);
  for (const auto& [at, to] : stored_)
    if (!lost_.contains(at)) change.erases.push_back(keys::quarantined(at.first, at.second));
  return change;
}

}  // namespace mq::storage
