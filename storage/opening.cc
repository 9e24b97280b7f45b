// SPDX-License-Identifier: Apache-2.0
#include "storage/opening.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "storage/error.h"
#include "storage/logger.h"

namespace mq::storage {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t rows_at_once = 1000;

}  // namespace

error_code Opening::run() {
  const auto began = std::chrono::steady_clock::now();
  if (const error_code error = lock()) return error;
  auto meta = open_meta();
  if (!meta) return meta.error();
  if (const error_code error = make_parts(std::move(*meta))) return error;
  if (const error_code error = read_meta()) return error;
  if (const error_code error = replay()) return error;
  if (journal_.recovery_.meta_rebuilt &&
      !(replay_.core_rows.puts.empty() && replay_.core_rows.erases.empty()))
    if (const error_code error = journal_.meta_->commit(replay_.core_rows)) return error;
  start();
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
  if (!store) return store.error() == Errc::corrupt ? rebuild(nullptr) : std::move(store);
  const bool empty = (*store)->changes() == 0;
  if (empty && Rebuild::has_segments(j.files_, j.options_.data / "journal"))
    return rebuild(std::move(*store));
  return store;
}

Result<std::unique_ptr<Store>> Opening::rebuild(std::unique_ptr<Store> old) {
  journal_.recovery_.meta_rebuilt = true;
  return Rebuild(journal_.files_, journal_.options_.data, journal_.options_.on_start).run(std::move(old));
}

// How many commits of meta the journal knows of: what is not sealed says it, also when meta does not list it.
std::uint64_t Opening::changes_remembered() const {
  std::uint64_t changes = 0;
  for (const Unsealed& unsealed : unsealed_) changes = std::max(changes, unsealed.scan.changes);
  const auto names = journal_.files_.list(journal_.segments_->dir);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto number = static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
    if (number == 0 || !name.ends_with(".log") || journal_.catalogue_->segment(number)) continue;
    auto file = journal_.files_.open(journal_.segments_->dir / name, FileSystem::Mode::read);
    const auto begin = file ? read_begin(**file, number) : Result<std::optional<Begin>>(file.error());
    if (begin && *begin) changes = std::max(changes, (*begin)->changes);
  }
  return changes;
}

error_code Opening::make_parts(std::unique_ptr<Store> store) {
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
  if (const error_code error = j.meta_->load()) return error;
  if (const error_code error = j.catalogue_->load()) return error;
  if (const error_code error = open_unsealed()) return error;
  if (const error_code error = scan_unsealed()) return error;
  const std::uint64_t changes = changes_remembered();
  if (changes <= j.meta_->changes()) return {};
  if (j.recovery_.meta_rebuilt) return j.meta_->count_from(changes);
  unsealed_.clear();
  j.sealer_.reset(), j.cleaner_.reset(), j.sealed_.reset(), j.segments_.reset(), j.catalogue_.reset();
  auto rebuilt = rebuild(j.meta_->let_go());
  return rebuilt ? make_parts(std::move(*rebuilt)) : rebuilt.error();
}

error_code Opening::read_meta() {
  if (const error_code error = load_partitions()) return error;
  if (const error_code error = load_removed()) return error;
  if (const error_code error = load_snapshots()) return error;
  remove_strays();
  return {};
}

// ---------------------------------------------------------------------------------------------- rows

template <class Visit>
error_code Opening::for_each(std::string_view prefix, Visit visit) {
  for (std::string from;;) {
    const auto rows = journal_.meta_->scan(prefix, from, rows_at_once);
    if (!rows) return rows.error();
    for (const auto& [key, value] : *rows)
      if (!visit(std::string_view(key).substr(prefix.size()), std::string_view(value))) return Errc::corrupt;
    if (rows->size() < rows_at_once) return {};
    from = rows->back().first + '\0';
  }
}

error_code Opening::load_partitions() {
  const error_code error = for_each(keys::partitions, [this](std::string_view key, std::string_view value) {
    const auto row = unpacked<PartitionRow>(value);
    if (!row) return false;
    const PartitionNumber partition = keys::number(key);
    journal_.meta_->seen(partition);
    journal_.partition_log(partition)->restore(*row);
    return true;
  });
  if (error) return error;
  return for_each(keys::quarantine, [this](std::string_view key, std::string_view value) {
    if (key.size() != 12 || value.size() != 8) return false;
    journal_.partition_log(keys::number(key))->lost(keys::offset(key.substr(4)), keys::offset(value));
    return true;
  });
}

error_code Opening::load_snapshots() {
  return for_each(keys::snapshots, [this](std::string_view key, std::string_view value) {
    if (value.size() < 4) return false;
    const PartitionNumber partition = keys::number(key);
    replay_.covered(partition, keys::number(value));
    if (journal_.options_.on_snapshot) journal_.options_.on_snapshot(partition, value.substr(4));
    return true;
  });
}

// A row goes when nothing is left that it keeps from coming back.
error_code Opening::load_removed() {
  std::uint32_t oldest = UINT32_MAX;  // segment that is not sealed
  for (const auto& [number, row] : journal_.catalogue_->manifest())
    if (row.state == SegmentRow::open) oldest = std::min(oldest, number);
  Store::Change change;
  const error_code error = for_each(keys::removed, [&](std::string_view key, std::string_view value) {
    const PartitionNumber partition = keys::number(key);
    journal_.meta_->seen(partition);
    replay_.removed(partition, keys::number(value));
    journal_.logs_.erase(partition);  // a seal that came after may have given it a row again
    const auto runs = journal_.catalogue_->find(partition, 0, 1);
    if (!runs) return false;
    if (!runs->empty())
      journal_.cleaner_->bury(partition);
    else if (keys::number(value) < oldest)
      change.erases.insert(change.erases.end(), {keys::gone(partition), keys::partition(partition)});
    return true;
  });
  if (error || change.erases.empty()) return error;
  return journal_.meta_->commit(change);
}

// ---------------------------------------------------------------------------------------------- segments

error_code Opening::open_unsealed() {
  const auto manifest = journal_.catalogue_->manifest();
  for (const auto& [number, row] : manifest) {
    if (row.state != SegmentRow::open) continue;
    Unsealed unsealed;
    unsealed.number = number;
    unsealed.bytes = row.disk_bytes;
    auto file = journal_.segments_->open(number, row.seed);
    if (file) {
      const auto begin = read_begin(*(*file)->file, number);
      if (!begin) return begin.error();
      unsealed.begin = *begin;
      unsealed.file = std::move(*file);
    } else if (file.error() != boost::system::errc::no_such_file_or_directory) {
      return file.error();
    } else if (number == manifest.rbegin()->first) {  // only made ready: nothing was ever written to it
      if (const error_code error = journal_.catalogue_->erase({number})) return error;
      continue;
    }
    unsealed_.push_back(std::move(unsealed));
  }
  return {};
}

error_code Opening::scan_unsealed() {
  for (auto segment = unsealed_.begin(); segment != unsealed_.end(); ++segment) {
    if (!segment->file) continue;
    std::optional<std::uint64_t> known_end;
    for (auto next = segment + 1; next != unsealed_.end() && !known_end; ++next)
      if (next->begin && next->begin->previous == segment->number) known_end = next->begin->previous_end;
    auto scanned = scan(*segment->file, known_end);
    if (!scanned) return scanned.error();
    segment->scan = std::move(*scanned);
  }
  return {};
}

// The newest segment with something in it is written on; an empty one behind it is the next.
error_code Opening::replay() {
  std::size_t end = unsealed_.size();  // behind the newest one that was written
  while (end > 0 && !unsealed_[end - 1].written()) end--;
  bool has_next = false;
  for (std::size_t i = 0; i < unsealed_.size(); i++) {
    Unsealed& segment = unsealed_[i];
    error_code error;
    if (segment.written()) {
      error = replay(segment, i + 1 == end);
    } else if (i < end || has_next) {
      error = drop(segment);
    } else {
      has_next = true;
      if (segment.scan.torn_bytes > 0) error = repair(segment);
      journal_.segments_->keep(segment.file);
    }
    if (error) return error;
  }
  journal_.recovery_.segments = unsealed_.size();
  return replay_.finish();
}

error_code Opening::replay(Unsealed& written, bool last) {
  if (!written.file) {
    replay_.missing(written.number, written.bytes);
    return {};
  }
  if (last)
    if (const error_code error = repair(written)) return error;
  if (const error_code error = replay_.segment(written.file, written.scan)) return error;
  if (last) {
    position_.segment = written.file;
    position_.end = written.scan.end;
    position_.records = written.scan.records.size();
  } else {
    journal_.segments_->filled();
    journal_.close({written.file, written.scan.end});
  }
  return {};
}

error_code Opening::drop(const Unsealed& empty) {
  if (const error_code error = journal_.catalogue_->erase({empty.number})) return error;
  journal_.cleaner_->remove_files(empty.number, true, true);
  return {};
}

// What was never acknowledged goes, and what readers will see is on the disk before they do.
error_code Opening::repair(const Unsealed& last) {
  if (last.scan.clean) return {};
  File& file = *last.file->file;
  const std::uint64_t size = std::max(last.file->size, journal_.segments_->size_of(last.number));
  journal_.recovery_.torn_bytes += last.scan.torn_bytes;
  error_code error = last.scan.torn_bytes ? file.resize(last.scan.end) : error_code{};
  if (!error) error = file.allocate(size);
  if (!error || error == boost::system::errc::no_space_on_device)
    error = file.sync();  // the next record finds out
  return error;
}

// Only from here on is there a writer that can note what core changes.
void Opening::start() {
  journal_.start_threads(position_);
  journal_.meta_->note_with([&j = journal_](std::string rows) { j.note_rows(std::move(rows)); });
  journal_.segments_->prepare();
}

// Whether anything was written to it since it was made ready.
bool Opening::begun(std::uint32_t number) const {
  const auto file = journal_.files_.open(journal_.segments_->path(number), FileSystem::Mode::read);
  const auto begin = file ? read_begin(**file, number) : Result<std::optional<Begin>>(file.error());
  return !begin || *begin;
}

// What meta does not list is what a crash left of sealing, cleaning or unlinking.
void Opening::remove_strays() {
  const auto names = journal_.files_.list(journal_.segments_->dir);
  if (!names) return;
  const auto manifest = journal_.catalogue_->manifest();
  for (const std::string& name : *names) {
    const auto number = static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
    const bool table = name.ends_with(".ldb");
    if (number == 0 || (!table && !name.ends_with(".log"))) continue;
    const auto row = manifest.find(number);
    const bool known = row != manifest.end();
    const bool sealed = known && row->second.state == SegmentRow::sealed;
    if (table ? sealed : known && (!sealed || row->second.has_file)) continue;
    journal_.catalogue_->used(number);  // or what is made next would be removed instead
    if (journal_.recovery_.meta_rebuilt && (table || begun(number))) {  // then nobody knows whose it is
      const Path path = journal_.segments_->dir / name;
      logger().warn("{} is set aside: it could not be read, or was replaced", path.string());
      journal_.files_.rename(path, path.string() + ".aside");
      continue;
    }
    logger().info("{} is left from a crash: removed", name);
    asio::post(*journal_.background_, [&cleaner = *journal_.cleaner_, number, table] {
      cleaner.remove_files(number, !table, table);
    });
  }
}

void Opening::say() const {
  const Recovery& r = journal_.recovery_;
  logger().info(
      "journal opened in {} ms: {} unsealed segments, {} batches, {} bytes replayed, {} torn bytes dropped",
      r.took.count(), r.segments, r.batches_scanned, r.bytes_scanned, r.torn_bytes);
}

}  // namespace mq::storage
