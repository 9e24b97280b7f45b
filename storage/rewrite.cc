// SPDX-License-Identifier: Apache-2.0
#include "storage/rewrite.h"

#include <algorithm>
#include <random>
#include <set>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/record.h"

namespace mq::storage {
namespace {

constexpr std::size_t rows_at_once = 1000;

error_code write_record(File& file, std::uint64_t at, Header header, Bytes payload, std::uint32_t seed) {
  static constexpr std::byte zeros[8] = {};
  header.length = static_cast<std::uint32_t>(payload.size());
  header.crc = header_crc(header, payload.first(covered_bytes(header)), seed);
  const auto piece = [](Bytes bytes) { return iovec{const_cast<std::byte*>(bytes.data()), bytes.size()}; };
  const iovec pieces[] = {piece(bytes_of(header)), piece(payload),
                          piece(std::span(zeros).first(padding(payload.size())))};
  return file.write(pieces, at);
}

}  // namespace

bool Rewrite::is_old(std::uint32_t segment) const {
  return std::find(old_.begin(), old_.end(), segment) != old_.end();
}

error_code Rewrite::run(const std::atomic<bool>& stopping) {
  number_ = catalogue_.next_segment();
  seed_ = std::random_device{}();
  auto table = TableFile::create(sealed_.env(), files_.table_path(number_));
  if (!table) return table.error();
  table_ = std::move(*table);
  if (const error_code error = add_core_rows()) return error;
  const auto all = partitions();
  if (!all) return all.error();
  for (const PartitionNumber partition : *all) {
    if (stopping) return Errc::stopped;
    if (const error_code error = add_partition(partition)) return error;
  }
  return finish();
}

Result<std::vector<PartitionNumber>> Rewrite::partitions() {
  std::set<PartitionNumber> all;
  for (const std::uint32_t number : old_) {
    const auto segment = sealed_.find(number);
    if (!segment) return segment.error();
    const auto summary = (*segment)->summary();
    if (!summary) return summary.error();
    const auto decoded = Summary::decode(*summary);
    if (!decoded) return Errc::corrupt;
    for (const auto& run : decoded->runs) all.insert(run.partition);
  }
  return std::vector<PartitionNumber>(all.begin(), all.end());
}

error_code Rewrite::add_core_rows() {
  Offset count = 0;
  for (const std::uint32_t number : old_) {
    const auto segment = sealed_.find(number);
    if (!segment) return segment.error();
    error_code failed;
    const error_code error =
        (*segment)->visit_all([&](PartitionNumber partition, Offset, std::string_view value) {
          if (partition != 0) return false;
          core_rows_ = true;
          failed = table_->add(keys::entry(0, count++), value);
          return !failed;
        });
    if (error || failed) return error ? error : failed;
  }
  return {};
}

// The partition's runs in the old segments, and those that are neighbours as one.
error_code Rewrite::add_partition(PartitionNumber partition) {
  bool neighbour = false;
  for (Offset from = 0;;) {
    const auto runs = catalogue_.find(partition, from, rows_at_once);
    if (!runs) return runs.error();
    for (const auto& run : *runs) {
      from = run.last + 1;
      if (!is_old(run.row.segment)) {
        neighbour = false;
        continue;
      }
      if (const error_code error = add_run(run)) return error;
      gone_.push_back(run);
      Catalogue::Run taken = run;
      taken.row.segment = number_;
      if (neighbour) {
        const CatalogueRow& before = runs_.back().row;
        taken.row.first = before.first;
        taken.row.bytes += before.bytes;
        taken.row.batches += before.batches;
        taken.row.time_max = std::max(taken.row.time_max, before.time_max);
        runs_.back() = taken;
      } else {
        runs_.push_back(taken);
      }
      neighbour = true;
    }
    if (runs->size() < rows_at_once) return {};
  }
}

error_code Rewrite::add_run(const Catalogue::Run& run) {
  const auto segment = sealed_.find(run.row.segment);
  if (!segment) return segment.error();
  error_code failed;
  const error_code error = (*segment)->visit(run.partition, run.row.first, [&](const Sealed::Entry& entry) {
    if (entry.last > run.last) return false;
    failed = add(run.partition, **segment, entry);
    return !failed;
  });
  return error ? error : failed;
}

error_code Rewrite::add(PartitionNumber partition, const Sealed& from, const Sealed::Entry& entry) {
  batch_bytes_ += entry.size;
  const std::string key = keys::entry(partition, entry.last);
  if (!entry.batch.empty()) return table_->add(key, text_of(entry.batch));
  if (const error_code error = create()) return error;
  std::vector<std::byte> batch(entry.size);
  if (!from.file()) return Errc::corrupt;
  const auto got = from.file()->file->read(batch, entry.position);
  if (!got) return got.error();
  if (*got < batch.size() || !valid_batch(batch)) return Errc::corrupt;
  const Header header{.segment = number_, .partition = partition, .base = entry.first, .durable = 0};
  if (const error_code error = write_record(*file_, end_, header, batch, seed_)) return error;
  const Place place{entry.first,
                    entry.time_max,
                    static_cast<std::uint32_t>(end_ + sizeof(Header)),
                    static_cast<std::uint32_t>(entry.size),
                    static_cast<std::uint32_t>(entry.last - entry.first),
                    0};
  end_ += record_bytes(batch.size());
  return table_->add(key, packed(place));
}

error_code Rewrite::create() {
  if (file_) return {};
  auto file = files_.files.open(files_.path(number_), FileSystem::Mode::create);
  if (!file) return file.error();
  file_ = std::move(*file);
  const Begin begin{seed_, 0, 0, 0};
  const Header header{.segment = number_, .kind = Kind::begin};
  end_ = record_bytes(sizeof begin);
  return write_record(*file_, 0, header, bytes_of(begin), seed_);
}

error_code Rewrite::finish() {
  if (file_)
    if (const error_code error = file_->sync()) return error;
  const Summary summary{number_, seed_, end_, runs_, {}, {}, old_};
  if (const error_code error = table_->finish(summary)) return error;
  if (const error_code error = files_.files.sync_dir(files_.dir)) return error;
  SegmentRow row;
  row.seed = seed_;
  row.has_file = file_ != nullptr;
  row.bytes = batch_bytes_;
  row.core_rows = core_rows_;
  row.disk_bytes = table_->bytes() + end_;
  if (const error_code error = catalogue_.replaced(number_, row, runs_, gone_, old_)) return error;
  logger().info("{} mostly dead segments became segment {} with {} bytes", old_.size(), number_,
                batch_bytes_);
  return {};
}

}  // namespace mq::storage
