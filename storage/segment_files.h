// SPDX-License-Identifier: Apache-2.0
// The files that the writer writes to, made ready one ahead on a thread of its own: rolling finds its file
// waiting, and a full disk is noticed before it is full. A file is on the disk, by name and by its row in the
// manifest, before it is handed out.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "storage/catalogue.h"
#include "storage/file.h"

namespace mq::storage {

// An open segment. Immutable; readers share it, and an unlinked file keeps its bytes until the last one lets
// go.
struct SegmentFile {
  std::uint32_t number = 0, seed = 0;
  std::uint64_t size = 0;  // preallocated
  std::shared_ptr<File> file;
  int descriptor = -1;

  // For a Piece.
  static std::shared_ptr<const int> shared_descriptor(const std::shared_ptr<const SegmentFile>& segment) {
    return {segment, &segment->descriptor};
  }
};

// "0000000042.log", "0000000042.ldb"
Path segment_path(const Path& dir, std::uint32_t number, const char* ending);

class SegmentFiles {
 public:
  struct Sizes {
    std::uint64_t min = 8u << 20, max = 128u << 20;  // the first ones double from min to max
    std::uint64_t reserve = 0;                       // of the disk: a file takes less rather than touch it
  };

  SegmentFiles(FileSystem& files, Path dir, Catalogue& catalogue, Sizes sizes);
  ~SegmentFiles();

  void keep(std::shared_ptr<SegmentFile> ready);  // found empty at start
  void prepare();  // begins to make the next one, unless there is one. Any thread.

  // The next file, made now if it has to be. Waits while more than two full segments are unsealed. Writer
  // thread.
  Result<std::shared_ptr<SegmentFile>> take();

  void filled();              // a full segment waits to be sealed. Any thread.
  void unfilled();            // it does not any more
  void stuck(bool is_stuck);  // sealing fails for now: take() answers `full` rather than wait for it
  void stop();                // take() answers `stopped`

  // An existing one.
  Result<std::shared_ptr<SegmentFile>> open(std::uint32_t number, std::uint32_t seed,
                                            FileSystem::Mode mode) const;
  Path path(std::uint32_t number) const;
  Path table_path(std::uint32_t number) const;
  std::uint64_t free_bytes() const;
  std::uint64_t bytes_max() const { return sizes_.max; }  // of a segment
  std::uint64_t size_of(std::uint32_t number) const;      // when there is room

  FileSystem& files;
  const Path dir;

 private:
  Result<std::shared_ptr<SegmentFile>> make();
  std::uint64_t size_now(std::uint32_t number) const;

  static constexpr std::size_t unsealed_max = 2;

  Catalogue& catalogue_;
  const Sizes sizes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Result<std::shared_ptr<SegmentFile>>> next_;  // guarded by mutex_, as all below
  bool preparing_ = false, stuck_ = false, stopped_ = false;
  std::size_t unsealed_ = 0;
  asio::thread_pool thread_{1};  // last: ends before the rest
};

}  // namespace mq::storage
