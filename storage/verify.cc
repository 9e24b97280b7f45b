// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "storage/inspector.h"
#include "storage/rebuild.h"

namespace mq::storage {

Inspection::Verified Inspector::verify() {
  Verified out;
  for (const auto& [number, row] : manifest_) {
    out.segments++;
    row.state == SegmentRow::sealed ? verify_sealed(number, row, out) : verify_open(number, out);
  }
  verify_meta(out);
  verify_catalogue(out);
  const error_code error = for_each_row(*store_, keys::quarantine, [&](auto key, auto value) -> error_code {
    const Offset from = keys::offset(key.substr(4)), to = keys::offset(value);
    out.problems.push_back(
        {meta_path_, 0, keys::number(key), from, to, "known to be lost since a start found it so"});
    return {};
  });
  if (error) out.problems.push_back({meta_path_, 0, 0, 0, 0, error.message()});
  return out;
}

void Inspector::verify_open(std::uint32_t number, Verified& out) {
  const Path path = files_.path(number);
  std::shared_ptr<SegmentFile> file;
  const auto found = scan_open(number, file);
  const Known& what = known().at(number);
  const bool untouched = !what.end && what.durable == 0 && what.size == 0;
  if (!found && untouched && !files_.files.exists(path)) return;
  if (!found) return out.problems.push_back({path, 0, 0, 0, 0, found.error().message()});
  changes_ = std::max(changes_, found->changes);
  for (const auto& hole : found->holes) {
    const bool missing = hole.from >= file->size || (hole.to > file->size && hole.to == found->end);
    out.problems.push_back({path, hole.from, 0, 0, 0,
                            std::to_string(hole.to - hole.from) +
                                (missing ? " bytes are missing: the file is shorter than it was made"
                                         : " bytes are no records, but were durable once")});
  }
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
  if (!table) {
    const std::string what = "cannot be opened: " + table.error().message();
    if (!row.has_file) return add_lost(path, number, what, out);
    return out.problems.push_back({path, 0, 0, 0, 0, what + "; a start makes it anew from the .log"});
  }
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
    if (entry->lost()) {
      out.problems.push_back({path, 0, partition, entry->first, last + 1, "known to be lost"});
      return true;
    }
    out.batches++;
    out.bytes += entry->size;
    if (entry->batch.empty() && !(*table)->file())
      out.problems.push_back({files_.path(number), entry->position, partition, entry->first, last + 1,
                              "lies in a file that is missing"});
    else if (entry->batch.empty())
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

// What the catalogue finds there.
void Inspector::add_lost(const Path& path, std::uint32_t number, const std::string& what, Verified& out) {
  const auto runs = catalogue_.runs_in(number);
  for (const auto& run : runs ? *runs : std::vector<Catalogue::Run>())
    out.problems.push_back({path, 0, run.partition, run.row.first, run.last + 1, what});
}

// The journal remembers how many changes meta has seen: one that is older has lost some.
void Inspector::verify_meta(Verified& out) {
  const auto report = [&](const std::string& what) {
    out.problems.push_back({meta_path_, 0, 0, 0, 0, what + "; a start makes it anew from the journal"});
  };
  if (meta_error_) return report("meta cannot be read: " + meta_error_.message());
  const auto text = store_->get(keys::base);
  const auto base = text && *text ? unpacked<std::uint64_t>(**text) : std::nullopt;
  const std::uint64_t changes = base.value_or(0) + store_->changes();
  const std::uint64_t remembered = std::max(changes_, changes_unlisted(files_.files, files_.dir, manifest_));
  if (changes == 0 && Rebuild::has_segments(files_.files, files_.dir)) return report("meta is empty");
  if (changes < remembered)
    report("meta has seen " + std::to_string(changes) + " changes, the journal knows of " +
           std::to_string(remembered));
}

// Ranges of a partition do not overlap, and name segments that are there.
void Inspector::verify_catalogue(Verified& out) {
  PartitionNumber partition = 0;
  Offset end = 0;
  const error_code error = for_each_row(*store_, keys::catalogue, [&](auto key, auto value) -> error_code {
    const auto row = unpacked<CatalogueRow>(value);
    const PartitionNumber number = keys::number(key);
    const Offset last = key.size() == 12 ? keys::offset(key.substr(4)) : -1;
    if (!row || last < row->first) {
      out.problems.push_back({meta_path_, 0, number, 0, 0, "a row of the catalogue"});
      return {};
    }
    if (number != partition) end = 0;
    if (row->first < end)
      out.problems.push_back({meta_path_, 0, number, row->first, end, "two segments claim these offsets"});
    if (!manifest_.contains(row->segment))
      out.problems.push_back(
          {meta_path_, 0, number, row->first, last + 1, "they lie in a segment that is not there"});
    partition = number, end = last + 1;
    return {};
  });
  if (error)
    out.problems.push_back({meta_path_, 0, 0, 0, 0,
                            "the catalogue: " + error.message() +
                                "; where there is no meta, a start makes it anew from the journal"});
}

}  // namespace mq::storage
