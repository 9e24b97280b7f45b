// SPDX-License-Identifier: Apache-2.0
// A directory of a test's own, gone with everything in it at the end.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace mq::test {

class TempDir {
 public:
  // Where files cost no disk: for tests that make thousands of them and sync none for real.
  static std::filesystem::path in_memory() {
    const char* const shm = "/dev/shm";
    return ::access(shm, W_OK) == 0 ? shm : std::filesystem::temp_directory_path();
  }

  // Under $TMPDIR, or /tmp. A test that needs another file system names a directory on it.
  explicit TempDir(std::filesystem::path under = std::filesystem::temp_directory_path()) {
    std::string name = (under / "mq-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("No temporary directory in " + under.string());
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace mq::test
