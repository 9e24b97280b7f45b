// SPDX-License-Identifier: Apache-2.0
#include "storage/lock.h"

#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "storage/error.h"

namespace mq::storage {
namespace {

constexpr std::size_t text_bytes_max = 512;

error_code lock(const File& file, int how) {
  if (::flock(file.descriptor(), how | LOCK_NB) == 0) return {};
  return errno == EWOULDBLOCK ? make_error_code(Errc::in_use)
                              : error_code(errno, boost::system::system_category());
}

}  // namespace

Result<std::unique_ptr<Lock>> Lock::look(FileSystem& files, const Path& dir) {
  std::shared_ptr<File> file;
  if (files.exists(dir / "LOCK")) {
    auto opened = files.open(dir / "LOCK", FileSystem::Mode::read);
    if (!opened) return opened.error();
    if (const error_code failed = lock(**opened, LOCK_SH)) return failed;
    file = std::move(*opened);
  }
  return std::unique_ptr<Lock>(new Lock(std::move(file)));
}

Result<std::unique_ptr<Lock>> Lock::take(FileSystem& files, const Path& dir, std::string_view owner) {
  const Path path = dir / "LOCK";
  // Not emptied before it is ours: the line in it is somebody else's.
  const auto mode = files.exists(path) ? FileSystem::Mode::write : FileSystem::Mode::create;
  auto file = files.open(path, mode);
  if (!file) return file.error();
  if (const error_code failed = lock(**file, LOCK_EX)) return failed;

  std::string text = "pid " + std::to_string(::getpid()) + ", " + std::string(owner);
  text.resize(std::min(text.size(), text_bytes_max - 1));
  text += '\n';
  const iovec piece{text.data(), text.size()};
  if (const error_code failed = (*file)->resize(0)) return failed;
  if (const error_code failed = (*file)->write({&piece, 1}, 0)) return failed;
  return std::unique_ptr<Lock>(new Lock(std::move(*file)));
}

std::string lock_holder(FileSystem& files, const Path& dir) {
  const auto file = files.open(dir / "LOCK", FileSystem::Mode::read);
  if (!file) return {};
  std::string text(text_bytes_max, '\0');
  const auto size = (*file)->read(std::as_writable_bytes(std::span(text)), 0);
  if (!size) return {};
  text.resize(*size);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace mq::storage
