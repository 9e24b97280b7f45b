// SPDX-License-Identifier: Apache-2.0
#include "storage/inspect.h"

#include <algorithm>
#include <map>
#include <set>

#include "storage/copied_store.h"
#include "storage/error.h"
#include "storage/lock.h"
#include "storage/recovery.h"
#include "storage/seal.h"

namespace mq::storage {
namespace {

constexpr std::size_t rows_at_once = 1000;

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"", "begin", "batch", "cut", "trim", "note", "rows"};
  return names[static_cast<std::uint32_t>(kind)];
}

// A store without rows, for a directory whose meta cannot be read.
class NoStore final : public Store {
 public:
  error_code commit(const Change&) override { return Errc::not_found; }
  Result<std::optional<std::string>> get(std::string_view) override { return std::nullopt; }
  Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view, std::string_view,
                                                                std::size_t) override {
    return std::vector<std::pair<std::string, std::string>>();
  }
  std::uint64_t changes() const override { return 0; }
};

class Inspector final : public Inspection {
 public:
  Inspector(FileSystem& files, const Path& data, std::unique_ptr<Lock> lock,
            Result<std::unique_ptr<Store>> meta)
      : lock_(std::move(lock)),
        meta_path_(data / "meta"),
        meta_error_(meta ? error_code{} : meta.error()),
        store_(meta ? std::move(*meta) : std::make_unique<NoStore>()),
        catalogue_(*store_),
        files_(files, data / "journal", catalogue_, {}),
        tables_(files, files_, catalogue_) {
    if (!meta_error_) meta_error_ = catalogue_.load();
    manifest_ = catalogue_.manifest();
  }

  Store* meta() override { return meta_error_ ? nullptr : store_.get(); }
  Result<std::vector<Segment>> segments() override;
  Result<std::vector<Partition>> partitions() override;
  error_code dump(std::uint32_t segment, const Visit& visit) override;
  Verified verify() override;

 private:
  using Rows = std::vector<std::pair<std::string, std::string>>;

  bool living(std::uint32_t segment, PartitionNumber partition, Offset last);
  error_code each_row(std::string_view prefix,
                      const std::function<void(std::string_view, std::string_view)>& visit);
  Result<Scan> scan_open(std::uint32_t number, std::shared_ptr<SegmentFile>& file);
  error_code dump_open(std::uint32_t number, const Visit& visit);
  error_code dump_sealed(std::uint32_t number, const Visit& visit);
  std::uint64_t size_of(const Path& path) const;

  void verify_open(std::uint32_t number, Verified& out);
  void verify_sealed(std::uint32_t number, const SegmentRow& row, Verified& out);
  void verify_place(const SegmentFile& file, PartitionNumber partition, const Sealed::Entry& entry,
                    Verified& out);
  void verify_catalogue(Verified& out);

  const std::unique_ptr<Lock> lock_;
  const Path meta_path_;
  error_code meta_error_;
  const std::unique_ptr<Store> store_;
  Catalogue catalogue_;
  SegmentFiles files_;
  SealedSegments tables_;
  Catalogue::Manifest manifest_;
};

std::uint64_t Inspector::size_of(const Path& path) const {
  auto file = files_.files.open(path, FileSystem::Mode::read);
  const auto size = file ? (*file)->size() : Result<std::uint64_t>(file.error());
  return size ? *size : 0;
}

error_code Inspector::each_row(std::string_view prefix,
                               const std::function<void(std::string_view, std::string_view)>& visit) {
  for (std::string from;;) {
    const auto rows = store_->scan(prefix, from, rows_at_once);
    if (!rows) return rows.error();
    for (const auto& [key, value] : *rows) visit(std::string_view(key).substr(prefix.size()), value);
    if (rows->size() < rows_at_once) return {};
    from = rows->back().first + '\0';
  }
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
  error_code error = each_row(
      keys::removed, [&](std::string_view key, std::string_view) { removed.insert(keys::number(key)); });
  if (!error)
    error = each_row(keys::partitions, [&](std::string_view key, std::string_view value) {
      const auto row = unpacked<PartitionRow>(value);
      if (!row) return;
      Partition& partition = all[keys::number(key)];
      partition.start = row->start;
      partition.end = std::max(row->start, row->end);
    });
  if (error) return error;
  for (const auto& [number, row] : manifest_) {
    const bool sealed = row.state == SegmentRow::sealed;
    error = dump(number, [&](const Record& record) {
      if (record.partition == 0 || removed.contains(record.partition)) return true;
      Partition& partition = all[record.partition];
      if (record.kind == "cut") partition.end = std::min(partition.end, record.first);
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
  auto opened = files_.open(number, manifest_.at(number).seed);
  if (!opened) return opened.error();
  file = std::move(*opened);
  std::optional<std::uint64_t> known_end;
  for (auto next = std::next(manifest_.find(number)); next != manifest_.end() && !known_end; ++next) {
    const auto after = files_.open(next->first, next->second.seed);
    if (!after) continue;
    const auto begin = read_begin(*(*after)->file, next->first);
    if (begin && *begin && (*begin)->previous == number) known_end = (*begin)->previous_end;
  }
  return scan(*file, known_end);
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
  const auto table = tables_.find(number);
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
    record.first = entry->first, record.last = entry->last, record.time_max = entry->time_max;
    record.size = entry->size, record.position = entry->position;
    record.living = living(number, partition, last);
    if (entry->batch.empty()) {
      buffer.resize(entry->size);
      const auto got =
          (*table)->file() ? (*table)->file()->file->read(buffer, entry->position) : Result<std::size_t>(0);
      record.payload = got && *got == buffer.size() ? Bytes(buffer) : Bytes();
    }
    return visit(record);
  });
}

// ---------------------------------------------------------------------------------------------- verifying

Inspection::Verified Inspector::verify() {
  Verified out;
  if (meta_error_)
    out.problems.push_back({meta_path_, 0, 0, 0, 0, "meta cannot be read: " + meta_error_.message()});
  for (const auto& [number, row] : manifest_) {
    out.segments++;
    row.state == SegmentRow::sealed ? verify_sealed(number, row, out) : verify_open(number, out);
  }
  verify_catalogue(out);
  const error_code error = each_row(keys::quarantine, [&](std::string_view key, std::string_view value) {
    const Offset from = keys::offset(key.substr(4)), to = keys::offset(value);
    out.problems.push_back(
        {meta_path_, 0, keys::number(key), from, to, "known to be lost since a start found it so"});
  });
  if (error) out.problems.push_back({meta_path_, 0, 0, 0, 0, error.message()});
  return out;
}

void Inspector::verify_open(std::uint32_t number, Verified& out) {
  const Path path = files_.path(number);
  std::shared_ptr<SegmentFile> file;
  const auto found = scan_open(number, file);
  if (!found) return out.problems.push_back({path, 0, 0, 0, 0, found.error().message()});
  for (const auto& hole : found->holes)
    out.problems.push_back(
        {path, hole.from, 0, 0, 0,
         std::to_string(hole.to - hole.from) + " bytes are no records, but were durable once"});
  out.torn_bytes += found->torn_bytes;
  const error_code error = dump_open(number, [&](const Record& record) {
    if (record.kind != "batch") return true;
    out.batches++;
    out.bytes += record.size;
    if (!valid_batch(record.payload))
      out.problems.push_back(
          {path, record.position, record.partition, record.first, record.last + 1, "batch CRC"});
    return true;
  });
  if (error) out.problems.push_back({path, 0, 0, 0, 0, error.message()});
}

void Inspector::verify_sealed(std::uint32_t number, const SegmentRow& row, Verified& out) {
  const Path path = files_.table_path(number);
  const auto table = tables_.open(number, row);
  if (!table)
    return out.problems.push_back({path, 0, 0, 0, 0, "cannot be opened: " + table.error().message()});
  bool summary = false;
  std::string previous;
  const error_code error = (*table)->visit_all([&](PartitionNumber partition, Offset last,
                                                   std::string_view value) {
    const std::string key = keys::entry(partition, last);
    if (key <= previous) out.problems.push_back({path, 0, partition, last, last, "keys do not grow"});
    previous = key;
    if (partition == keys::summary_partition) summary = Summary::decode(value).has_value();
    if (partition == 0 || partition == keys::summary_partition) return true;
    const auto entry = Sealed::entry_of(last, value);
    if (!entry) {
      out.problems.push_back({path, 0, partition, last, last, "an entry that is neither batch nor place"});
      return true;
    }
    out.batches++;
    out.bytes += entry->size;
    if (entry->batch.empty() && (*table)->file())
      verify_place(*(*table)->file(), partition, *entry, out);
    else if (!valid_batch(entry->batch) || batch_head(entry->batch).last != last)
      out.problems.push_back({path, 0, partition, entry->first, last + 1, "batch CRC"});
    return true;
  });
  if (error) out.problems.push_back({path, 0, 0, 0, 0, error.message()});
  if (!error && !summary) out.problems.push_back({path, 0, 0, 0, 0, "no summary"});
}

void Inspector::verify_place(const SegmentFile& file, PartitionNumber partition, const Sealed::Entry& entry,
                             Verified& out) {
  const auto report = [&](const char* what) {
    out.problems.push_back(
        {files_.path(file.number), entry.position, partition, entry.first, entry.last + 1, what});
  };
  std::vector<std::byte> record(sizeof(Header) + entry.size);
  const auto got = entry.position < sizeof(Header) ? Result<std::size_t>(0)
                                                   : file.file->read(record, entry.position - sizeof(Header));
  if (!got || *got < record.size()) return report("lies behind the end of the file");
  const auto header = valid_header(record, file.number, file.seed);
  if (!header || header->partition != partition || header->length != entry.size)
    return report("record header");
  if (!valid_batch(Bytes(record).subspan(sizeof(Header)))) return report("batch CRC");
}

// Ranges of a partition do not overlap, and name segments that are there.
void Inspector::verify_catalogue(Verified& out) {
  PartitionNumber partition = 0;
  Offset end = 0;
  const error_code error = each_row(keys::catalogue, [&](std::string_view key, std::string_view value) {
    const auto row = unpacked<CatalogueRow>(value);
    const PartitionNumber number = keys::number(key);
    const Offset last = key.size() == 12 ? keys::offset(key.substr(4)) : -1;
    if (!row || last < row->first)
      return out.problems.push_back({meta_path_, 0, number, 0, 0, "a row of the catalogue"});
    if (number != partition) end = 0;
    if (row->first < end)
      out.problems.push_back({meta_path_, 0, number, row->first, end, "two segments claim these offsets"});
    if (!manifest_.contains(row->segment))
      out.problems.push_back(
          {meta_path_, 0, number, row->first, last + 1, "they lie in a segment that is not there"});
    partition = number, end = last + 1;
  });
  if (error) out.problems.push_back({meta_path_, 0, 0, 0, 0, error.message()});
}

}  // namespace

Result<std::unique_ptr<Inspection>> Inspection::open(FileSystem& files, const Path& data) {
  if (!files.exists(data / "journal")) return Errc::not_found;
  auto lock = Lock::take(files, data, "mq storage");
  if (!lock) return lock.error();
  auto meta = open_copy(files, data / "meta");
  return std::unique_ptr<Inspection>(
      std::make_unique<Inspector>(files, data, std::move(*lock), std::move(meta)));
}

}  // namespace mq::storage
