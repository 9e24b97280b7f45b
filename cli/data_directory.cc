// SPDX-License-Identifier: Apache-2.0
#include "cli/data_directory.h"

#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace mq::cli {

namespace fs = std::filesystem;

namespace {

constexpr unsigned tmpfs_magic = 0x01021994, ramfs_magic = 0x858458f6;  // have no size when none was set

}  // namespace

DataDirectory look_at_data(const fs::path& path) {
  DataDirectory data;
  data.path = path;
  std::error_code ignored;
  fs::path whole = fs::absolute(path, ignored).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // a/b/ is a/b
  data.nearest = whole;
  while (!fs::exists(data.nearest, ignored) && data.nearest != data.nearest.parent_path())
    data.nearest = data.nearest.parent_path();
  data.exists = data.nearest == whole;
  const std::string there = data.exists ? "" : " cannot be created: " + data.nearest.string();
  if (!fs::is_directory(data.nearest, ignored)) {
    data.unfit = there + " is not a directory";
    return data;
  }
  data.writable = ::access(data.nearest.c_str(), W_OK | X_OK) == 0;
  struct statfs system {};
  struct statvfs space {};
  if (::statfs(data.nearest.c_str(), &system) != 0 || ::statvfs(data.nearest.c_str(), &space) != 0) {
    data.unfit = there + " cannot be looked at";
    return data;
  }
  data.file_system = static_cast<unsigned>(system.f_type);
  data.free_bytes = space.f_bavail * space.f_frsize;
  data.all_bytes = space.f_blocks * space.f_frsize;
  const bool keeps_files =
      data.all_bytes > 0 || data.file_system == tmpfs_magic || data.file_system == ramfs_magic;
  if (!keeps_files) data.unfit = there + " lies on a file system that keeps no files";
  return data;
}

}  // namespace mq::cli
