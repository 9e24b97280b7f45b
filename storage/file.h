// SPDX-License-Identifier: Apache-2.0
// The few system calls that storage uses, behind an interface, so that tests can cut the power and fail any
// call. Any thread. Errors are errno values in system_category().
#pragma once

#include <sys/uio.h>

#include <filesystem>
#include <string>
#include <utility>

#include "storage/types.h"

namespace mq::storage {

using Path = std::filesystem::path;

// An open file. Closed when the last owner lets go.
class File {
 public:
  virtual ~File() = default;

  virtual error_code write(std::span<const iovec> pieces, std::uint64_t at) = 0;  // all of it, or an error
  virtual Result<std::size_t> read(std::span<std::byte> into,
                                   std::uint64_t at) = 0;  // short only at the end of file
  // As read, but only what is in the page cache: `operation_would_block` when part of it is not (RWF_NOWAIT).
  virtual Result<std::size_t> read_cached(std::span<std::byte> into, std::uint64_t at) = 0;
  virtual error_code sync() = 0;  // fdatasync
  // Waits until the disk has this range, which promises nothing: sync() has to follow, but finds little to
  // do, and nobody else's sync waits behind it. An error is told once, here or there: what was written is
  // lost then.
  virtual error_code write_out(std::uint64_t from, std::uint64_t size) = 0;
  virtual error_code allocate(std::uint64_t size) = 0;  // fallocate from 0; zeros where it is not supported
  virtual error_code resize(std::uint64_t size) = 0;    // ftruncate
  virtual Result<std::uint64_t> size() const = 0;
  virtual int descriptor() const = 0;  // for sendfile and readahead
};

// Writes a file that grows in the background out in small parts: one large sync at its end would hold up
// everyone else's by as much as it has to write.
class Trickle {
 public:
  static constexpr std::uint64_t part_bytes = 512u << 10;

  error_code wrote(File& file, std::uint64_t end) {  // up to here, all of it
    if (end - out_ < part_bytes) return {};
    const std::uint64_t from = std::exchange(out_, end);
    return file.write_out(from, end - from);
  }

 private:
  std::uint64_t out_ = 0;
};

class FileSystem {
 public:
  enum class Mode { read, write, create };  // write: read-write, exists; create: read-write, new or emptied

  virtual ~FileSystem() = default;

  virtual Result<std::shared_ptr<File>> open(const Path& path, Mode mode) = 0;
  virtual error_code remove(const Path& path) = 0;
  virtual error_code rename(const Path& from, const Path& to) = 0;
  virtual error_code make_dir(const Path& path) = 0;  // no error when it exists
  virtual error_code sync_dir(const Path& path) = 0;
  virtual Result<std::vector<std::string>> list(const Path& dir) = 0;
  virtual bool exists(const Path& path) = 0;
  virtual Result<std::uint64_t> size(const Path& path) = 0;
  virtual Result<std::uint64_t> free_bytes(const Path& dir) = 0;  // for an unprivileged writer (statvfs)
};

FileSystem& real_files();  // the operating system's

}  // namespace mq::storage
