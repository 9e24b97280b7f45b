// SPDX-License-Identifier: Apache-2.0
#include "storage/recovery.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "storage/error.h"

namespace mq::storage {
namespace {

constexpr std::size_t window_bytes = 64u << 10;
constexpr std::size_t search_bytes = 1u << 20;

// Behind the last byte that was ever written. What is only preallocated is not read: that would fill memory
// with zeros. Asked before anything is read, for what was read counts as data.
std::uint64_t end_of_data(const SegmentFile& segment, std::uint64_t end) {
  off_t known = 0;
  for (;;) {
    const off_t data = ::lseek(segment.descriptor, known, SEEK_DATA);
    if (data < 0) return errno == ENXIO ? std::min(end, static_cast<std::uint64_t>(known)) : end;
    known = ::lseek(segment.descriptor, data, SEEK_HOLE);
    if (known < 0) return end;
  }
}

class Scanner {
 public:
  Scanner(const SegmentFile& segment, std::uint64_t end, std::uint64_t known)
      : segment_(segment),
        end_(end),
        data_end_(end_of_data(segment, end)),
        window_(*segment.file, end),
        claimed_(known) {}

  error_code run(Scan& found);

 private:
  Result<std::optional<Header>> header_at(std::uint64_t position);
  Result<std::optional<std::uint64_t>> next_valid(std::uint64_t after);
  error_code walk(Scan& found);
  error_code check_batches(Scan& found, std::uint64_t known);
  void end_at(Scan& found, std::size_t records, std::uint64_t end);
  error_code read_notes(Scan& found);

  const SegmentFile& segment_;
  const std::uint64_t end_, data_end_;
  Window window_;
  std::uint64_t claimed_;        // the newest durable position that anybody claims
  std::uint64_t last_byte_ = 0;  // behind the last byte of anything that was seen
};

Result<std::optional<Header>> Scanner::header_at(std::uint64_t position) {
  auto bytes = window_.at(position, head_bytes_max);
  if (!bytes) return bytes.error();
  if (bytes->size() < sizeof(Header)) return std::nullopt;
  const auto raw = load<Header>(*bytes);
  if (raw.segment != segment_.number || record_bytes(raw.length) > end_ - position) return std::nullopt;
  if (raw.kind != Kind::batch) {
    bytes = window_.at(position, sizeof(Header) + raw.length);
    if (!bytes) return bytes.error();
  }
  return valid_header(*bytes, segment_.number, segment_.seed);
}

// The place of the first valid record at or behind `after`.
Result<std::optional<std::uint64_t>> Scanner::next_valid(std::uint64_t after) {
  std::vector<std::byte> buffer(search_bytes);
  for (std::uint64_t at = after; at + sizeof(Header) <= data_end_; at += buffer.size()) {
    const std::size_t want = std::min<std::uint64_t>(buffer.size(), data_end_ - at);
    const auto got = segment_.file->read(std::span(buffer).first(want), at);
    if (!got) return got.error();
    for (std::size_t i = 0; i + 8 <= *got; i += 8) {
      std::uint32_t crc_and_segment[2];
      std::memcpy(crc_and_segment, buffer.data() + i, sizeof crc_and_segment);
      if (crc_and_segment[0] || crc_and_segment[1]) last_byte_ = std::max(last_byte_, at + i + 8);
      if (crc_and_segment[1] != segment_.number) continue;
      const auto header = header_at(at + i);
      if (!header) return header.error();
      if (*header) return at + i;
    }
    if (*got < want) break;
  }
  return std::nullopt;
}

error_code Scanner::walk(Scan& found) {
  for (std::uint64_t at = 0; at + sizeof(Header) <= end_;) {
    const auto header = header_at(at);
    if (!header) return header.error();
    if (!*header) {
      const auto next = next_valid(at);
      if (!next) return next.error();
      if (!*next) return {};
      found.holes.push_back({at, **next, found.records.size()});
      at = **next;
      continue;
    }
    if ((*header)->kind == Kind::begin && at == 0) {
      const auto payload = window_.at(sizeof(Header), sizeof(Begin));
      if (payload && payload->size() == sizeof(Begin)) found.begin = load<Begin>(*payload);
    }
    claimed_ = std::max(claimed_, (*header)->durable);
    found.records.push_back({(*header)->kind, static_cast<std::uint32_t>(at), (*header)->length});
    at += record_bytes((*header)->length);
    found.end = at;
  }
  return {};
}

void Scanner::end_at(Scan& found, std::size_t records, std::uint64_t end) {
  last_byte_ = std::max(last_byte_, found.end);
  found.records.resize(records);
  found.end = end;
}

// Beyond what is known to be durable a batch may have arrived in part.
error_code Scanner::check_batches(Scan& found, std::uint64_t known) {
  for (std::size_t i = 0; i < found.records.size(); i++) {
    const FoundRecord& record = found.records[i];
    if (record.position < known || record.kind != Kind::batch) continue;
    const auto batch = window_.at(record.position + sizeof(Header), record.length);
    if (!batch) return batch.error();
    if (valid_batch(*batch)) continue;
    end_at(found, i, record.position);
    return {};
  }
  return {};
}

error_code Scanner::run(Scan& found) {
  if (const error_code error = walk(found)) return error;
  // A hole that nobody knew to be durable is where the torn tail begins.
  const auto torn = std::find_if(found.holes.begin(), found.holes.end(),
                                 [this](const Scan::Hole& hole) { return hole.from >= claimed_; });
  if (torn != found.holes.end()) {
    end_at(found, torn->before, torn->from);
    found.holes.erase(torn, found.holes.end());
  }
  if (const error_code error = check_batches(found, claimed_)) return error;
  if (last_byte_ > found.end) found.torn_bytes = last_byte_ - found.end;
  return read_notes(found);
}

error_code Scanner::read_notes(Scan& found) {
  if (found.begin) found.changes = found.begin->changes;
  for (const FoundRecord& record : found.records) {
    if (record.kind == Kind::rows) {
      const auto header = window_.at(record.position, sizeof(Header));
      if (!header) return header.error();
      found.changes = std::max(found.changes, static_cast<std::uint64_t>(load<Header>(*header).base));
    }
    if (record.kind != Kind::note || record.length != sizeof(Note)) continue;
    const auto payload = window_.at(record.position + sizeof(Header), sizeof(Note));
    if (!payload) return payload.error();
    const auto note = load<Note>(*payload);
    found.changes = std::max(found.changes, note.changes);
    const bool last = &record == &found.records.back();
    found.clean = last && note.clean && found.torn_bytes == 0;
  }
  return {};
}

Result<std::optional<Header>> first_header(Window& window, std::uint32_t number) {
  const auto bytes = window.at(0, sizeof(Header) + sizeof(Begin));
  if (!bytes) return bytes.error();
  auto header = valid_header(*bytes, number, 0);
  if (!header || header->kind != Kind::begin || header->length != sizeof(Begin)) return std::nullopt;
  return header;
}

}  // namespace

Result<Bytes> Window::at(std::uint64_t position, std::size_t size) {
  size = std::min<std::uint64_t>(size, end_ - std::min(position, end_));
  if (position < start_ || position + size > start_ + filled_) {
    const std::size_t want =
        std::min<std::uint64_t>(std::max(size, window_bytes), end_ - std::min(position, end_));
    if (buffer_.size() < want) buffer_.resize(want);
    const auto got = file_.read(std::span(buffer_).first(want), position);
    if (!got) return got.error();
    start_ = position;
    filled_ = *got;
    size = std::min(size, filled_);
  }
  return Bytes(buffer_).subspan(position - start_, size);
}

Result<std::optional<Begin>> read_begin(const File& file, std::uint32_t number) {
  Window window(file, sizeof(Header) + sizeof(Begin));
  const auto header = first_header(window, number);
  if (!header) return header.error();
  if (!*header) return std::nullopt;
  const auto payload = window.at(sizeof(Header), sizeof(Begin));
  return payload ? Result<std::optional<Begin>>(load<Begin>(*payload)) : payload.error();
}

Result<std::uint64_t> size_as_made(const File& file, std::uint32_t number) {
  Window window(file, sizeof(Header) + sizeof(Begin));
  const auto header = first_header(window, number);
  if (!header) return header.error();
  return *header ? static_cast<std::uint64_t>((*header)->base) : 0;
}

Result<Scan> scan(const SegmentFile& segment, const Known& known) {
  const auto size = segment.file->size();
  if (!size) return size.error();
  const std::uint64_t end = std::min(known.end.value_or(*size), *size);
  std::uint64_t durable = known.end.value_or(known.durable);
  Scan found;
  if (const error_code error = Scanner(segment, end, durable).run(found)) return error;
  if (!known.end && *size < known.size) durable = known.size;  // or it may have been
  if (found.end < durable) {
    found.holes.push_back({found.end, durable, found.records.size()});
    found.end = durable;
    found.torn_bytes = 0;
    found.clean = false;
  }
  return found;
}

std::map<std::uint32_t, Known> known_of(const Catalogue::Manifest& manifest,
                                        const std::map<std::uint32_t, Begin>& begins,
                                        const StopRow& stopped) {
  std::map<std::uint32_t, Known> all;
  for (const auto& [number, row] : manifest) {
    if (row.state != SegmentRow::open) continue;
    Known& known = all[number];
    if (number == stopped.segment) known.durable = stopped.end;
    const bool untouched = stopped.segment > 0 && number >= stopped.segment && !stopped.opened_since;
    if (!untouched) known.size = row.disk_bytes;
    for (auto next = begins.upper_bound(number); next != begins.end() && !known.end; ++next)
      if (next->second.previous == number) known.end = next->second.previous_end;
  }
  return all;
}

std::uint64_t changes_unlisted(FileSystem& files, const Path& dir, const Catalogue::Manifest& manifest) {
  std::uint64_t changes = 0;
  const auto names = files.list(dir);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto number = static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
    if (number == 0 || !name.ends_with(".log") || manifest.contains(number)) continue;
    auto file = files.open(dir / name, FileSystem::Mode::read);
    const auto begin = file ? read_begin(**file, number) : Result<std::optional<Begin>>(file.error());
    if (begin && *begin) changes = std::max(changes, (*begin)->changes);
  }
  return changes;
}

}  // namespace mq::storage
