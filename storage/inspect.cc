// SPDX-License-Identifier: Apache-2.0
#include "storage/inspect.h"

#include <algorithm>
#include <map>
#include <set>

#include "storage/copied_store.h"
#include "storage/error.h"
#include "storage/inspector.h"

namespace mq::storage {
namespace {

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"", "begin", "batch", "truncate", "trim", "note", "rows"};
  return names[static_cast<std::uint32_t>(kind)];
}

bool forbids_writing(const error_code& error) {
  return error == boost::system::errc::permission_denied ||
         error == boost::system::errc::read_only_file_system;
}

}  // namespace

std::uint64_t Inspector::size_of(const Path& path) const {
  auto file = files_.files.open(path, FileSystem::Mode::read);
  const auto size = file ? (*file)->size() : Result<std::uint64_t>(file.error());
  return size ? *size : 0;
}

bool Inspector::living(std::uint32_t segment, PartitionNumber partition, Offset last) {
  const auto runs = catalogue_.find(partition, last, 1);
  return runs && !runs->empty() && runs->front().row.segment == segment;
}

// ---------------------------------------------------------------------------------------------- listing

Result<std::vector<Inspection::Segment>> Inspector::segments() {
  std::vector<Segment> all;
  for (const auto& [number, row] : manifest_) {
    Segment segment;
    segment.number = number;
    segment.sealed = row.state == SegmentRow::sealed;
    segment.file_bytes = size_of(files_.path(number));
    segment.table_bytes = size_of(files_.table_path(number));
    std::set<PartitionNumber> partitions;
    const error_code error = dump(number, [&](const Record& record) {
      if (record.kind != "batch") return true;
      segment.batches++;
      segment.batch_bytes += record.size;
      if (record.living) segment.living_bytes += record.size;
      partitions.insert(record.partition);
      return true;
    });
    if (error) return error;
    segment.partitions = partitions.size();
    all.push_back(segment);
  }
  return all;
}

Result<std::vector<Inspection::Partition>> Inspector::partitions() {
  std::map<PartitionNumber, Partition> all;
  std::map<PartitionNumber, std::set<std::uint32_t>> in;
  std::set<PartitionNumber> removed;
  error_code error = for_each_row(*store_, keys::removed, [&](auto key, auto) -> error_code {
    removed.insert(keys::number(key));
    return {};
  });
  if (!error)
    error = for_each_row(*store_, keys::partitions, [&](auto key, auto value) -> error_code {
      const auto row = unpacked<PartitionRow>(value);
      if (!row) return {};
      Partition& partition = all[keys::number(key)];
      partition.start = row->start;
      partition.end = std::max(row->start, row->end);
      return {};
    });
  if (error) return error;
  for (const auto& [number, row] : manifest_) {
    const bool sealed = row.state == SegmentRow::sealed;
    error = dump(number, [&](const Record& record) {
      if (record.partition == 0 || removed.contains(record.partition)) return true;
      Partition& partition = all[record.partition];
      if (record.kind == "truncate") partition.end = std::min(partition.end, record.first);
      if (record.kind == "trim") partition.start = std::max(partition.start, record.first);
      if (record.kind == "batch" && !sealed) partition.end = record.last + 1;
      partition.end = std::max(partition.end, partition.start);
      if (record.kind != "batch" || !record.living) return true;
      partition.batches++;
      partition.bytes += record.size;
      in[record.partition].insert(record.segment);
      return true;
    });
    if (error) return error;
  }
  std::vector<Partition> list;
  for (auto& [number, partition] : all) {
    partition.number = number;
    partition.segments = in[number].size();
    list.push_back(partition);
  }
  return list;
}

// ---------------------------------------------------------------------------------------------- dumping

error_code Inspector::dump(std::uint32_t segment, const Visit& visit) {
  const auto row = manifest_.find(segment);
  if (row == manifest_.end()) return Errc::not_found;
  return row->second.state == SegmentRow::sealed ? dump_sealed(segment, visit) : dump_open(segment, visit);
}

Result<Scan> Inspector::scan_open(std::uint32_t number, std::shared_ptr<SegmentFile>& file) {
  auto opened = files_.open(number, manifest_.at(number).seed, FileSystem::Mode::read);
  if (!opened) return opened.error();
  file = std::move(*opened);
  return scan(*file, known().at(number));
}

const std::map<std::uint32_t, Known>& Inspector::known() {
  if (known_) return *known_;
  std::map<std::uint32_t, Begin> begins;
  for (const auto& [number, row] : manifest_) {
    if (row.state != SegmentRow::open) continue;
    const auto file = files_.open(number, row.seed, FileSystem::Mode::read);
    const auto begin = file ? read_begin(*(*file)->file, number) : std::optional<Begin>();
    if (begin && *begin) begins[number] = **begin;
  }
  const auto text = store_->get(keys::stopped);
  const auto stopped = text && *text ? unpacked<StopRow>(**text) : std::nullopt;
  return known_.emplace(known_of(manifest_, begins, stopped.value_or(StopRow{})));
}

error_code Inspector::dump_open(std::uint32_t number, const Visit& visit) {
  std::shared_ptr<SegmentFile> file;
  const auto found = scan_open(number, file);
  if (!found) return found.error();
  Window window(*file->file, found->end);
  for (const FoundRecord& at : found->records) {
    const auto bytes = window.at(at.position, sizeof(Header) + at.length);
    if (!bytes) return bytes.error();
    const auto header = load<Header>(*bytes);
    Record record;
    record.segment = number;
    record.position = at.position + sizeof(Header);
    record.kind = name_of(header.kind);
    record.partition = header.partition;
    record.first = record.last = header.base;
    record.size = header.length;
    record.payload = bytes->subspan(sizeof(Header));
    if (header.kind == Kind::batch) {
      const BatchHead head = batch_head(record.payload);
      record.last = head.last, record.time_max = head.time_max;
    }
    if (!visit(record)) return {};
  }
  return {};
}

error_code Inspector::dump_sealed(std::uint32_t number, const Visit& visit) {
  const auto table = tables_.open(number, manifest_.at(number));
  if (!table) return table.error();
  std::vector<std::byte> buffer;
  return (*table)->visit_all([&](PartitionNumber partition, Offset last, std::string_view value) {
    if (partition == keys::summary_partition) return true;
    Record record;
    record.segment = number;
    record.kind = name_of(partition == 0 ? Kind::rows : Kind::batch);
    record.partition = partition;
    record.size = value.size();
    record.payload = bytes_of(value);
    if (partition == 0) return visit(record);
    const auto entry = Sealed::entry_of(last, value);
    if (!entry) return true;  // verify() says it
    if (entry->lost()) record.kind = "lost";
    record.first = entry->first, record.last = entry->last, record.time_max = entry->time_max;
    record.size = entry->size, record.position = entry->position;
    record.living = living(number, partition, last);
    if (entry->batch.empty() && !entry->lost()) {
      buffer.resize(entry->size);
      const auto got =
          (*table)->file() ? (*table)->file()->file->read(buffer, entry->position) : Result<std::size_t>(0);
      record.payload = got && *got == buffer.size() ? Bytes(buffer) : Bytes();
    }
    return visit(record);
  });
}

Result<std::unique_ptr<Inspection>> Inspection::open(FileSystem& files, const Path& data) {
  if (!files.exists(data / "journal")) return Errc::not_found;
  auto lock = Lock::take(files, data, "mq storage");
  if (!lock && forbids_writing(lock.error())) lock = Lock::look(files, data);
  if (!lock) return lock.error();
  auto meta = open_copy(files, data / "meta");
  return std::unique_ptr<Inspection>(
      std::make_unique<Inspector>(files, data, std::move(*lock), std::move(meta)));
}

}  // namespace mq::storage
