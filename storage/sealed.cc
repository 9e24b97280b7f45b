// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed.h"

#include <leveldb/iterator.h>
#include <leveldb/options.h>

#include "storage/env.h"
#include "storage/error.h"
#include "storage/logger.h"
#include "storage/record.h"

namespace mq::storage {
namespace {

error_code corrupt(const leveldb::Status& status) {
  logger().error("a table could not be read: {}", status.ToString());
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
  if (!status.ok()) return corrupt(status);
  return std::shared_ptr<const Sealed>(std::move(sealed));
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
  return at->status().ok() ? error_code{} : corrupt(at->status());
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
  return at->status().ok() ? error_code{} : corrupt(at->status());
}

Result<std::string> Sealed::summary() const {
  const auto at = iterator(*table_);
  at->Seek(keys::entry(keys::summary_partition, 0));
  if (!at->status().ok()) return corrupt(at->status());
  if (!at->Valid()) return Errc::corrupt;
  return at->value().ToString();
}

SealedSegments::SealedSegments(FileSystem& file_system, const SegmentFiles& files, const Catalogue& catalogue)
    : env_(make_env(file_system)), files_(files), catalogue_(catalogue) {}

SealedSegments::~SealedSegments() = default;

Result<std::shared_ptr<const Sealed>> SealedSegments::find(std::uint32_t number) {
  {
    std::lock_guard lock(mutex_);
    if (const auto known = by_number_.find(number); known != by_number_.end()) {
      recent_.splice(recent_.begin(), recent_, known->second);
      return recent_.front().second;
    }
  }
  const auto row = catalogue_.segment(number);
  if (!row) return Errc::not_found;
  auto opened = open(number, *row);
  if (!opened) return opened;
  std::lock_guard lock(mutex_);
  if (!by_number_.contains(number)) {
    recent_.emplace_front(number, *opened);
    by_number_[number] = recent_.begin();
  }
  while (recent_.size() > open_max) {
    by_number_.erase(recent_.back().first);
    recent_.pop_back();
  }
  return opened;
}

Result<std::shared_ptr<const Sealed>> SealedSegments::open(std::uint32_t number, const SegmentRow& row) {
  std::shared_ptr<const SegmentFile> file;
  if (row.has_file) {
    auto opened = files_.open(number, row.seed);
    if (!opened) {
      logger().error("{}: {}", files_.path(number).string(), opened.error().message());
      return Errc::corrupt;
    }
    file = std::move(*opened);
  }
  return Sealed::open(*env_, files_.dir, number, std::move(file));
}

void SealedSegments::forget(std::uint32_t number) {
  std::lock_guard lock(mutex_);
  const auto known = by_number_.find(number);
  if (known == by_number_.end()) return;
  recent_.erase(known->second);
  by_number_.erase(known);
}

}  // namespace mq::storage
