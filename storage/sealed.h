// SPDX-License-Identifier: Apache-2.0
// A full segment: a LevelDB table of its batches, small ones in the table itself, large ones as their place
// in the .log. Any thread; reads the disk, so not on the loop.
#pragma once

#include <leveldb/env.h>
#include <leveldb/table.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <unordered_map>

#include "storage/active.h"
#include "storage/keys.h"

namespace mq::storage {

constexpr std::size_t inline_bytes_max = 4096;  // batches up to here lie in the table

class Sealed {
 public:
  struct Entry {
    Offset first = 0, last = 0;
    std::int64_t time_max = -1;
    std::size_t size = 0;  // 0: a range that was lost
    Bytes batch;           // in the table, valid during the visit; empty: in the file
    std::uint32_t position = 0;

    bool lost() const { return size == 0; }
  };
  using Visit = std::function<bool(const Entry&)>;  // false: enough

  static Result<std::shared_ptr<const Sealed>> open(leveldb::Env& env, const Path& dir, std::uint32_t number,
                                                    std::shared_ptr<const SegmentFile> file);

  // The partition's batches whose last offset is at or after `from`, in order.
  error_code visit(PartitionNumber partition, Offset from, const Visit& visit) const;
  // Every entry, with its key.
  error_code visit_all(
      const std::function<bool(PartitionNumber, Offset last, std::string_view value)>& visit) const;
  Result<std::string> summary() const;  // what was put behind all entries
  static std::optional<Entry> entry_of(Offset last, std::string_view value);  // nothing: it is none

  const std::shared_ptr<const SegmentFile>& file() const {
    return file_;
  }  // null: all batches are in the table

 private:
  error_code failure(const leveldb::Status& status) const;

  Path path_;
  mutable std::atomic<bool> failed_ = false;
  std::unique_ptr<leveldb::RandomAccessFile> source_;
  std::unique_ptr<leveldb::Table> table_;
  std::shared_ptr<const SegmentFile> file_;
};

// Those that were used last stay open.
class SealedSegments {
 public:
  SealedSegments(FileSystem& file_system, const SegmentFiles& files, const Catalogue& catalogue);
  ~SealedSegments();
  // `corrupt` when there is no table, and none can be made.
  Result<std::shared_ptr<const Sealed>> find(std::uint32_t number);
  // A fresh one, as it lies there. Without its .log, if that is gone: what lies in the table can be read.
  Result<std::shared_ptr<const Sealed>> open(std::uint32_t number, const SegmentRow& row) const;
  // What could not be read of `seen` (null: all of it): true when there is another table to try. It is made
  // anew once; what is lost is said once.
  bool restore(std::uint32_t number, const Sealed* seen);
  void forget(std::uint32_t number);
  std::optional<SegmentRow> row(std::uint32_t number) const { return catalogue_.segment(number); }
  leveldb::Env& env() { return *env_; }

 private:
  static constexpr std::size_t open_max = 64;
  using Recent = std::list<std::pair<std::uint32_t, std::shared_ptr<const Sealed>>>;

  std::shared_ptr<const Sealed> recent(std::uint32_t number);
  bool is_unreadable(std::uint32_t number);
  void keep(std::uint32_t number, std::shared_ptr<const Sealed> sealed);

  const std::unique_ptr<leveldb::Env> env_;
  const SegmentFiles& files_;
  const Catalogue& catalogue_;
  std::mutex restoring_;           // held for as long as it takes; before mutex_
  std::set<std::uint32_t> tried_;  // to restore; guarded by restoring_
  std::mutex mutex_;
  std::set<std::uint32_t> unreadable_;  // and said to be; guarded by mutex_
  Recent recent_;                       // newest first; guarded by mutex_, as is
  std::unordered_map<std::uint32_t, Recent::iterator> by_number_;
};

}  // namespace mq::storage
