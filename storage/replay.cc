// SPDX-License-Identifier: Apache-2.0
#include "storage/replay.h"

#include "storage/error.h"
#include "storage/logger.h"

namespace mq::storage {

error_code Replay::segment(const std::shared_ptr<SegmentFile>& file, const Scan& scan) {
  const auto segment = journal_.active(file);
  Window window(*file->file, scan.end);
  auto next_hole = scan.holes.begin();
  for (std::size_t i = 0; i <= scan.records.size(); i++) {
    for (; next_hole != scan.holes.end() && next_hole->before == i; ++next_hole)
      if (const error_code error = hole(*next_hole, *file)) return error;
    if (i == scan.records.size()) break;
    if (const error_code error = record(scan.records[i], window, segment)) return error;
  }
  journal_.recovery_.bytes_scanned += scan.end;
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
    journal_.meta_->seen(header.partition);
    const auto removed = removed_.find(header.partition);
    if (removed != removed_.end() && segment->file->number <= removed->second) return {};
    append.log = journal_.partition_log(header.partition);
  }
  if (header.kind == Kind::batch) {
    const Bytes start = bytes->subspan(sizeof(Header));
    const BatchHead batch = batch_head(start);
    append.batch.first = batch.first, append.batch.last = batch.last, append.batch.time_max = batch.time_max;
    found_behind(*append.log, batch.first);
    journal_.recovery_.batches_scanned++;
    const auto covered = covered_.find(header.partition);
    const bool known = covered != covered_.end() && segment->file->number <= covered->second;
    if (!known && journal_.options_.on_start) journal_.options_.on_start(header.partition, start);
  }
  if (header.kind == Kind::rows)
    if (const error_code error = rows(found, window)) return error;
  journal_.apply(append, segment);
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
    const auto log = journal_.logs_.find(header.partition);
    const bool fits = record_bytes(header.length) == size && header.kind == Kind::batch &&
                      (batch.size == header.length || batch.first == header.base);
    if (fits && log != journal_.logs_.end() && log->second->end() == std::max(batch.first, header.base)) {
      suspect(*log->second, size);
      return {};
    }
  }
  for (const auto& [number, log] : journal_.logs_) suspect(*log, size);
  return {};
}

void Replay::missing(std::uint32_t segment, std::uint64_t bytes) {
  logger().error("segment {} is lost: {}", segment, journal_.segments_->path(segment).string());
  missing_.push_back(segment);
  for (const auto& [number, log] : journal_.logs_) suspect(*log, bytes);
}

// How many offsets were in those bytes nobody knows. If nothing follows, more are given up than they can have
// been in anything but an extreme, for no offset may ever be given twice.
void Replay::suspect(const PartitionLog& log, std::uint64_t bytes) {
  const auto [suspect, first] = suspects_.try_emplace(log.number(), Suspect{log.end(), log.end()});
  suspect->second.to += static_cast<Offset>(std::max<std::uint64_t>(bytes, 1));
}

void Replay::found_behind(PartitionLog& log, Offset first) {
  const auto suspect = suspects_.find(log.number());
  if (suspect == suspects_.end()) return;
  if (first > suspect->second.from) lose(log, suspect->second.from, first);
  suspects_.erase(suspect);
}

void Replay::lose(PartitionLog& log, Offset from, Offset to) {
  logger().error("partition {}: offsets {} to {} are lost", log.number(), from, to - 1);
  log.lost(from, to);
  lost_.puts[keys::quarantined(log.number(), from)] = keys::big_endian(to);
}

// Who has nothing behind a hole may have lost its end.
error_code Replay::finish() {
  for (const auto& [number, range] : suspects_) lose(*journal_.partition_log(number), range.from, range.to);
  for (const auto& [number, log] : journal_.logs_)
    if (log->damaged()) journal_.recovery_.damaged.push_back(number);
  std::sort(journal_.recovery_.damaged.begin(), journal_.recovery_.damaged.end());
  if (lost_.puts.empty() && missing_.empty()) return {};
  return journal_.catalogue_->erase(missing_, std::move(lost_));
}

}  // namespace mq::storage
