// SPDX-License-Identifier: Apache-2.0
// A file system that a test can cut the power of. Real files under one directory are what programs see (the
// page cache); beside them it remembers what a disk would hold: what was synced, and names whose directory
// was synced.
//
//   PowerCut files(temp.path());
//   files.cut_at(n);                   // the n-th change from now happens in the cache only, then the power
//   is gone
//   ... use it until calls fail ...    // drop every object that has files open here
//   files.reboot(PowerCut::Loss::random, seed);
//   ... open again and look ...
//
// Any thread. Whatever uses it must be gone before reboot(); an old File that is not fails for ever.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "storage/file.h"

namespace mq::test {

using storage::error_code;
using storage::Path;
using storage::Result;

class PowerCut final : public storage::FileSystem {
 public:
  enum class Call {
    open,
    create,
    write,
    write_out,
    read,
    sync,
    allocate,
    resize,
    remove,
    rename,
    make_dir,
    sync_dir,
    free_bytes
  };
  enum class Loss {
    all,     // everything that was not synced
    random,  // of every file any sectors of what was not synced and any size between, of every directory a
             // prefix of what happened in it
    none,    // as after kill -9
  };

  // The nth call of this kind from now, of those whose path contains `path_part`, fails with `error`. A
  // failed sync or write_out loses what was not synced and the next one says yes, as Linux does. A failed
  // write writes the first half.
  struct Fault {
    Call call = Call::write;
    std::uint64_t nth = 1;
    int error = 5;  // EIO
    std::string path_part = {};
    bool for_good = false;  // and every such call after it
  };

  explicit PowerCut(const Path& root);  // what lies there already is durable
  ~PowerCut() override;

  void cut();  // now: every call fails with EIO until reboot()
  void cut_at(
      std::uint64_t nth_change);  // at the nth change from now: that one may or may not reach the disk
  bool is_cut() const;
  void reboot(Loss loss = Loss::all, std::uint64_t seed = 0);

  void inject(Fault fault);
  void heal();  // forget the faults
  void set_free_bytes(std::optional<std::uint64_t> bytes);
  void adopt();  // what lies there now is durable: after a test has damaged files

  std::uint64_t changes() const;         // calls so far that change or sync something, failed ones too
  std::uint64_t calls(Call call) const;  // of one kind, so far
  // Called before each call, on its thread, outside of any lock: a test may block in it. Set it while nobody
  // calls.
  void watch(std::function<void(Call, const Path&)> watcher);

  Result<std::shared_ptr<storage::File>> open(const Path& path, Mode mode) override;
  error_code remove(const Path& path) override;
  error_code rename(const Path& from, const Path& to) override;
  error_code make_dir(const Path& path) override;
  error_code sync_dir(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& dir) override;
  bool exists(const Path& path) override;
  Result<std::uint64_t> size(const Path& path) override;
  Result<std::uint64_t> free_bytes(const Path& dir) override;

 private:
  class CutFile;
  struct Inode;    // a file's durable bytes, and what of it is dirty
  struct Disk;     // names, durable and not yet
  struct Verdict;  // what becomes of one call

  Verdict judge(Call call, const Path& path);

  const Path root_;
  mutable std::mutex mutex_;
  std::unique_ptr<Disk> disk_;
  std::vector<Fault> faults_;
  std::map<Call, std::uint64_t> calls_;
  std::uint64_t changes_ = 0;
  std::optional<std::uint64_t> cut_at_;
  std::atomic<bool> is_cut_ = false;
  std::uint64_t boot_ = 0;
  std::optional<std::uint64_t> free_bytes_;
  std::function<void(Call, const Path&)> watcher_;
};

}  // namespace mq::test
