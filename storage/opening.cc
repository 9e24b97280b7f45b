// SPDX-License-Identifier: Apache-2.0
#include "storage/opening.h"

#include <algorithm>
#include <array>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/sealed_check.h"
#include "storage/strays.h"

namespace mq::storage {
namespace fs = std::filesystem;

error_code Opening::run() {
  const auto began = std::chrono::steady_clock::now();
  if (const error_code error = lock()) return error;
  auto meta = open_meta();
  if (!meta) return meta.error();
  error_code error = load(std::move(*meta));
  if (!error) error = replay();
  if (error) return error;
  const Store::Change& rows = replay_->core_rows;
  if (journal_.recovery_.meta_rebuilt && !(rows.puts.empty() && rows.erases.empty()))
    error = journal_.meta_->commit(rows);
  if (!error) error = start();
  if (error) return error;
  const auto took = std::chrono::steady_clock::now() - began;
  journal_.recovery_.took = std::chrono::duration_cast<std::chrono::milliseconds>(took);
  say();
  return {};
}

error_code Opening::lock() {
  DiskJournal& j = journal_;
  const Path& data = j.options_.data;
  const Path dir = data / "journal";
  const bool first = !j.files_.exists(dir);
  error_code error = first ? j.files_.make_dir(data) : error_code{};
  if (!error && first) error = j.files_.sync_dir(fs::absolute(data).parent_path());
  if (error) return error;
  auto taken = Lock::take(j.files_, data, "mq serve");
  if (!taken && taken.error() != Errc::in_use)
    logger().error("{}: {}", (data / "LOCK").string(), taken.error().message());
  if (!taken) return taken.error();
  j.lock_ = std::move(*taken);
  if (first) error = j.files_.make_dir(dir);
  if (!error && first) error = j.files_.sync_dir(data);
  return error;
}

// ---------------------------------------------------------------------------------------------- meta

// Missing beside a journal it is lost, not new.
Result<std::unique_ptr<Store>> Opening::open_meta() {
  DiskJournal& j = journal_;
  auto store = Store::open(j.files_, j.options_.data / "meta");
  if (!store) return store.error() == Errc::corrupt ? rebuild() : std::move(store);
  const bool empty = (*store)->changes() == 0;
  if (!empty || !Rebuild::has_segments(j.files_, j.options_.data / "journal")) return store;
  store->reset();
  return rebuild();
}

Result<std::unique_ptr<Store>> Opening::rebuild() {
  journal_.recovery_.meta_rebuilt = true;
  return Rebuild(journal_.files_, journal_.options_.data, journal_.options_.on_start).run();
}

// What cannot be read in meta, or is older than the journal, is made anew: once.
error_code Opening::load(std::unique_ptr<Store> store) {
  make_parts(std::move(store));
  const bool rebuilt = journal_.recovery_.meta_rebuilt;
  error_code error = read_manifest();
  if (!error && is_old())
    error = rebuilt ? journal_.meta_->count_from(changes_remembered()) : make_error_code(Errc::corrupt);
  if (!error) error = read_meta();
  if (error != Errc::corrupt || rebuilt) return error;
  discard_parts();
  auto anew = rebuild();
  return anew ? load(std::move(*anew)) : anew.error();
}

// How many commits of meta the journal knows of: what is not sealed says it, also when meta does not list it.
std::uint64_t Opening::changes_remembered() const {
  const auto& manifest = journal_.catalogue_->manifest();
  std::uint64_t changes = changes_unlisted(journal_.files_, journal_.segments_->dir, manifest);
  for (const Unsealed& unsealed : unsealed_) changes = std::max(changes, unsealed.scan.changes);
  return changes;
}

// A file goes when its table is in meta: meta does not know any more.
bool Opening::sealed_unknown_to_meta() const {
  return std::any_of(unsealed_.begin(), unsealed_.end(), [this](const Unsealed& unsealed) {
    const Path path = journal_.segments_->table_path(unsealed.number);
    return !unsealed.file && journal_.files_.exists(path) &&
           journal_.sealed_->open(unsealed.number, {.has_file = 0});
  });
}

bool Opening::is_old() const {
  return changes_remembered() > journal_.meta_->changes() || sealed_unknown_to_meta();
}

void Opening::make_parts(std::unique_ptr<Store> store) {
  DiskJournal& j = journal_;
  const Path dir = j.options_.data / "journal";
  auto reopen = [&files = j.files_, path = j.options_.data / "meta"] { return Store::open(files, path); };
  j.meta_ = std::make_unique<NotingStore>(std::move(store), std::move(reopen));
  j.catalogue_ = std::make_unique<Catalogue>(*j.meta_);
  const SegmentFiles::Sizes sizes{j.options_.segment_bytes_min, j.options_.segment_bytes_max,
                                  j.options_.min_free_bytes};
  j.segments_ = std::make_unique<SegmentFiles>(j.files_, dir, *j.catalogue_, sizes);
  j.sealed_ = std::make_unique<SealedSegments>(j.files_, *j.segments_, *j.catalogue_);
  if (!j.background_) j.background_ = std::make_unique<asio::thread_pool>(1);
  if (!j.copying_) j.copying_ = std::make_unique<asio::thread_pool>(1);
  j.cleaner_ = std::make_unique<Cleaner>(
      j.loop_, *j.background_, *j.copying_, *j.segments_, *j.catalogue_, *j.sealed_,
      [&j](std::function<void(error_code)> done) { j.copy_core_rows(std::move(done)); });
  j.sealer_ = std::make_unique<Sealer>(j.loop_, *j.background_, *j.segments_, *j.catalogue_, *j.sealed_,
                                       *j.cleaner_, j.options_.snapshots, j.options_.on_sealed);
  j.logs_ = std::make_unique<Logs>(LogContext{
      j.appender_, j.readers_, *j.catalogue_, *j.sealed_, *j.cleaner_, Tail(j.options_.tail_bytes), {}});
}

// What was begun in the background ends first.
void Opening::discard_parts() {
  DiskJournal& j = journal_;
  j.background_->join();
  j.logs_.reset();
  j.background_.reset(), j.sealer_.reset(), j.cleaner_.reset(), j.sealed_.reset(), j.segments_.reset();
  j.catalogue_.reset(), j.meta_.reset();
  unsealed_.clear();
  replay_.emplace(j);
}

error_code Opening::read_manifest() {
  error_code error = journal_.meta_->load();
  if (!error) error = journal_.catalogue_->load();
  if (!error) error = load_stopped();
  if (!error) error = open_unsealed();
  return error ? error : scan_unsealed();
}

error_code Opening::read_meta() {
  DiskJournal& j = journal_;
  if (const error_code error = SealedCheck(*j.segments_, *j.catalogue_, *j.sealed_).run()) return error;
  if (const error_code error = load_partitions()) return error;
  if (const error_code error = load_removed()) return error;
  if (const error_code error = load_snapshots()) return error;
  Strays(*j.segments_, *j.catalogue_, *j.cleaner_, *j.background_).remove(j.recovery_.meta_rebuilt);
  return {};
}

// ---------------------------------------------------------------------------------------------- rows

error_code Opening::load_partitions() {
  Store& meta = *journal_.meta_;
  const error_code error = for_each_row(meta, keys::partitions, [this](auto key, auto value) -> error_code {
    const auto row = unpacked<PartitionRow>(value);
    if (!row) return Errc::corrupt;
    const PartitionNumber partition = keys::number(key);
    journal_.meta_->seen(partition);
    journal_.logs_->log(partition)->restore(*row);
    return {};
  });
  if (error) return error;
  return for_each_row(meta, keys::quarantine, [this](auto key, auto value) -> error_code {
    if (key.size() != 12 || value.size() != 8) return Errc::corrupt;
    replay_->known_lost(keys::number(key), keys::offset(key.substr(4)), keys::offset(value));
    return {};
  });
}

error_code Opening::load_snapshots() {
  return for_each_row(*journal_.meta_, keys::snapshots, [this](auto key, auto value) -> error_code {
    if (value.size() < 4) return Errc::corrupt;
    const PartitionNumber partition = keys::number(key);
    replay_->covered(partition, keys::number(value));
    if (journal_.options_.on_snapshot) journal_.options_.on_snapshot(partition, value.substr(4));
    return {};
  });
}

// One pass over the catalogue: to look for each partition by itself is to step over the rows of all that
// went, each time.
template <class Visit>
error_code Opening::for_each_with_runs(Visit visit) {
  std::optional<PartitionNumber> last;
  return for_each_row(*journal_.meta_, keys::catalogue, [&](auto key, auto) -> error_code {
    const PartitionNumber partition = keys::number(key);
    if (std::exchange(last, partition) != partition) visit(partition);
    return {};
  });
}

// A row goes when nothing is left that it keeps from coming back.
error_code Opening::load_removed() {
  std::uint32_t oldest = UINT32_MAX;  // segment that is not sealed
  for (const auto& [number, row] : journal_.catalogue_->manifest())
    if (row.state == SegmentRow::open) oldest = std::min(oldest, number);
  std::map<PartitionNumber, std::uint32_t> removed;  // and the newest segment that may have records of it
  error_code error = for_each_row(*journal_.meta_, keys::removed, [&](auto key, auto value) -> error_code {
    const PartitionNumber partition = keys::number(key);
    journal_.meta_->seen(partition);
    replay_->removed(partition, keys::number(value));
    journal_.logs_->erase(partition);  // a seal that came after may have given it a row again
    removed[partition] = keys::number(value);
    return {};
  });
  if (error || removed.empty()) return error;
  std::vector<PartitionNumber> to_remove;
  error = for_each_with_runs([&](PartitionNumber partition) {
    if (removed.erase(partition) > 0) to_remove.push_back(partition);
  });
  if (error) return error;
  Store::Change change;
  for (const auto& [partition, segment] : removed)
    if (segment < oldest)
      change.erases.insert(change.erases.end(), {keys::gone(partition), keys::partition(partition)});
  journal_.cleaner_->remove_partitions(std::move(to_remove));
  return change.erases.empty() ? error_code{} : journal_.meta_->commit(change);
}

// ---------------------------------------------------------------------------------------------- segments

error_code Opening::load_stopped() {
  const auto text = journal_.meta_->get(keys::stopped);
  if (!text) return text.error();
  const auto row = *text ? unpacked<StopRow>(**text) : StopRow{};
  if (!row) return Errc::corrupt;
  stopped_ = *row;
  return {};
}

error_code Opening::open_unsealed() {
  for (const auto& [number, row] : journal_.catalogue_->manifest()) {
    if (row.state != SegmentRow::open) continue;
    Unsealed unsealed;
    unsealed.number = number;
    unsealed.bytes = row.disk_bytes;
    auto file = journal_.segments_->open(number, row.seed, FileSystem::Mode::write);
    if (file) {
      unsealed.file = std::move(*file);
    } else if (file.error() != boost::system::errc::no_such_file_or_directory) {
      logger().error("{}: {}", journal_.segments_->path(number).string(), file.error().message());
      return file.error();
    }
    unsealed_.push_back(std::move(unsealed));
  }
  return {};
}

error_code Opening::scan_unsealed() {
  std::map<std::uint32_t, Begin> begins;
  for (const Unsealed& segment : unsealed_) {
    if (!segment.file) continue;
    const auto begin = read_begin(*segment.file->file, segment.number);
    if (!begin) return begin.error();
    if (*begin) begins[segment.number] = **begin;
  }
  const auto known = known_of(journal_.catalogue_->manifest(), begins, stopped_);
  for (Unsealed& segment : unsealed_) {
    const Known& what = known.at(segment.number);
    segment.untouched = !what.end && what.durable == 0 && what.size == 0;
    if (!segment.file) continue;
    if (segment.file->size < segment.bytes) segment.missing = segment.bytes - segment.file->size;
    auto scanned = scan(*segment.file, what);
    if (!scanned) return scanned.error();
    segment.scan = std::move(*scanned);
    segment.file->size = segment.bytes;
  }
  return {};
}

// The newest segment with something in it is written on; an empty one behind it is the next. What was lost is
// written down before anything changes that shows it.
error_code Opening::replay() {
  std::size_t end = unsealed_.size();  // behind the newest one that was written
  while (end > 0 && !unsealed_[end - 1].written()) end--;
  const Unsealed* next = nullptr;
  for (std::size_t i = 0; i < unsealed_.size(); i++) {
    const Unsealed& segment = unsealed_[i];
    if (segment.missing > 0)
      logger().error("{} is {} bytes shorter than it was made",
                     journal_.segments_->path(segment.number).string(), segment.missing);
    error_code error;
    if (segment.written())
      error = replay(segment, i + 1 == end);
    else if (i < end || next || !segment.file)
      error = drop(segment);
    else
      next = &segment;
    if (error) return error;
  }
  journal_.recovery_.segments = unsealed_.size();
  const auto manifest = journal_.catalogue_->manifest();
  const bool has_sealed = std::ranges::any_of(
      manifest, [](const auto& segment) { return segment.second.state == SegmentRow::sealed; });
  const bool is_empty = end == 0 && !has_sealed;
  journal_.recovery_.clean = is_empty || (stopped_.segment > 0 && !stopped_.opened_since);
  if (const error_code error = replay_->finish()) return error;
  for (const Group::Closed& closed : closed_) journal_.close(closed);
  if (position_.segment)
    if (const error_code error = repair(unsealed_[end - 1])) return error;
  if (!next) return {};
  journal_.segments_->keep(next->file);
  return repair(*next);
}

error_code Opening::replay(const Unsealed& written, bool last) {
  if (!written.file) {
    replay_->missing(written.number, written.bytes);
    return {};
  }
  if (const error_code error = replay_->segment(written.file, written.scan)) return error;
  position_.previous = written.number;
  position_.previous_end = written.scan.end;
  if (last && !written.full()) {
    position_.segment = written.file;
    position_.end = written.scan.end;
    position_.records = written.scan.records.size();
  } else {
    if (const error_code error = written.file->file->sync()) return error;  // it may have been the last
    journal_.segments_->filled();
    closed_.push_back({written.file, written.scan.end});
  }
  return {};
}

error_code Opening::drop(const Unsealed& empty) {
  if (!empty.file)
    logger().warn("{} is missing; nothing had been written to it",
                  journal_.segments_->path(empty.number).string());
  if (const error_code error = journal_.catalogue_->erase({empty.number})) return error;
  journal_.cleaner_->remove_files(empty.number, true, true);
  return {};
}

// What was never acknowledged goes, and what readers will see is on the disk before they do. The file never
// is shorter than its row says, whenever the power goes: that would be damage.
error_code Opening::repair(const Unsealed& kept) {
  File& file = *kept.file->file;
  if (const error_code error = make_whole(kept)) return error;
  if (kept.scan.clean || (!kept.written() && kept.scan.torn_bytes == 0)) return {};
  journal_.recovery_.torn_bytes += kept.scan.torn_bytes;
  static const std::array<std::byte, 64u << 10> zeros{};
  const std::uint64_t torn_end = kept.scan.end + kept.scan.torn_bytes;
  for (std::uint64_t at = kept.scan.end; at < torn_end; at += zeros.size()) {
    const iovec piece{const_cast<std::byte*>(zeros.data()), std::min(zeros.size(), torn_end - at)};
    if (const error_code error = file.write({&piece, 1}, at)) return error;
  }
  return file.sync();
}

// Where there is no space for it the next record finds out.
error_code Opening::make_whole(const Unsealed& kept) {
  File& file = *kept.file->file;
  const auto size = file.size();
  if (!size || *size >= kept.bytes) return size ? error_code{} : size.error();
  error_code error = file.allocate(kept.bytes);
  if (error == boost::system::errc::no_space_on_device) error = file.resize(kept.bytes);
  return error ? error : file.sync();
}

// Only from here on is there a writer that can note what core changes.
error_code Opening::start() {
  if (stopped_.segment > 0 && !stopped_.opened_since) {
    stopped_.opened_since = 1;
    Store::Change change;
    change.puts[std::string(keys::stopped)] = packed(stopped_);
    if (const error_code error = journal_.meta_->commit(change)) return error;
  }
  journal_.start_threads(position_);
  journal_.meta_->note_with([&j = journal_](std::string rows) { j.note_rows(std::move(rows)); });
  journal_.segments_->prepare();
  return {};
}

void Opening::say() const {
  const Recovery& r = journal_.recovery_;
  logger().info(
      "journal opened in {} ms: {} unsealed segments, {} batches, {} bytes replayed, {} torn bytes dropped",
      r.took.count(), r.segments, r.batches_scanned, r.bytes_scanned, r.torn_bytes);
}

}  // namespace mq::storage
