// SPDX-License-Identifier: Apache-2.0
#include "storage/store.h"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <atomic>
#include <mutex>

#include "storage/env.h"
#include "storage/error.h"
#include "storage/logger.h"
#include "storage/torn.h"

namespace mq::storage {
namespace {

using leveldb::Slice;
using leveldb::Status;

// Beside the caller's keys, which do not begin with NUL: how many changes were committed, in each change's
// own batch.
constexpr std::string_view changes_key{"\0changes", 8};

// env.cc hands LevelDB the words of an error, and that is all that comes back of it.
const error_code full_disk(ENOSPC, boost::system::system_category());

Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

bool is_own(std::string_view key) {
  return !key.empty() && key.front() == '\0';
}

error_code code_of(const Status& status) {
  if (status.IsNotFound()) return Errc::not_found;
  if (status.ToString().ends_with(full_disk.message())) return Errc::full;
  // InvalidArgument is what an open answers when files are missing.
  return status.IsCorruption() || status.IsInvalidArgument() ? Errc::corrupt : Errc::io;
}

struct NoLog final : leveldb::Logger {
  void Logv(const char*, std::va_list) override {}
};

class LevelDbStore final : public Store {
 public:
  LevelDbStore(FileSystem& files, Path dir)
      : dir_(std::move(dir)), env_(make_env(files)), cache_(leveldb::NewLRUCache(1 << 20)) {}

  error_code open();
  error_code commit(const Change& change) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view prefix,
                                                                std::string_view from,
                                                                std::size_t limit) override;
  std::uint64_t changes() const override { return changes_; }

 private:
  error_code fence(const char* doing, const Status& status);

  const Path dir_;
  const std::unique_ptr<leveldb::Env> env_;
  const std::unique_ptr<leveldb::Cache> cache_;
  NoLog no_log_;
  std::unique_ptr<leveldb::DB> db_;  // after what it uses
  std::mutex committing_;
  std::atomic<std::uint64_t> changes_ = 0;
  std::atomic<bool> fenced_ = false;
};

error_code LevelDbStore::open() {
  leveldb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.env = env_.get();
  options.info_log = &no_log_;
  options.block_cache = cache_.get();
  options.write_buffer_size = 2 << 20;
  options.max_open_files = 64;
  leveldb::DB* opened = nullptr;
  const Status status = leveldb::DB::Open(options, dir_.string(), &opened);
  db_.reset(opened);
  if (!status.ok()) return fence("open", status);

  const auto count = get(changes_key);
  if (!count) return count.error();
  if (*count) changes_ = std::strtoull((*count)->c_str(), nullptr, 10);
  return {};
}

error_code LevelDbStore::commit(const Change& change) {
  leveldb::WriteBatch batch;
  for (const auto& [key, value] : change.puts) batch.Put(slice(key), slice(value));
  for (const auto& key : change.erases) batch.Delete(slice(key));

  const std::lock_guard lock(committing_);
  if (fenced_) return Errc::fenced;
  batch.Put(slice(changes_key), std::to_string(changes_ + 1));
  leveldb::WriteOptions options;
  options.sync = true;
  const Status written = db_->Write(options, &batch);
  if (!written.ok()) return fence("write", written);
  ++changes_;
  return {};
}

Result<std::optional<std::string>> LevelDbStore::get(std::string_view key) {
  if (fenced_) return make_error_code(Errc::fenced);
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  std::string value;
  const Status status = db_->Get(options, slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return fence("read", status);
  return std::optional(std::move(value));
}

Result<std::vector<std::pair<std::string, std::string>>> LevelDbStore::scan(std::string_view prefix,
                                                                            std::string_view from,
                                                                            std::size_t limit) {
  if (fenced_) return make_error_code(Errc::fenced);
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> at(db_->NewIterator(options));

  std::vector<std::pair<std::string, std::string>> found;
  // An iterator steps over a block that it could not read and goes on: ask after every step.
  for (at->Seek(slice(std::max(prefix, from))); at->status().ok() && at->Valid(); at->Next()) {
    if (found.size() >= limit || !at->key().starts_with(slice(prefix))) break;
    std::string key = at->key().ToString();
    if (!is_own(key)) found.emplace_back(std::move(key), at->value().ToString());
  }
  if (!at->status().ok()) return fence("scan", at->status());
  return found;
}

// LevelDB forgets a failed append to its log and would acknowledge what comes after it and cannot be read
// back. So after any failure nothing is asked of it again.
error_code LevelDbStore::fence(const char* doing, const Status& status) {
  if (!fenced_.exchange(true))
    logger().error("{}: could not {}: {}", dir_.string(), doing, status.ToString());
  return code_of(status);
}

// The name in CURRENT; empty when there is no CURRENT.
Result<std::string> manifest_name(FileSystem& files, const Path& dir) {
  const Path path = dir / "CURRENT";
  if (!files.exists(path)) return std::string();
  const auto file = files.open(path, FileSystem::Mode::read);
  if (!file) return file.error();
  std::string name(64, '\0');
  const auto size = (*file)->read(std::as_writable_bytes(std::span(name)), 0);
  if (!size) return size.error();
  name.resize(*size);
  if (!name.starts_with("MANIFEST-") || !name.ends_with('\n')) return make_error_code(Errc::corrupt);
  name.pop_back();
  return name;
}

constexpr std::string_view first_manifest = "MANIFEST-000001";

// "000012.log", "MANIFEST-000011"; 0: of none.
std::uint64_t number_of(const std::string& name) {
  const std::size_t digits = name.find_first_of("0123456789");
  return digits == name.npos ? 0 : std::strtoull(name.c_str() + digits, nullptr, 10);
}

error_code cut_torn(FileSystem& files, const Path& log) {
  const auto cut = cut_torn_tail(files, log);
  if (!cut) {
    logger().error("{}: {}", log.string(), cut.error().message());
    return cut.error();
  }
  if (*cut > 0)
    logger().warn("{}: dropped {} bytes of a change that was never acknowledged", log.string(), *cut);
  return {};
}

// Only the newest log and the manifest can be torn: an older log was synced before the newest was begun.
error_code mend(FileSystem& files, const Path& dir) {
  const auto names = files.list(dir);
  if (!names) return names.error();
  const auto manifest = manifest_name(files, dir);
  if (!manifest) return manifest.error();

  std::string newest;  // numbers have six digits, and more after a million files
  bool tables = false;
  for (const std::string& name : *names) {
    tables |= name.ends_with(".ldb");
    if (!name.ends_with(".log")) continue;
    if (name.size() > newest.size() || (name.size() == newest.size() && name > newest)) newest = name;
  }
  // LevelDB would begin anew, and remove what is there.
  if (manifest->empty()) return tables || !newest.empty() ? make_error_code(Errc::corrupt) : error_code();

  if (!files.exists(dir / *manifest)) return Errc::corrupt;
  // When LevelDB opens a store it makes a manifest, and then the log: without one acknowledged changes are
  // gone. Of the manifest of a new store there is none yet.
  if (number_of(newest) < number_of(*manifest) && *manifest != first_manifest) {
    logger().error("{}: the newest log is missing", dir.string());
    return Errc::corrupt;
  }
  if (const error_code failed = cut_torn(files, dir / *manifest)) return failed;
  return newest.empty() ? error_code() : cut_torn(files, dir / newest);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(FileSystem& files, const Path& dir) {
  if (!files.exists(dir)) {
    if (const error_code failed = files.make_dir(dir)) return failed;
    if (const error_code failed = files.sync_dir(dir.parent_path())) return failed;
  }
  if (const error_code failed = mend(files, dir)) return failed;
  auto store = std::make_unique<LevelDbStore>(files, dir);
  if (const error_code failed = store->open()) return failed;
  return store;
}

error_code for_each_row(Store& store, std::string_view prefix,
                        const std::function<error_code(std::string_view, std::string_view)>& visit) {
  for (std::string from;;) {
    const auto rows = store.scan(prefix, from, rows_at_once);
    if (!rows) return rows.error();
    for (const auto& [key, value] : *rows)
      if (const error_code error = visit(std::string_view(key).substr(prefix.size()), value)) return error;
    if (rows->size() < rows_at_once) return {};
    from = rows->back().first + '\0';
  }
}

error_code copy_rows(Store& store, std::string_view prefix, std::map<std::string, std::string>& to) {
  return for_each_row(store, prefix, [&](auto key, auto value) -> error_code {
    to[std::string(prefix).append(key)] = value;
    return {};
  });
}

}  // namespace mq::storage
