// SPDX-License-Identifier: Apache-2.0
#include "storage/seal.h"

#include <algorithm>
#include <ctime>

#include "storage/error.h"
#include "storage/logger.h"

namespace mq::storage {
namespace {

constexpr std::size_t block_bytes = 32u << 10;

template <class T>
void put(std::string& out, const std::vector<T>& items) {
  const std::uint64_t count = items.size();
  out.append(reinterpret_cast<const char*>(&count), sizeof count);
  for (const T& item : items) out.append(reinterpret_cast<const char*>(&item), sizeof item);
}

template <class T>
bool take(std::string_view& in, std::vector<T>& items) {
  std::uint64_t count;
  if (in.size() < sizeof count) return false;
  std::memcpy(&count, in.data(), sizeof count);
  in.remove_prefix(sizeof count);
  if (count > in.size() / sizeof(T)) return false;
  items.resize(count);
  if (count > 0) std::memcpy(static_cast<void*>(items.data()), in.data(), count * sizeof(T));
  in.remove_prefix(count * sizeof(T));
  return true;
}

class SegmentTable {
 public:
  SegmentTable(const Sealing& sealing, TableFile& file) : sealing_(sealing), file_(file) {}
  Result<Table> write(const std::atomic<bool>& stopping);

 private:
  error_code add_core_rows();
  error_code add_part(const Sealing::Part& part);
  error_code read(const Place& place);

  const Sealing& sealing_;
  TableFile& file_;
  std::string buffer_;
  Table table_;
  bool needs_file_ = false;
};

error_code SegmentTable::read(const Place& place) {
  buffer_.resize(place.size);
  const auto into = std::as_writable_bytes(std::span(buffer_));
  const auto got = sealing_.segment->file->read(into, place.position);
  if (!got) return got.error();
  return *got == place.size ? error_code{} : make_error_code(Errc::corrupt);
}

error_code SegmentTable::add_core_rows() {
  for (const Place& place : sealing_.core_rows) {
    error_code error = read(place);
    if (!error) error = file_.add(keys::entry(0, place.first), buffer_);
    if (error) return error;
  }
  return {};
}

error_code SegmentTable::add_part(const Sealing::Part& part) {
  if (!part.places || part.skip >= part.count) return {};
  const auto places = std::span(*part.places).subspan(part.skip, part.count - part.skip);
  Catalogue::Run run{part.partition, places.back().last(), {}};
  run.row.first = places.front().first;
  run.row.segment = sealing_.segment->number;
  for (const Place& place : places) {
    run.row.time_max = std::max(run.row.time_max, place.time_max);
    run.row.bytes += place.size;
    run.row.batches += place.size > 0;
    const bool small = place.size > 0 && place.size <= inline_bytes_max;
    error_code error = small ? read(place) : error_code{};
    if (!error) error = file_.add(keys::entry(part.partition, place.last()), small ? buffer_ : packed(place));
    if (error) return error;
    needs_file_ |= !small;
  }
  table_.row.bytes += run.row.bytes;
  table_.runs.push_back(run);
  return {};
}

Result<Table> SegmentTable::write(const std::atomic<bool>& stopping) {
  if (const error_code error = add_core_rows()) return error;
  for (const auto& part : sealing_.parts) {
    if (stopping) return Errc::stopped;
    if (const error_code error = add_part(part)) return error;
  }
  const SegmentFile& segment = *sealing_.segment;
  const Summary summary{segment.number,       segment.seed,   sealing_.end, table_.runs,
                        sealing_.truncations, sealing_.trims, {},           {}};
  if (const error_code error = file_.finish(summary)) return error;
  table_.row.seed = segment.seed;
  table_.row.has_file = needs_file_;
  table_.row.core_rows = !sealing_.core_rows.empty();
  table_.row.written_s = static_cast<std::uint32_t>(std::time(nullptr));
  table_.row.disk_bytes = file_.bytes() + (needs_file_ ? sealing_.end : 0);
  return std::move(table_);
}

}  // namespace

bool Sealing::empty() const {
  const bool batches =
      std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.skip < part.count; });
  return !batches && core_rows.empty() && truncations.empty() && trims.empty();
}

std::string Summary::encode() const {
  std::string out;
  out.append(reinterpret_cast<const char*>(&segment), sizeof segment);
  out.append(reinterpret_cast<const char*>(&seed), sizeof seed);
  out.append(reinterpret_cast<const char*>(&end), sizeof end);
  put(out, runs);
  put(out, truncations);
  put(out, trims);
  put(out, replaced);
  put(out, sources);
  return out;
}

std::optional<Summary> Summary::decode(std::string_view text) {
  Summary summary;
  constexpr std::size_t fixed = sizeof summary.segment + sizeof summary.seed + sizeof summary.end;
  if (text.size() < fixed) return {};
  std::memcpy(&summary.segment, text.data(), sizeof summary.segment);
  std::memcpy(&summary.seed, text.data() + 4, sizeof summary.seed);
  std::memcpy(&summary.end, text.data() + 8, sizeof summary.end);
  text.remove_prefix(fixed);
  const bool whole = take(text, summary.runs) && take(text, summary.truncations) &&
                     take(text, summary.trims) && take(text, summary.replaced) && take(text, summary.sources);
  return whole ? std::optional(std::move(summary)) : std::nullopt;
}

Result<std::unique_ptr<TableFile>> TableFile::create(leveldb::Env& env, const Path& path) {
  auto file = std::make_unique<TableFile>();
  file->path_ = path.string();
  file->options_.env = &env;
  file->options_.compression = leveldb::kNoCompression;
  file->options_.block_size = block_bytes;
  leveldb::WritableFile* out = nullptr;
  const leveldb::Status status = env.NewWritableFile(file->path_, &out);
  file->out_.reset(out);
  if (!status.ok()) return file->answer(status);
  file->builder_ = std::make_unique<leveldb::TableBuilder>(file->options_, out);
  return file;
}

TableFile::~TableFile() {
  if (builder_ && !finished_) builder_->Abandon();
}

error_code TableFile::answer(const leveldb::Status& status) const {
  if (status.ok()) return {};
  logger().error("{} could not be written: {}", path_, status.ToString());
  return Errc::io;
}

error_code TableFile::add(const std::string& key, std::string_view value) {
  builder_->Add(key, leveldb::Slice(value.data(), value.size()));
  return answer(builder_->status());
}

error_code TableFile::finish(const Summary& summary) {
  if (const error_code error = add(keys::entry(keys::summary_partition, 0), summary.encode())) return error;
  leveldb::Status status = builder_->Finish();
  finished_ = true;
  if (status.ok()) status = out_->Sync();
  if (status.ok()) status = out_->Close();
  return answer(status);
}

Result<Table> write_table(leveldb::Env& env, const Path& path, const Sealing& sealing,
                          const std::atomic<bool>& stopping) {
  auto file = TableFile::create(env, path);
  if (!file) return file.error();
  return SegmentTable(sealing, **file).write(stopping);
}

}  // namespace mq::storage
