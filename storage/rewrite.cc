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

constexpr std::uint64_t read_bytes_max = 128u << 20, copy_bytes_max = 64u << 20;  // of one partition, at once

error_code write_record(File& file, std::uint64_t at, Header header, Bytes payload, std::uint32_t seed) {
  static constexpr std::byte zeros[8] = {};
  header.length = static_cast<std::uint32_t>(payload.size());
  header.crc = header_crc(header, payload.first(covered_bytes(header)), seed);
  const auto piece = [](Bytes bytes) { return iovec{const_cast<std::byte*>(bytes.data()), bytes.size()}; };
  const iovec pieces[] = {piece(bytes_of(header)), piece(payload),
                          piece(std::span(zeros).first(padding(payload.size())))};
  return file.write(pieces, at);
}

// `run` and what follows it directly, as one.
void join(Catalogue::Run& run, const Catalogue::Run& next) {
  run.last = next.last;
  run.row.bytes += next.row.bytes;
  run.row.batches += next.row.batches;
  run.row.time_max = std::max(run.row.time_max, next.row.time_max);
}

}  // namespace

Rewrite::Rewrite(SegmentFiles& files, Catalogue& catalogue, SealedSegments& sealed,
                 const std::atomic<bool>& stopping)
    : files_(files), catalogue_(catalogue), sealed_(sealed), stopping_(stopping) {}

bool Rewrite::is_old(std::uint32_t segment) const {
  return std::find(old_.begin(), old_.end(), segment) != old_.end();
}

// Trimmed or removed while we copy: its rows went before its files did.
bool Rewrite::is_gone(std::uint32_t segment) const {
  return !catalogue_.segment(segment);
}

error_code Rewrite::begin() {
  number_ = catalogue_.next_segment();
  seed_ = std::random_device{}();
  auto table = TableFile::create(sealed_.env(), files_.table_path(number_));
  if (!table) return table.error();
  table_ = std::move(*table);
  return {};
}

// ---------------------------------------------------------------------------------------------- what is
// copied

error_code Rewrite::copy(std::vector<std::uint32_t> segments) {
  old_ = std::move(segments);
  if (const error_code error = begin()) return error;
  if (const error_code error = add_core_rows()) return error;
  const auto all = partitions();
  if (!all) return all.error();
  for (const PartitionNumber partition : *all)
    if (const error_code error = add_partition(partition)) return error;
  return finish();
}

Result<Offset> Rewrite::copy(PartitionNumber partition, Offset from, Offset to,
                             const Rewriter::Change& change) {
  change_ = &change;
  std::uint64_t read = 0;
  for (Offset at = from; at < to;) {
    const auto runs = catalogue_.find(partition, at, 1);
    if (!runs) return runs.error();
    if (runs->empty() || runs->front().row.first >= to) break;
    const Catalogue::Run& run = runs->front();
    const bool full = read >= read_bytes_max || batch_bytes_ >= copy_bytes_max;
    if (full && batch_bytes_ > 0) {  // something has to stand for what all went
      const error_code error = finish();
      return error ? Result<Offset>(error) : Result<Offset>(at);
    }
    error_code error = number_ == 0 ? begin() : error_code{};
    if (!error) error = add_run(run, !sources_.empty());
    if (error) return error;
    read += run.row.bytes;
    at = run.last + 1;
  }
  const error_code error = number_ == 0 ? error_code{} : finish();
  return error ? Result<Offset>(error) : Result<Offset>(to);
}

Result<std::vector<PartitionNumber>> Rewrite::partitions() {
  std::set<PartitionNumber> all;
  for (const std::uint32_t number : old_) {
    const auto segment = sealed_.find(number);
    if (!segment && is_gone(number)) continue;
    if (!segment) return segment.error();
    const auto summary = (*segment)->summary();
    if (!summary) return failure(number, **segment, summary.error());
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
    if (!segment && is_gone(number)) continue;
    if (!segment) return segment.error();
    error_code failed;
    const error_code error =
        (*segment)->visit_all([&](PartitionNumber partition, Offset, std::string_view value) {
          if (partition != 0) return false;
          core_rows_ = true;
          failed = table_->add(keys::entry(0, count++), value);
          return !failed;
        });
    if (error || failed) return error ? failure(number, **segment, error) : failed;
  }
  return {};
}

// A table that could not be read may be whole the next time.
error_code Rewrite::failure(std::uint32_t number, const Sealed& segment, error_code error) {
  if (error == Errc::corrupt) sealed_.restore(number, &segment);
  return error;
}

// The partition's runs in the old segments, and those that are neighbours as one.
error_code Rewrite::add_partition(PartitionNumber partition) {
  bool neighbour = false;
  for (Offset from = 0;;) {
    const auto runs = catalogue_.find(partition, from, rows_at_once);
    if (!runs) return runs.error();
    for (const auto& run : *runs) {
      from = run.last + 1;
      const bool old = is_old(run.row.segment);
      if (old)
        if (const error_code error = add_run(run, neighbour)) return error;
      neighbour = old;
    }
    if (runs->size() < rows_at_once) return {};
  }
}

// ---------------------------------------------------------------------------------------------- copying

error_code Rewrite::add_run(const Catalogue::Run& run, bool joins) {
  const auto segment = sealed_.find(run.row.segment);
  if (!segment && is_gone(run.row.segment)) return {};
  if (!segment) return segment.error();
  if (const auto row = catalogue_.segment(run.row.segment)) written_s_ = std::max(written_s_, row->written_s);
  sources_.push_back({run, joins, {run.row.first, -1, 0, number_, 0}});
  error_code failed;
  const error_code error = (*segment)->visit(run.partition, run.row.first, [&](const Sealed::Entry& entry) {
    if (entry.last > run.last) return false;
    failed = stopping_ ? make_error_code(Errc::stopped) : add(**segment, entry);
    return !failed;
  });
  return error ? failure(run.row.segment, **segment, error) : failed;
}

error_code Rewrite::add(const Sealed& from, const Sealed::Entry& entry) {
  if (entry.lost()) {
    const auto offsets = static_cast<std::uint32_t>(entry.last - entry.first);
    return table_->add(keys::entry(sources_.back().run.partition, entry.last),
                       packed(Place{entry.first, -1, 0, 0, offsets, 0}));
  }
  auto batch = read(from, entry);
  if (!batch) return batch.error();
  if (change_) {
    *batch = (*change_)(*batch);
    if (batch->empty()) return {};
    const BatchHead head = batch_head(*batch);
    if (head.first != entry.first || head.last != entry.last || !valid_batch(*batch)) return Errc::corrupt;
  }
  return add(sources_.back().run.partition, *batch);
}

Result<Bytes> Rewrite::read(const Sealed& from, const Sealed::Entry& entry) {
  if (!entry.batch.empty()) return entry.batch;
  if (!from.file()) return Errc::corrupt;
  buffer_.resize(entry.size);
  const auto got = from.file()->file->read(buffer_, entry.position);
  if (!got) return got.error();
  if (*got < buffer_.size() || !valid_batch(buffer_)) return Errc::corrupt;
  return Bytes(buffer_);
}

error_code Rewrite::add(PartitionNumber partition, Bytes batch) {
  const BatchHead head = batch_head(batch);
  CatalogueRow& copied = sources_.back().copied;
  copied.bytes += batch.size();
  copied.batches++;
  copied.time_max = std::max(copied.time_max, head.time_max);
  batch_bytes_ += batch.size();
  const std::string key = keys::entry(partition, head.last);
  if (batch.size() <= inline_bytes_max) return table_->add(key, text_of(batch));

  if (const error_code error = create()) return error;
  const Header header{.segment = number_, .partition = partition, .base = head.first, .durable = 0};
  if (const error_code error = write_record(*file_, end_, header, batch, seed_)) return error;
  if (const error_code error = trickle_.wrote(*file_, end_)) return error;
  const Place place{head.first,
                    head.time_max,
                    static_cast<std::uint32_t>(end_ + sizeof(Header)),
                    static_cast<std::uint32_t>(batch.size()),
                    static_cast<std::uint32_t>(head.last - head.first),
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

// The segments that stay although what was copied is not theirs any more, and those of which they say the
// same.
Result<std::vector<std::uint32_t>> Rewrite::sources() const {
  std::set<std::uint32_t> all, stay;
  for (const Source& source : sources_) all.insert(source.run.row.segment);
  for (const std::uint32_t number : all) {
    if (!is_old(number)) stay.insert(number);
    const auto segment = sealed_.find(number);
    if (!segment && is_gone(number)) continue;
    const auto text = segment ? (*segment)->summary() : Result<std::string>(segment.error());
    if (!text) return text.error();
    const auto summary = Summary::decode(*text);
    if (!summary) return Errc::corrupt;
    for (const std::uint32_t further : summary->sources)
      if (catalogue_.segment(further)) stay.insert(further);
  }
  return std::vector<std::uint32_t>(stay.begin(), stay.end());
}

error_code Rewrite::finish() {
  if (file_)
    if (const error_code error = file_->sync()) return error;
  const auto origins = sources();
  if (!origins) return origins.error();
  const Summary summary{number_, seed_, end_, taken(), {}, {}, old_, *origins};
  if (const error_code error = table_->finish(summary)) return error;
  return files_.files.sync_dir(files_.dir);
}

// ---------------------------------------------------------------------------------------------- taking over

// A run reaches over what was left out at its ends, too: nothing that an older segment still has there
// counts.
std::vector<Catalogue::Run> Rewrite::taken() const {
  std::vector<Catalogue::Run> runs;
  std::optional<Catalogue::Run> run;
  const auto end_run = [&] {
    if (run && run->row.batches > 0) runs.push_back(*run);
    run.reset();
  };
  for (const Source& source : sources_) {
    Catalogue::Run next{source.run.partition, source.run.last, source.copied};
    next.row.first = source.run.row.first;
    if (!source.joins) end_run();
    if (run)
      join(*run, next);
    else
      run = next;
  }
  end_run();
  return runs;
}

// What was trimmed, truncated or removed since it was copied does not come back: of that only what the
// catalogue still has is taken over.
Result<Rewrite::Committed> Rewrite::commit() {
  Committed committed;
  std::vector<Catalogue::Run> gone;
  std::vector<Source> still;
  bool broken = false;  // something between this source and the one before it is gone
  for (const Source& source : sources_) {
    const Catalogue::Run& run = source.run;
    const auto now = catalogue_.find(run.partition, run.row.first, 1);
    if (!now) return now.error();
    if (now->empty() || now->front().row.segment != run.row.segment) {
      broken = true;
      continue;
    }
    const Catalogue::Run& current = now->front();
    Catalogue::Run copied{run.partition, run.last, source.copied};
    if (copied.row.batches > 0) copied = copied.between(current.row.first, current.last + 1);
    still.push_back({current, source.joins && !broken && !still.empty(), copied.row});
    broken = false;
    gone.push_back(current);
    committed.bytes_before += current.row.bytes;
  }
  sources_ = std::move(still);
  const auto runs = taken();
  for (const Catalogue::Run& run : runs) committed.bytes_after += run.row.bytes;

  SegmentRow row;
  row.seed = seed_;
  row.has_file = file_ != nullptr;
  row.bytes = batch_bytes_;
  row.core_rows = core_rows_;
  row.written_s = written_s_;
  row.disk_bytes = table_->bytes() + end_;
  auto dead = catalogue_.replaced(number_, row, runs, gone, old_);
  if (!dead) return dead.error();
  committed.dead = std::move(*dead);
  logger().info("{} bytes of {} runs became segment {} with {} bytes; {} segments can go",
                committed.bytes_before, gone.size(), number_, committed.bytes_after, committed.dead.size());
  return committed;
}

}  // namespace mq::storage
