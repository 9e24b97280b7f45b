// SPDX-License-Identifier: Apache-2.0
#include "storage/lookup.h"

#include <algorithm>

#include "storage/error.h"
#include "storage/record.h"

namespace mq::storage {
namespace {

constexpr std::size_t runs_at_once = 16;
// What follows a read is brought from the disk with it, so that who goes on seldom waits.
constexpr std::size_t reads_ahead = 4, ahead_bytes_max = 4u << 20;

// Pieces in the order of batches: ranges of a file, or what tables hold themselves, neighbours together.
class Gathered {
 public:
  explicit Gathered(Offset from) { read_.next = from; }

  std::size_t size() const { return read_.size; }
  const std::vector<Extent>& extents() const { return extents_; }  // that have not been waited for
  error_code add(const Sealed& segment, const Sealed::Entry& entry) {
    read_.size += entry.size;
    read_.next = entry.last + 1;
    if (entry.batch.empty()) {
      end_memory();
      extents_.push_back({segment.file(), entry.position, static_cast<std::uint32_t>(entry.size)});
      return {};
    }
    ask_for(extents_);
    const error_code error = end_extents();
    memory_.insert(memory_.end(), entry.batch.begin(), entry.batch.end());
    return error;
  }
  Result<Read> finish() {
    end_memory();
    if (const error_code error = end_extents()) return error;
    return std::move(read_);
  }

 private:
  void end_memory() {
    if (memory_.empty()) return;
    const auto kept = std::make_shared<const std::vector<std::byte>>(std::move(memory_));
    read_.pieces.push_back({std::shared_ptr<const std::byte>(kept, kept->data()), nullptr, 0, kept->size()});
    memory_.clear();
  }
  error_code end_extents() {
    auto pieces = pieces_of(extents_, Touch::disk);
    if (!pieces) return pieces.error();
    read_.pieces.insert(read_.pieces.end(), std::move_iterator(pieces->begin()),
                        std::move_iterator(pieces->end()));
    extents_.clear();
    return {};
  }

  std::vector<Extent> extents_;
  std::vector<std::byte> memory_;
  Read read_;
};

// Whether the file, too, has what its table says: it may have lost its end since, or be gone.
bool is_there(const Sealed& segment, const Sealed::Entry& entry) {
  if (!entry.batch.empty()) return true;
  return segment.file() && entry.position + entry.size <= segment.file()->size;
}

// Adds what a reader will want next; false when there is no more of it here.
bool go_on(ReadAhead::Row& ahead, const Sealed& segment, const Sealed::Entry& entry) {
  if (!entry.batch.empty() || segment.file() != ahead.file.lock() || !segment.file()) return false;
  const auto offsets = static_cast<std::uint32_t>(entry.last - entry.first);
  ahead.places.push_back(
      {entry.first, entry.time_max, entry.position, static_cast<std::uint32_t>(entry.size), offsets});
  return ahead.places.size() < ReadAhead::places_max;
}

// The disk has to do with all of it before any is waited for.
void ask_for_all(std::span<const Extent> now, const ReadAhead::Row& ahead, std::size_t ahead_bytes) {
  std::vector<Extent> all(now.begin(), now.end());
  const auto file = ahead.file.lock();
  for (const Place& place : ahead.places) {
    if (!file || place.size > ahead_bytes) break;
    ahead_bytes -= place.size;
    all.push_back({file, place.position, place.size});
  }
  ask_for(all);
}

bool any(const Catalogue::Run&) {
  return true;
}

}  // namespace

// Whether it was taken over by another segment, or forgotten, since it was looked up.
bool Lookup::moved(const Catalogue::Run& run) const {
  const auto now = catalogue_.find(run.partition, run.last, 1);
  return now && (now->empty() || now->front().row.segment != run.row.segment);
}

error_code Lookup::each_batch(Offset from, const Wanted& wanted, const Visit& visit) const {
  for (Offset at = from;;) {
    const auto runs = catalogue_.find(partition_, at, runs_at_once);
    if (!runs) return runs.error();
    bool again = false;
    for (const auto& run : *runs) {
      if (run.row.first >= limit_) return {};
      if (wanted(run)) {
        const auto segment = segments_.find(run.row.segment);
        if (!segment && moved(run)) {
          again = true;
          break;
        }
        if (!segment) return segment.error() == Errc::not_found ? Errc::corrupt : segment.error();
        bool enough = false, lost = false;
        Offset reached = std::max(at, run.row.first);
        const auto check = [&](const Sealed::Entry& entry) {
          if (entry.last > run.last || entry.last >= limit_) return false;
          lost = entry.lost();
          if (lost) return false;
          enough = !visit(**segment, entry);
          reached = entry.last + 1;
          return !enough;
        };
        const error_code error = (*segment)->visit(partition_, reached, check);
        if (error == Errc::corrupt && segments_.restore(run.row.segment, segment->get())) {
          at = reached;
          again = true;
          break;
        }
        if (lost) return Errc::corrupt;
        if (error || enough) return error;
      }
      at = run.last + 1;
    }
    if (!again && runs->size() < runs_at_once) return {};
  }
}

Result<Lookup::Found> Lookup::read(Offset from, std::size_t bytes_max) const {
  Gathered gathered(from);
  Found found;
  bool full = false, lost = false;
  error_code failed;
  const error_code missing = each_batch(from, any, [&](const Sealed& segment, const Sealed::Entry& entry) {
    full = full || (gathered.size() > 0 && gathered.size() + entry.size > bytes_max);
    if (full) return go_on(found.ahead, segment, entry);
    lost = !is_there(segment, entry);
    if (lost) return false;
    found.ahead.file = segment.file();
    failed = gathered.add(segment, entry);
    return !failed;
  });
  if (failed) return failed;
  // What lies before something that cannot be read is a read of its own.
  if (gathered.size() == 0 && (lost || missing)) return lost ? Errc::corrupt : missing;
  ask_for_all(gathered.extents(), found.ahead, std::min(reads_ahead * gathered.size(), ahead_bytes_max));
  auto read = gathered.finish();
  if (!read) return read.error();
  found.read = std::move(*read);
  return found;
}

Result<std::optional<Offset>> Lookup::at_time(Offset start, std::int64_t timestamp) const {
  std::optional<Offset> found;
  const auto reaches = [&](const Catalogue::Run& run) { return run.row.time_max >= timestamp; };
  const error_code error = each_batch(start, reaches, [&](const Sealed&, const Sealed::Entry& entry) {
    if (entry.time_max >= timestamp) found = entry.first;
    return !found;
  });
  if (error) return error;
  return found;
}

Result<std::optional<Lookup::Newest>> Lookup::newest(Offset start) const {
  std::optional<std::int64_t> largest;
  const auto look_only = [&](const Catalogue::Run& run) {
    largest = std::max(largest.value_or(run.row.time_max), run.row.time_max);
    return false;
  };
  if (const error_code error = each_batch(start, look_only, {})) return error;
  std::optional<Newest> found;
  const auto has_largest = [&](const Catalogue::Run& run) { return run.row.time_max >= largest; };
  const error_code error = each_batch(start, has_largest, [&](const Sealed&, const Sealed::Entry& entry) {
    if (!found || entry.time_max > found->second) found = {entry.first, entry.time_max};
    return found->second < largest;
  });
  if (error) return error;
  return found;
}

error_code Lookup::batches(Offset from, const std::function<bool(Bytes batch)>& visit) const {
  std::vector<std::byte> buffer;
  error_code failed;
  const error_code error = each_batch(from, any, [&](const Sealed& segment, const Sealed::Entry& entry) {
    if (!entry.batch.empty()) return visit(entry.batch);
    buffer.resize(entry.size);
    const auto got = segment.file() ? segment.file()->file->read(buffer, entry.position) : Errc::corrupt;
    if (!got) failed = got.error();
    if (got && (*got < buffer.size() || !valid_batch(buffer))) failed = Errc::corrupt;
    return !failed && visit(buffer);
  });
  return error ? error : failed;
}

Result<std::vector<Range>> Lookup::ranges(Offset from, Grain grain, std::size_t count_max) const {
  std::vector<Range> ranges;
  std::int64_t written_ms = -1;
  const auto look = [&](const Catalogue::Run& run) {
    const auto segment = segments_.row(run.row.segment);
    written_ms = segment && segment->written_s > 0 ? std::int64_t{segment->written_s} * 1000 : -1;
    if (grain == Grain::batch) return true;
    if (ranges.size() < count_max) {
      const Catalogue::Run part = run.between(from, limit_);
      const CatalogueRow& row = part.row;
      ranges.push_back({row.first, part.last, row.time_max, written_ms, row.bytes, row.batches, true});
    }
    return false;
  };
  const error_code error = each_batch(from, look, [&](const Sealed&, const Sealed::Entry& entry) {
    ranges.push_back({entry.first, entry.last, entry.time_max, written_ms, entry.size, 1, true});
    return ranges.size() < count_max;
  });
  if (error) return error;
  return ranges;
}

Result<Offset> Lookup::boundary(Offset end) const {
  Offset found = end;
  const auto spans = [&](const Catalogue::Run& run) { return run.row.first < end; };
  const error_code error = each_batch(end, spans, [&](const Sealed&, const Sealed::Entry& entry) {
    found = std::min(found, entry.first);
    return false;
  });
  if (error) return error;
  return found;
}

}  // namespace mq::storage
