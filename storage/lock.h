// SPDX-License-Identifier: Apache-2.0
// One process per data directory: an flock on the file LOCK, with a line in it that says who has it. The
// kernel lets go when the process dies, however it dies. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "storage/file.h"

namespace mq::storage {

class Lock {
 public:
  // `in_use` when somebody has it. `dir` must exist. `owner` is what others are told, e.g. the command line.
  static Result<std::unique_ptr<Lock>> take(FileSystem& files, const Path& dir, std::string_view owner);
  // For who only reads, and may not write there: others may look, too. Without LOCK nobody has it.
  static Result<std::unique_ptr<Lock>> look(FileSystem& files, const Path& dir);

 private:
  explicit Lock(std::shared_ptr<File> file) : file_(std::move(file)) {}

  std::shared_ptr<File> file_;  // closing it gives the lock back
};

// "pid 1234, mq serve --data /var/lib/mq": what the last owner wrote; empty when there was none.
std::string lock_holder(FileSystem& files, const Path& dir);

}  // namespace mq::storage
