// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed.h"

#include <leveldb/iterator.h>
#include <leveldb/options.h>

#include "storage/env.h"
#include "storage/error.h"
#include "storage/logger.h"
#include "storage/record.h"
#include "storage/restore.h"

namespace mq::storage {
namespace {

error_code code(const leveldb::Status& status) {
  return status.IsIOError() ? Errc::io : Errc::corrupt;
}

std::unique_ptr<leveldb::Iterator> iterator(const leveldb::Table& table) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  return std::unique_ptr<leveldb::Iterator>(table.NewIterator(options));
}

}  // namespace

Result<std::shared_ptr<const Sealed>> Sealed::open(leveldb::Env& env, const Path& dir, std::uint32_t number,
                                                   std::shared_ptr<const SegmentFile> file) {
  auto sealed = std::make_shared<Sealed>();
  sealed->file_ = std::move(file);
  const std::string path = segment_path(dir, number, ".ldb").string();
  leveldb::RandomAccessFile* source = nullptr;
  leveldb::Status status = env.NewRandomAccessFile(path, &source);
  sealed->source_.reset(source);
  std::uint64_t size = 0;
  if (status.ok()) status = env.GetFileSize(path, &size);
  leveldb::Options options;
  options.env = &env;
  options.paranoid_checks = true;
  leveldb::Table* table = nullptr;
  if (status.ok()) status = leveldb::Table::Open(options, source, size, &table);
  sealed->table_.reset(table);
  if (!status.ok()) {
    logger().error("{}: {}", path, status.ToString());
    return code(status);
  }
  sealed->path_ = path;
  return std::shared_ptr<const Sealed>(std::move(sealed));
}

// Said once: who reads on asks again and again.
error_code Sealed::failure(const leveldb::Status& status) const {
  if (!failed_.exchange(true)) logger().error("{}: {}", path_.string(), status.ToString());
  return code(status);
}

std::optional<Sealed::Entry> Sealed::entry_of(Offset last, std::string_view value) {
  Entry entry;
  entry.last = last;
  if (const auto place = unpacked<Place>(value)) {
    entry.first = place->first, entry.time_max = place->time_max;
    entry.size = place->size, entry.position = place->position;
    return entry;
  }
  if (value.size() < batch_head_bytes) return {};
  entry.batch = bytes_of(value);
  const BatchHead head = batch_head(entry.batch);
  entry.first = head.first, entry.time_max = head.time_max, entry.size = value.size();
  return entry;
}

// An iterator steps over a block that it could not read and goes on: its status is asked after every step.
error_code Sealed::visit(PartitionNumber partition, Offset from, const Visit& visit) const {
  const std::string start = keys::entry(partition, from);
  const auto at = iterator(*table_);
  for (at->Seek(start); at->Valid() && at->status().ok(); at->Next()) {
    const std::string_view key(at->key().data(), at->key().size());
    if (key.size() != 12 || keys::number(key) != partition) break;
    const auto entry = entry_of(keys::offset(key.substr(4)), {at->value().data(), at->value().size()});
    if (!entry) return Errc::corrupt;
    if (!visit(*entry)) break;
  }
  return at->status().ok() ? error_code{} : failure(at->status());
}

error_code Sealed::visit_all(
    const std::function<bool(PartitionNumber, Offset last, std::string_view value)>& visit) const {
  const auto at = iterator(*table_);
  for (at->SeekToFirst(); at->Valid() && at->status().ok(); at->Next()) {
    const std::string_view key(at->key().data(), at->key().size());
    if (key.size() != 12) return Errc::corrupt;
    if (!visit(keys::number(key), keys::offset(key.substr(4)), {at->value().data(), at->value().size()}))
      break;
  }
  return at->status().ok() ? error_code{} : failure(at->status());
}

Result<std::string> Sealed::summary() const {
  const auto at = iterator(*table_);
  at->Seek(keys::entry(keys::summary_partition, 0));
  if (!at->status().ok()) return failure(at->status());
  if (!at->Valid()) return Errc::corrupt;
  return at->value().ToString();
}

SealedSegments::SealedSegments(FileSystem& file_system, const SegmentFiles& files, const Catalogue& catalogue)
    : env_(make_env(file_system)), files_(files), catalogue_(catalogue) {}

SealedSegments::~SealedSegments() = default;

std::shared_ptr<const Sealed> SealedSegments::recent(std::uint32_t number) {
  std::lock_guard lock(mutex_);
  const auto known = by_number_.find(number);
  if (known == by_number_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, known->second);
  return recent_.front().second;
}

void SealedSegments::keep(std::uint32_t number, std::shared_ptr<const Sealed> sealed) {
  std::lock_guard lock(mutex_);
  if (!by_number_.contains(number)) {
    recent_.emplace_front(number, std::move(sealed));
    by_number_[number] = recent_.begin();
  }
  while (recent_.size() > open_max) {
    by_number_.erase(recent_.back().first);
    recent_.pop_back();
  }
}

Result<std::shared_ptr<const Sealed>> SealedSegments::find(std::uint32_t number) {
  if (auto known = recent(number)) return known;
  const auto row = catalogue_.segment(number);
  if (!row) return Errc::not_found;
  if (is_unreadable(number)) return Errc::corrupt;
  auto opened = open(number, *row);
  if (!opened && opened.error() == Errc::corrupt && restore(number, nullptr)) opened = open(number, *row);
  if (opened) keep(number, *opened);
  return opened;
}

Result<std::shared_ptr<const Sealed>> SealedSegments::open(std::uint32_t number,
                                                           const SegmentRow& row) const {
  std::shared_ptr<const SegmentFile> file;
  if (row.has_file) {
    auto opened = files_.open(number, row.seed, FileSystem::Mode::read);
    const bool missing = !opened && opened.error() == boost::system::errc::no_such_file_or_directory;
    if (!opened) logger().error("{}: {}", files_.path(number).string(), opened.error().message());
    if (!opened && !missing) return Errc::io;
    if (opened) file = std::move(*opened);
  }
  return Sealed::open(*env_, files_.dir, number, std::move(file));
}

bool SealedSegments::restore(std::uint32_t number, const Sealed* seen) {
  std::lock_guard one_at_a_time(restoring_);
  if (const auto now = recent(number); now && now.get() != seen) return true;
  const auto row = catalogue_.segment(number);
  if (!row || !tried_.insert(number).second) return false;
  const std::string path = files_.table_path(number).string();
  const auto old = seen ? OldTable::partly_readable : OldTable::unreadable;
  const auto lost = restore_table(*env_, files_, catalogue_, number, old);
  if (lost) {
    logger().warn("{} could not be read: it was made anew from the .log", path);
    log_lost(number, *lost);
    forget(number);
    return true;
  }
  logger().error("{} could not be read, nor made anew: {}", path, lost.error().message());
  if (seen) return false;  // most of it can be read
  if (const auto runs = catalogue_.runs_in(number)) log_lost(number, *runs);
  std::lock_guard lock(mutex_);
  unreadable_.insert(number);
  return false;
}

bool SealedSegments::is_unreadable(std::uint32_t number) {
  std::lock_guard lock(mutex_);
  return unreadable_.contains(number);
}

void SealedSegments::forget(std::uint32_t number) {
  std::lock_guard lock(mutex_);
  const auto known = by_number_.find(number);
  if (known == by_number_.end()) return;
  recent_.erase(known->second);
  by_number_.erase(known);
}

}  // namespace mq::storage
